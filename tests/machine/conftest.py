"""One machine for the session: its clone is set up once; a test that breaks something uses its own data folder."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.machine import Machine, Recorder, foreign_variables

SYSTEM_PYTHON = "/usr/bin/python3"  # that a normal user may run; root's own may lie in a folder that only root enters


@pytest.fixture(scope="session")
def recorder() -> Iterator[Recorder]:
    found = Recorder()
    yield found
    found.close()


@pytest.fixture(scope="session")
def machine(recorder) -> Iterator[Machine]:
    """The machine with a clone that `make setup` has prepared; its variables are clean."""
    home = Path(tempfile.mkdtemp(prefix="mailblaze-machine-"))
    home.chmod(0o755)
    machine = Machine(home, recorder)
    machine.make_clone()
    done = machine.run("make", "setup", f"PYTHON={SYSTEM_PYTHON}")
    assert done.returncode == 0, done.stdout + done.stderr
    yield machine
    machine.run("make", "down")
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def hostile(machine) -> dict[str, str]:
    """Foreign variables that no command of ours may follow, to be given to `machine.run(..., **hostile)`."""
    profiles = machine.home / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(exist_ok=True)
    url = f"http://127.0.0.1:{machine.recorder.port}/api"
    profiles.write_text(f'active = "foreign"\n[profiles.foreign]\nPREFECT_API_URL = "{url}"\n')
    machine.own(profiles.parent)
    return foreign_variables(machine.recorder.port, machine.home)


@pytest.fixture(scope="module")
def data(machine, request) -> Iterator[Path]:
    """A data folder with running services, for one file of tests."""
    folder = machine.home / request.module.__name__.rpartition(".")[2]
    done = machine.run("make", "up", MAILBLAZE_DATA_DIR=str(folder), timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    yield folder
    machine.run("make", "down", MAILBLAZE_DATA_DIR=str(folder))
