"""Every command in a clone whose path contains what shells, URLs, patterns and formats interpret."""

import json
import stat
from pathlib import Path

import pytest

ODD = '-data é #1 100% [x] it\'s "q" $HOME & ; \\n *{y}?'


@pytest.fixture(scope="module")
def loaded(machine) -> Path:
    """The clone's data folder after the first run."""
    done = machine.run("make", "run", timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return machine.clone / ".data"


def ends_well(done) -> str:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    return done.stdout


def test_each_command_works_in_an_odd_folder(machine, loaded):
    """One test, since each command takes what the one before has left."""
    assert "Done in" in ends_well(machine.run("make", "traffic", "run"))
    ends_well(machine.run("make", "status"))
    assert ", 0 ✗," in ends_well(machine.run("make", "doctor"))
    assert "loads" in ends_well(machine.python("pipelines/replay.py", "--check"))
    ends_well(machine.run("make", "docs", timeout=300))
    assert (machine.clone / "dbt/target/static_index.html").exists()
    info = machine.run(str(machine.clone / ".venv/bin/dlt"), "pipeline", "postgres", "info")
    assert "default_schema_name: postgres" in ends_well(info)
    page = loaded / "of mine [1].html"
    ends_well(machine.run("make", "dashboard-html", f"FILE={page}", timeout=600))
    assert page.exists()


def test_raw_is_made_again_from_the_lake_of_an_odd_folder(machine, loaded):
    warehouse = loaded / "dp_mailblaze_demo_local_db.duckdb"
    kept = warehouse.with_suffix(".kept")
    warehouse.rename(kept)
    try:
        ends_well(machine.python("pipelines/replay.py"))
    finally:
        kept.replace(warehouse)


@pytest.mark.parametrize("name", ["", ODD, ODD + "/", "~/home of data/", "plain/../odd ü"])
def test_every_part_takes_the_data_folder_for_the_same(machine, loaded, name):
    """Services, loads and dbt's profile: a load and a look by dbt find what `make up` has written."""
    variables = {"MAILBLAZE_DATA_DIR": name, "MAILBLAZE_ENV": ""}
    python = str(machine.clone / ".venv/bin/python")
    if name:
        ends_well(machine.run(python, "-m", "mock_services", "up", "--only", "postgres,saas", **variables))
    try:
        assert "postgres" in ends_well(machine.run(python, "pipelines/postgres.py", **variables))
        done = machine.run(python, "pipelines/doctor.py", **variables)
        refused = [line for line in done.stdout.splitlines() if line.startswith("✗") and "prefect" not in line]
        assert not refused, done.stdout
    finally:
        if name:
            ends_well(machine.run(python, "-m", "mock_services", "down", **variables))
    expected = {"": loaded, "~/home of data/": machine.home / "home of data"}.get(name, machine.clone / name)
    assert list(expected.glob("*.duckdb")), list(machine.clone.iterdir())
    assert not (machine.clone / "~").exists()
    assert not [path for path in machine.home.rglob("*%20*") if path.name != machine.clone.parent.name]


def test_what_holds_people_is_readable_by_its_owner_only(machine, loaded):
    """Also what an earlier version has left readable by all."""
    for path in (loaded, loaded / "dp_mailblaze_demo_local_db.duckdb", loaded / "lake"):
        path.chmod(path.stat().st_mode | 0o055)
    opened = machine.run("/bin/sh", "-c", "umask 000; make traffic && .venv/bin/python flows/elt.py", timeout=300)
    ends_well(opened)
    assert stat.S_IMODE(loaded.stat().st_mode) & 0o077 == 0
    open_entries = [entry for entry in loaded.iterdir() if stat.S_IMODE(entry.stat().st_mode) & 0o077]
    assert not open_entries
    made_now = [path for path in loaded.rglob("*") if "lake" in path.parts or path.name == "trace.pickle"]
    assert made_now
    assert not [path for path in made_now if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert json.loads((loaded / "services.json").read_text())["postgres_url"]
