"""`make up`, `make traffic` and `make down`: what starts, stays one, lives a day, and leaves nothing."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from mock_services.system.processes import ProcessRecord, process_identity

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
WITHOUT_ITS_FOLDER = """
import shutil, sys
from mock_services.postgres.server import EmbeddedPostgres
with EmbeddedPostgres(sys.argv[1], ephemeral=True) as server:
    print(server.record.pid(), flush=True)
    shutil.rmtree(sys.argv[1])
"""
QUICK = ("--only", "postgres,saas")  # Prefect's server has its test in tests/flows


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("services")

    def call(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "mock_services", *arguments, "--data-dir", str(data_dir)],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    assert call("up", *QUICK).returncode == 0
    yield call, data_dir
    call("clean")


def pids(data_dir: Path) -> dict[str, int | None]:
    return {name: ProcessRecord(data_dir / name / "process.json").pid() for name in ("postgres", "saas")}


def test_up_again_starts_nothing_and_seeds_nothing(services):
    call, data_dir = services
    before = pids(data_dir)
    again = call("up", *QUICK)
    assert again.returncode == 0
    assert "seeded" not in again.stdout
    assert pids(data_dir) == before


def test_a_killed_service_is_started_again_with_its_rows(services):
    call, data_dir = services
    subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(pids(data_dir)["postgres"])], check=True)
    assert call("up", *QUICK).returncode == 0
    url = json.loads((data_dir / "services.json").read_text())["postgres_url"]
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from contacts")
        assert cursor.fetchone() == (50_000,)
    connection.close()


def test_a_day_is_lived_once(services):
    call, _ = services
    assert "deleted" in call("traffic").stdout
    assert "nothing changed" in call("traffic", "--day", "1").stdout
    beyond = call("traffic", "--day", "9")
    assert beyond.returncode == 1
    assert len(beyond.stderr.strip().splitlines()) == 1


def test_services_json_is_for_its_owner_only_and_its_secrets_are_visibly_mock(services):
    _, data_dir = services
    assert (data_dir / "services.json").stat().st_mode & 0o077 == 0
    found = json.loads((data_dir / "services.json").read_text())
    assert found["saas_token"].startswith("mock-")
    assert ":mock-" in found["postgres_url"]


def test_down_leaves_no_process(services):
    call, data_dir = services
    before = [pid for pid in pids(data_dir).values() if pid]
    assert before
    assert call("down").returncode == 0
    assert [process_identity(pid) for pid in before] == [None] * len(before)
    assert not (data_dir / "services.json").exists()


def test_an_ephemeral_server_ends_though_somebody_removed_its_folder(tmp_path):
    command = [sys.executable, "-c", WITHOUT_ITS_FOLDER, str(tmp_path / "postgres")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    pid, deadline = int(done.stdout), time.monotonic() + 15
    while process_identity(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process_identity(pid) is None
