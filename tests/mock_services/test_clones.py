"""Whose services are these: copied and moved data folders, ports that another program takes, a new database."""

import http.server
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import httpx
import psycopg2
import pytest

from mock_services import commands
from mock_services.postgres import server as postgres_server
from mock_services.service_manager import ServiceManager
from mock_services.system.ports import free_port, is_held_by
from mock_services.system.processes import folder_identity, is_same_folder

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def start(data_dir: Path, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "mock_services", *arguments, "--data-dir", str(data_dir)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(data_dir: Path, *arguments: str) -> str:
    process = start(data_dir, *arguments)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def addresses(data_dir: Path) -> dict:
    return json.loads((data_dir / "services.json").read_text())


def answers(data_dir: Path) -> bool:
    """Tell whether both services answer with this folder's password and token."""
    found = addresses(data_dir)
    with closing(psycopg2.connect(found["postgres_url"])) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from accounts")
        has_rows = cursor.fetchone()[0] > 0
    token = {"Authorization": f"Bearer {found['saas_token']}"}
    return has_rows and httpx.get(f"{found['saas_url']}/v1/campaigns", headers=token, timeout=30).status_code == 200


@pytest.fixture
def folders(tmp_path):
    """Names of data folders, whose services are stopped at the end."""
    yield tmp_path
    for folder in tmp_path.iterdir():
        if folder.is_dir():
            run(folder, "down")


ONLY = ("--only", "postgres,saas")


def test_two_clones_that_start_in_the_same_second_have_their_own_services(folders):
    both = [folders / "one", folders / "two"]
    for process in [start(folder, "up", *ONLY) for folder in both]:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
    for name in ("postgres_url", "saas_url", "saas_token"):
        assert addresses(both[0])[name] != addresses(both[1])[name]
    assert all(answers(folder) for folder in both)
    said = run(both[0], "down", "--only", "saas")
    assert said == "stopped saas\n"
    assert addresses(both[0])["saas_url"] is None
    assert addresses(both[0])["postgres_url"]


def test_a_copied_folder_is_not_its_original(folders):
    original, copy = folders / "original", folders / "copy"
    run(original, "up", *ONLY)
    subprocess.run(["cp", "-r", original, copy], check=True)
    assert run(copy, "down") == "nothing runs\n"
    assert answers(original)
    run(copy, "up", *ONLY)
    assert answers(copy)
    assert answers(original)
    assert addresses(copy)["postgres_url"].rpartition(":")[2] != addresses(original)["postgres_url"].rpartition(":")[2]
    run(copy, "traffic")
    with closing(psycopg2.connect(addresses(original)["postgres_url"])) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from accounts where account_id > 300")
        assert cursor.fetchone() == (0,)


def test_a_moved_folder_is_still_its_services(folders):
    before, after = folders / "before", folders / "after"
    run(before, "up", *ONLY)
    before.rename(after)
    assert run(after, "down") == "stopped saas, postgres\n"
    run(after, "up", *ONLY)
    assert answers(after)


def test_a_new_database_under_an_old_folder_is_named(folders):
    folder = folders / "data"
    assert "new database" not in run(folder, "up", "--only", "postgres")
    (folder / "lake" / "postgres" / "RAW").mkdir(parents=True)
    (folder / "lake" / "postgres" / "RAW" / "1.parquet").touch()
    assert "new database" not in run(folder, "up", "--only", "postgres")
    run(folder, "down")
    ServiceManager(folder).postgres.destroy()
    said = run(folder, "up", "--only", "postgres")
    assert "is a new database" in said
    assert "make clean run" in said


@pytest.mark.parametrize(
    ("name", "text", "is_loaded"),
    [
        ("runs/local/1.json", '{"outcomes": [{"part": "postgres", "result": "failed"}]}', False),
        (
            "runs/ci/1.json",
            '{"outcomes": [{"part": "saas", "result": "failed"}, {"part": "postgres", "result": "ok"}]}',
            True,
        ),
        ("runs/ci/1.json", "[]", False),
        ("lake/postgres/_lease/x.json", "{}", False),
        ("lake/postgres/RAW/postgres_plans/1.parquet", "", True),
        ("lake/saas/RAW/saas_campaigns/1.parquet", "", False),
    ],
)
def test_a_folder_holds_what_was_loaded_once_a_load_has_been(tmp_path, name, text, is_loaded):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text)
    assert commands._was_loaded(tmp_path) is is_loaded


def test_a_port_that_another_program_takes_in_between_is_left_to_it(folders, monkeypatch):
    foreign = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=foreign.serve_forever, daemon=True).start()
    taken = foreign.server_address[1]
    services = ServiceManager(folders / "data")
    services.ports = {"postgres": taken}
    looks = iter([taken])
    monkeypatch.setattr(postgres_server, "free_port", lambda *asked: next(looks, None) or free_port(*asked))
    with services.locked():
        services._started["saas"] = (["mock_services.saas", "--store", str(services.store)], {"MOCK_SAAS_TOKEN": "own"})
        services._run("saas", taken)
        services.postgres.start()
        assert services.wait("saas")
    assert services.records["saas"].port != taken
    assert services.postgres.port != taken
    assert services.is_ready("saas")
    foreign.shutdown()


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Print nothing."""


def test_what_services_keep_is_for_its_owner_only(folders):
    folder = folders / "data"
    folder.mkdir(mode=0o755)
    (folder / "last_run.json").write_text("{}")
    (folder / "last_run.json").chmod(0o644)
    command = f"umask 000; exec {sys.executable} -m mock_services up --only postgres,saas --data-dir {folder}"
    subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, check=True, capture_output=True)
    assert not stat.S_IMODE(folder.stat().st_mode) & 0o066
    readable = [
        path
        for path in folder.rglob("*")
        if stat.S_IMODE(path.stat().st_mode) & (0o077 if path.is_file() else 0o066)
        and "cluster" not in path.relative_to(folder).parts[:-1]
    ]
    assert not readable


def test_a_folder_is_known_after_a_move_and_told_from_a_copy(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    recorded = folder_identity(one)
    assert is_same_folder(one, recorded)
    shutil.copytree(one, other)
    assert not is_same_folder(other, recorded)
    shutil.rmtree(other)
    one.rename(other)
    assert is_same_folder(other, recorded)


def test_a_port_is_held_by_the_process_that_listens():
    with http.server.HTTPServer(("127.0.0.1", 0), Healthy) as server:
        child = subprocess.Popen(["sleep", "60"])
        try:
            assert is_held_by(server.server_address[1], [os.getpid()])
            assert not is_held_by(server.server_address[1], [child.pid])
        finally:
            child.kill()
            child.wait()
