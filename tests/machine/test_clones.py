"""A clone that is copied or moved after its first run, and two that start in the same second."""

import json
import shutil
import subprocess


def test_a_copied_clone_runs_its_own_code_and_services(machine):
    """`make` sets it up again; the original's services are left alone, and its data go on."""
    assert machine.run("make", "up").returncode == 0
    copy = machine.clone.with_name("a copy")
    subprocess.run(["cp", "-r", machine.clone, copy], check=True)
    machine.own(copy)
    try:
        stopped = machine.run("make", "down", cwd=copy)
        assert "nothing runs" in stopped.stdout
        done = machine.run("make", "up", cwd=copy)
        assert done.returncode == 0, done.stdout + done.stderr
        where = machine.run(
            str(copy / ".venv/bin/python"), "-c", "import pipelines; print(pipelines.__file__)", cwd=machine.home
        )
        assert where.stdout.startswith(str(copy))
        assert machine.run(str(copy / ".venv/bin/dbt"), "--version", cwd=copy).returncode == 0
        found = [json.loads((place / ".data/services.json").read_text()) for place in (machine.clone, copy)]
        for name in ("postgres_url", "saas_url", "prefect_api_url"):
            assert found[0][name] != found[1][name]
        shown = machine.run("make", "-s", "up")
        assert "ready at" in shown.stdout
        moved = copy.with_name("moved")
        copy.rename(moved)
        assert "stopped prefect, saas, postgres" in machine.run("make", "down", cwd=moved).stdout
        assert machine.run("make", "setup", cwd=moved).returncode == 0
        assert machine.run("make", "setup", cwd=moved).stdout == "make: Nothing to be done for 'setup'.\n"
        script = (moved / ".venv/bin/dbt").read_text()
        assert str(machine.home) not in script.splitlines()[1]
    finally:
        for place in (copy, copy.with_name("moved")):
            if place.exists():
                machine.run("make", "down", cwd=place)
                shutil.rmtree(place)


def test_two_folders_that_start_in_the_same_second_have_their_own_servers(machine):
    folders = [machine.home / "first", machine.home / "second"]
    started = [machine.start("make", "up", MAILBLAZE_DATA_DIR=str(folder)) for folder in folders]
    try:
        for process in started:
            said, _ = process.communicate(timeout=300)
            assert process.returncode == 0, said
            assert "ready at -" not in said
        found = [json.loads((folder / "services.json").read_text()) for folder in folders]
        for name in ("postgres_url", "saas_url", "prefect_api_url"):
            assert found[0][name] != found[1][name]
    finally:
        for folder in folders:
            machine.run("make", "down", MAILBLAZE_DATA_DIR=str(folder))


def test_one_folder_that_is_started_twice_at_once_has_one_set_of_servers(machine):
    folder = machine.home / "once"
    started = [machine.start("make", "up", MAILBLAZE_DATA_DIR=str(folder)) for _ in range(2)]
    try:
        said = [process.communicate(timeout=300)[0] for process in started]
        assert [process.returncode for process in started] == [0, 0], said
        ready = [{line for line in text.splitlines() if " ready at " in line} for text in said]
        assert ready[0] == ready[1]
    finally:
        machine.run("make", "down", MAILBLAZE_DATA_DIR=str(folder))
