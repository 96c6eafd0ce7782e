"""A run that lost its lease ends in one line, a damaged lease is repaired, and a lake that fails is named."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from socket import create_connection, create_server, socket
from urllib.parse import urlsplit

import pytest

from exactly_once.destinations.fencing import last_load_attempt
from exactly_once.errors import PipelineError, is_transient, user_message
from exactly_once.lease.lease import Lease, LeaseHeld, LeaseLost
from exactly_once.lease.owner import this_process
from exactly_once.lease.record import LeaseRecord
from exactly_once.runner import acquire_lease
from exactly_once.storage.lake_objects import LakeUnreachable
from pipelines.environment import build_pipeline
from pipelines.lease_repair import main as repair_main
from pipelines.postgres import load
from tests.support.compare import assert_raw_equals_source
from tests.support.platform import BUCKET, KEYS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_tables")]
ROOT = Path(__file__).parents[3]


def test_whatever_fails_in_a_run_that_was_overtaken_is_the_loss_of_its_lease(platform):
    pipeline = build_pipeline("postgres")
    pipeline.activate()
    lost = acquire_lease(pipeline)

    def fail() -> None:
        with lost:
            lost.store.write(another(lost), lost._version)
            raise FileNotFoundError("a file that the other run has removed")

    with pytest.raises(LeaseLost, match="took over") as refused:
        fail()
    assert isinstance(refused.value.__cause__, FileNotFoundError)
    assert user_message(refused.value).count("\n") == 0


def test_an_error_of_a_run_that_holds_its_lease_is_that_error(platform):
    pipeline = build_pipeline("postgres")
    pipeline.activate()
    with pytest.raises(ZeroDivisionError), acquire_lease(pipeline):
        raise ZeroDivisionError


def another(lease: Lease) -> bytes:
    return LeaseRecord.now(lease.token + 1, this_process(), 60.0, "now", is_released=False).text()


WAITS = """
import os, signal, sys
from contextlib import contextmanager
from pipelines import postgres
from pipelines.command import run
from pipelines.loading import load
KEPT = {"accounts", "lists", "contacts"}
postgres.TABLES = tuple(table for table in postgres.TABLES if table.name in KEPT)

@contextmanager
def opened():
    with postgres.opened() as source:
        first = next(iter(source.resources.values()))
        def stop(item, meta=None):
            if not stopped:
                stopped.append(1)
                print("in the middle", flush=True)
                os.kill(os.getpid(), signal.SIGSTOP)
            return item
        stopped = []
        from dlt.extract.items_transform import ItemTransform
        class Stop(ItemTransform):
            placement_affinity = 5
            def __call__(self, item, meta=None):
                return stop(item)
        Stop.__module__ = "exactly_once.test"
        first.add_step(Stop(stop))
        yield source

run("postgres", lambda: load("postgres", opened), ["--quiet"])
"""


def test_a_run_that_is_paused_past_its_lease_exits_with_76_in_one_line(platform):
    """Another run in the same working folder has removed what this one was writing."""
    load()
    platform.source("update contacts set first_name = 'late' where contact_id = 20")
    platform.source("update accounts set account_name = 'late' where account_id = 1")
    paused = subprocess.Popen(
        [sys.executable, "-c", WAITS],
        cwd=ROOT,
        env=os.environ | {"LEASE__TTL": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert paused.stdout.readline() == "in the middle\n", paused.stderr.read()
        deadline = time.monotonic() + 30
        while not overtakes():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        paused.send_signal(signal.SIGCONT)
        _, said = paused.communicate(timeout=60)
    finally:
        paused.kill()
    assert paused.returncode == 76, said
    assert said.count("\n") == 1, said
    assert said.startswith("✗ This run lost its lease"), said
    assert_raw_equals_source(platform)
    platform.source("update contacts set first_name = 'newest' where contact_id = 40")
    load()
    assert_raw_equals_source(platform)


def overtakes() -> bool:
    """Load, and return whether the other run's lease had expired."""
    try:
        load()
    except LeaseHeld:
        return False
    return True


def test_a_damaged_lease_is_repaired_by_the_command_that_its_line_names(platform, monkeypatch, capsys):
    load()
    (key,) = [
        item["Key"] for item in platform.s3().list_objects_v2(Bucket=BUCKET, Prefix="postgres/_lease/")["Contents"]
    ]
    platform.s3().put_object(Bucket=BUCKET, Key=key, Body=b"\0" * 300)
    with pytest.raises(PipelineError, match="is no lease") as refused:
        load()
    command = str(refused.value).split("`")[1].split()
    assert command == ["python", "pipelines/lease_repair.py", "postgres"]
    early = subprocess.run([sys.executable, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert early.returncode == 1
    assert "a run may own it" in early.stderr
    assert early.stderr.count("\n") == 1
    monkeypatch.setenv("LEASE__TTL", "0.01")
    time.sleep(1.2)  # until nobody can hold it any more: S3 counts in whole seconds
    deadline = time.monotonic() + 20
    while (done := subprocess.run([sys.executable, *command[1:]], cwd=ROOT, capture_output=True, text=True)).returncode:
        assert "a run may own it" in done.stderr, done.stderr
        assert time.monotonic() < deadline
    assert "is a lease again" in done.stdout
    monkeypatch.delenv("LEASE__TTL")
    with build_pipeline("postgres").sql_client() as warehouse:
        before = last_load_attempt(warehouse, "postgres").token
    platform.source("update contacts set first_name = 'newest' where contact_id = 20")
    load()
    with build_pipeline("postgres").sql_client() as warehouse:
        assert last_load_attempt(warehouse, "postgres").token > before
    assert_raw_equals_source(platform)
    with pytest.raises(SystemExit):
        repair_main(["postgres"])
    assert "there is nothing to repair" in capsys.readouterr().err


class CutOff:
    """A proxy to S3 that cuts off each response for a path after half of its body."""

    def __init__(self, url: str, path: str) -> None:
        parts = urlsplit(url)
        self._there, self._path = (parts.hostname, parts.port), path.encode()
        self._server = create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.is_on, self.count = False, 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket) -> None:
        with closing(client), closing(create_connection(self._there)) as server:
            request = b""
            while b"\r\n\r\n" not in request:
                if not (part := client.recv(65536)):
                    return
                request += part
            head, _, body = request.partition(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
            length = next(
                (int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0
            )
            is_expecting = any(line.lower().startswith(b"expect:") for line in lines)
            if is_expecting:
                client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            lines = [line for line in lines if not line.lower().startswith(b"expect:")]
            while len(body) < length and (part := client.recv(65536)):
                body += part
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            answer = b""
            while part := server.recv(65536):
                answer += part
            is_cut = self.is_on and self._path in lines[0] and lines[0].startswith(b"GET")
            self.count += is_cut
            start = answer.index(b"\r\n\r\n") + 4
            client.sendall(answer[: start + (len(answer) - start) // 2] if is_cut else answer)


@pytest.mark.parametrize("path", ["/_loads/", "/_lease/"])
def test_an_answer_of_the_lake_that_is_cut_off_is_one_line_and_worth_another_try(platform, path):
    load()
    way = CutOff(platform.s3_url, path)
    try:
        platform.write_services(s3_endpoint_url=way.url, s3_credentials=KEYS)
        shutil.rmtree(platform.data_dir / "dlt")
        way.is_on = True
        with pytest.raises(Exception) as refused:  # noqa: PT011  whatever it is, the line counts
            load()
        line = user_message(refused.value)
        assert way.count, "it was not asked"
        assert line, repr(refused.value)
        assert "lake" in line
        assert "\n" not in line
        assert is_transient(refused.value)
        assert isinstance(refused.value, LakeUnreachable)
        way.is_on = False
        load()
        assert_raw_equals_source(platform)
    finally:
        way.close()
