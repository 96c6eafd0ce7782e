"""Other programs' settings in the shell and the home folder change nothing, and nobody else is contacted."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

COUNTS = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as warehouse:
    tables = "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('RAW', 'MART')"
    names = [name for (name,) in warehouse.execute(tables).fetchall()]
    counts = {name: warehouse.execute(f"select count(*) from {name}").fetchone()[0] for name in names}
    query = "select count(*) from RAW.POSTGRES_CONTACTS where _deleted_at is not null"
    deleted = warehouse.execute(query).fetchone()[0]
print(json.dumps({"counts": counts, "deleted": deleted}))
"""


@pytest.fixture
def folder(machine) -> Iterator[Path]:
    """A data folder of the test's own, with services of its own."""
    place = machine.home / "data-of-settings"
    yield place
    machine.run("make", "down", MAILBLAZE_DATA_DIR=str(place))
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def foreign(machine, hostile, folder) -> dict[str, str]:
    """The hostile shell with the data folder, and dlt's settings of another project in the user's home."""
    home = machine.home / ".dlt"
    home.mkdir(exist_ok=True)
    url = f"http://127.0.0.1:{machine.recorder.port}"
    (home / "secrets.toml").write_text(f'[sources.saas]\nbase_url = "{url}"\napi_key = "foreign"\nsweep = false\n')
    (home / "config.toml").write_text("[load]\nworkers = 0\n")
    machine.own(home)
    more = {"DLT_PROJECT_DIR": str(machine.home), "DLT_DATA_DIR": str(machine.home / "dlt"), "DLT_CONFIG_FOLDER": "x"}
    names = {"PREFECT_API_URL": f"{url}/api", "PREFECT_API_KEY": "foreign", "MAILBLAZE_ENV": ""}
    return hostile | more | names | {"MAILBLAZE_DATA_DIR": str(folder)}


def test_the_whole_chain_in_a_foreign_shell(machine, foreign, folder):
    before = len(machine.recorder.received)
    done = machine.run("make", "run", timeout=1200, **foreign)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (ignored,) = [line for line in done.stderr.splitlines() if line.startswith("ignored: ")]
    assert {"DBT_TARGET", "DBT_ENGINE_TARGET", "DBT_EMPTY", "DBT_PROFILES_DIR"} <= {
        *ignored[9:].split(" (")[0].split(", ")
    }
    assert re.search(r"dbt: \d+ models, 1 seed, ", done.stdout), done.stdout  # DBT_RESOURCE_TYPES leaves nothing out
    services = json.loads((folder / "services.json").read_text())
    done = machine.run("make", "traffic", "run", timeout=1200, **foreign)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    warehouse = folder / "dp_mailblaze_demo_local_db.duckdb"
    found = json.loads(machine.python("-c", COUNTS, str(warehouse)).stdout)
    assert found["counts"]["RAW.postgres_contacts"] > 50_000
    assert found["counts"]["MART.rpt_campaign_performance"] > 50
    assert found["deleted"] > 0, "vanished rows are looked for"
    assert not list(folder.glob("*ci_db*"))
    doctor = machine.run("make", "doctor", **foreign)
    lines = doctor.stdout.splitlines()
    assert (doctor.returncode, [line for line in lines if line.startswith("✗")]) == (0, []), doctor.stdout
    assert f"· PREFECT_API_URL = {services['prefect_api_url']} ({folder}/services.json)" in lines
    assert f"· SOURCES__SAAS__BASE_URL = {services['saas_url']} ({folder}/services.json)" in lines
    (ignored,) = [line for line in lines if line.startswith("· ignored: ")]
    assert {"BASE_URL", "API_KEY", "PGHOSTADDR", "AWS_PROFILE", "ALL_PROXY", "DBT_TARGET"} <= {
        *ignored[11:].split(", ")
    }
    assert "foreign" not in doctor.stdout
    assert machine.recorder.received[before:] == []


def test_another_target_of_dbt_is_refused(machine, folder):
    place = ("--project-dir", "dbt", "--profiles-dir", "dbt")
    dbt = str(machine.clone / ".venv/bin/dbt")
    written = {"DBT_LOG_PATH": str(folder / "logs"), "DBT_TARGET_PATH": str(folder / "target")}
    done = machine.run(dbt, "debug", *place, DBT_TARGET="ci", MAILBLAZE_DATA_DIR=str(folder), **written)
    assert done.returncode == 2, done.stdout
    assert "ci, which MAILBLAZE_ENV does not name: set it, and neither --target nor DBT_TARGET" in done.stdout
    folder.mkdir(exist_ok=True)
    machine.own(folder)
    # The same word for dbt and for Python, empty variables included.
    for variables in ({"MAILBLAZE_ENV": ""}, {"MAILBLAZE_ENV": "ci"}, {"MAILBLAZE_ENV": "local", "DBT_TARGET": ""}):
        shown = variables | written | {"MAILBLAZE_DATA_DIR": str(folder)}
        done = machine.run(dbt, "debug", "--config-dir", *place, **shown)
        assert done.returncode == 0, done.stdout
    asked = "from pipelines.environment import *; print(environment().name, data_dir())"
    word, _, path = machine.python("-c", asked, MAILBLAZE_ENV="", MAILBLAZE_DATA_DIR="").stdout.partition(" ")
    assert (word, Path(path.rstrip("\n")).resolve()) == ("local", machine.clone / ".data")  # through a link
