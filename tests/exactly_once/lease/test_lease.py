"""One run at a time, on a folder and on S3: with real processes that are paused, killed and overtaken."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from dlt.common.configuration.specs import AwsCredentials
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config, prepare_fsspec_args

from exactly_once import hints
from exactly_once.cli import exit_with_error
from exactly_once.errors import PipelineError, is_transient
from exactly_once.lease.lease import Lease, LeaseHeld, LeaseLost, lease_url
from exactly_once.lease.owner import this_process
from exactly_once.lease.store import VersionConflict, open_store
from exactly_once.storage.lake_objects import LakeUnreachable
from tests.support.platform import BUCKET, KEYS

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
RUNS = 20
needs_proc = pytest.mark.skipif(this_process().machine is None, reason="without /proc a dead run's lease just expires")


@dataclass
class Lake:
    """A lake as dlt configures it, and the processes that were started on it."""

    config: FilesystemConfiguration
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return lease_url(self.config.bucket_url, "db", "RAW")

    def lease(self, ttl: float = 60.0) -> Lease:
        return Lease(fsspec_from_config(self.config)[0], self.url, ttl)

    def found(self) -> dict:
        return json.loads(self.lease().store.read().body)

    def run(self, **options) -> subprocess.Popen:
        """Start another process, and return it when it is the first to hold the lease."""
        where = {"protocol": self.config.protocol, "arguments": prepare_fsspec_args(self.config), "url": self.url}
        command = [sys.executable, "-m", "tests.support.lease_child", json.dumps(where | options)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        assert process.stdout.readline() == "1\n"
        return process

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def folder(tmp_path) -> Iterator[Lake]:
    lake = Lake(FilesystemConfiguration(f"{tmp_path}/lake/postgres/"))
    yield lake
    lake.end()


@pytest.fixture
def s3(s3_server) -> Iterator[Lake]:
    boto3.client("s3", endpoint_url=s3_server, **KEYS).create_bucket(Bucket=BUCKET)
    keys = AwsCredentials(**KEYS | {"endpoint_url": s3_server})
    lake = Lake(FilesystemConfiguration(f"s3://{BUCKET}/{uuid4().hex}/", keys))
    yield lake
    lake.end()


@pytest.fixture(params=["folder", "s3"])
def lake(request) -> Lake:
    return request.getfixturevalue(request.param)


def until(condition: Callable[[], object]) -> object:
    deadline = time.monotonic() + 20
    while not (met := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return met


def attempt(lease: Lease) -> Lease | None:
    try:
        return lease.__enter__()
    except LeaseHeld:
        return None


@contextmanager
def held_at_last(lake: Lake) -> Iterator[Lease]:
    lease = until(lambda: attempt(lake.lease()))
    try:
        yield lease
    finally:
        lease.__exit__()


def contend(lake: Lake) -> list[int]:
    """Let twenty runs ask at the same time; return the token of each that got the lease before one released it."""
    start, asked = (threading.Barrier(RUNS, timeout=30) for _ in range(2))

    def run(lease: Lease) -> int | None:
        start.wait()
        held = attempt(lease)
        asked.wait()
        return held and (held.__exit__(), held.token)[1]

    with ThreadPoolExecutor(RUNS) as runs:
        return [token for token in runs.map(run, [lake.lease() for _ in range(RUNS)]) if token]


def test_of_twenty_runs_one_wins_and_the_token_only_grows(lake):
    assert contend(lake) == [1], "one creates it"
    assert contend(lake) == [2], "a release keeps the token"


@needs_proc
def test_a_run_that_was_killed_on_this_machine_is_replaced_at_once_by_one(lake):
    killed = lake.run(ttl=60)
    assert attempt(lake.lease()) is None
    killed.kill()
    until(lambda: has_ended(killed.pid))
    assert contend(lake) == [2]


def has_ended(pid: int) -> bool:
    """Return whether the killed process has ended, although it was not reaped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_paused_run_is_overtaken_and_may_not_go_on(lake):
    paused = lake.run(ttl=0.3)
    paused.send_signal(signal.SIGSTOP)
    with held_at_last(lake) as lease:
        assert lease.token == 2
        paused.send_signal(signal.SIGCONT)
        answer, _ = paused.communicate("may I?\n", timeout=20)
        assert answer.startswith("This run lost its lease")
        assert lake.found()["holder"]["run_id"] == lease.owner.run_id, "the loser released what is not its own"
        lease.ensure_held()


def test_renewals_keep_the_lease_and_an_error_releases_it(lake):
    seen = set()
    with suppress(ZeroDivisionError), lake.lease(ttl=0.9) as lease:
        until(lambda: seen.add(lake.found()["renewed_at"]) or len(seen) == 3)
        lease.ensure_held()
        assert attempt(lake.lease()) is None
        raise ZeroDivisionError
    assert lake.found()["is_released"]
    assert lake.found()["token"] == 1


class RepeatsWrites:
    """A store that sends each write twice, as an S3 client does whose first response was lost."""

    def __init__(self, store):
        self.store = store
        self.tolerance = store.tolerance
        self.read = store.read
        self.writes = 0

    def write(self, body: bytes, replaces: str | None) -> str:
        self.writes += 1
        version = self.store.write(body, replaces)
        if self.writes % 2:
            raise VersionConflict
        return version


def test_a_write_that_arrived_though_its_answer_was_lost_is_our_own(folder):
    lease = folder.lease(ttl=3)
    lease.store = RepeatsWrites(lease.store)
    with lease:
        assert lease.token == 1
        until(lambda: lease.store.writes >= 4)
        lease.ensure_held()
    assert folder.found()["is_released"]


def test_a_crash_between_two_writes_leaves_a_lease_that_can_be_taken(folder):
    crashed = folder.run(ttl=0.3, dies_before_replace=True)
    assert crashed.wait(20) == -signal.SIGKILL
    path = folder.lease().store.path
    assert path.with_suffix(".new").exists(), "it died elsewhere"
    path.with_suffix(".new").write_text("{half a")
    with held_at_last(folder) as lease:
        assert lease.token == 2


def test_a_run_that_is_cut_off_stops_by_its_own_clock(folder, capsys):
    with folder.lease(ttl=0.3) as lease:
        path = lease.store.path.parent
        path.rename(path.with_name("away"))
        path.write_text("in the way")
        with pytest.raises(LeaseLost, match=r"not renewed for 0\.3 s .*Not a directory|File exists"):
            until(lease.ensure_held)
    assert "was not released" in capsys.readouterr().err


def test_a_lease_that_is_gone_or_no_lease_stops_the_run(folder):
    with folder.lease(ttl=0.3) as lease:
        lease.store.path.unlink()
        with pytest.raises(LeaseLost, match="the object is gone"):
            until(lease.ensure_held)
    folder.lease().store.write(b"hello", None)
    with pytest.raises(PipelineError, match=r"is no lease .*`python pipelines/lease_repair\.py postgres`"):
        folder.lease().__enter__()
    with pytest.raises(PipelineError, match="needs a lake on S3 or in a local folder"):
        open_store(fsspec_from_config(FilesystemConfiguration("memory://lake"))[0], "memory://lake/x.json")


def test_a_second_run_says_who_holds_the_lease_and_exits_with_75(lake, capsys):
    with lake.lease() as first, pytest.raises(LeaseHeld) as refused:
        lake.lease().__enter__()
    assert not is_transient(refused.value)
    try:
        raise RuntimeError("a step failed") from refused.value
    except RuntimeError as error:
        with pytest.raises(SystemExit) as ended:
            exit_with_error(error)
    assert ended.value.code == 75
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    for part in (first.owner.host, f"pid {first.owner.pid}", "since 20", f"`kill {first.owner.pid}`", lake.url):
        assert part in line


def test_a_held_lease_offers_to_end_its_run_only_where_the_application_does(tmp_path, monkeypatch):
    monkeypatch.setattr(hints, "_hints", hints.Hints())
    lake, url = fsspec_from_config(FilesystemConfiguration(str(tmp_path)))[0], f"{tmp_path}/lease.json"
    with Lease(lake, url, 60), pytest.raises(LeaseHeld, match=": wait until it ends, then run again") as held:
        Lease(lake, url, 60).__enter__()
    assert "kill" not in str(held.value)
    hints.use_hints(hints.Hints(end_run="stop {pid} on {host}"))
    with Lease(lake, url, 60) as first, pytest.raises(LeaseHeld, match=f"ends, or stop {first.owner.pid} on .*, then"):
        Lease(lake, url, 60).__enter__()


def test_a_lake_that_does_not_answer_is_worth_another_try(s3):
    away = AwsCredentials(**KEYS | {"endpoint_url": "http://127.0.0.1:9"})
    impatient = {"config_kwargs": {"retries": {"max_attempts": 0}}}  # of botocore, which would try for ten seconds
    s3.config = FilesystemConfiguration(s3.config.bucket_url, away, kwargs=impatient)
    with pytest.raises(LakeUnreachable, match="does not answer") as refused:
        s3.lease().__enter__()
    assert is_transient(refused.value)


def test_a_client_that_is_paused_in_its_write_blocks_no_other(s3_server):
    """The tests' S3 judges one conditional write at a time: it has the whole body before its turn begins."""
    impatient = Config(read_timeout=5, retries={"total_max_attempts": 1})
    client = boto3.client("s3", endpoint_url=s3_server, config=impatient, **KEYS)
    client.create_bucket(Bucket=BUCKET)
    address, key = urlsplit(s3_server), uuid4().hex
    with socket.create_connection((address.hostname, address.port)) as paused:
        head = (
            f"PUT /{BUCKET}/{key} HTTP/1.1\r\nHost: {address.netloc}\r\nIf-None-Match: *\r\nContent-Length: 10\r\n\r\n"
        )
        paused.sendall(head.encode() + b"half")
        for number in range(3):  # the paused one may reach the server after the first
            client.put_object(Bucket=BUCKET, Key=f"{key}-{number}", Body=b"{}", IfNoneMatch="*")


@needs_proc
def test_only_a_process_of_this_boot_and_namespace_is_called_dead():
    me = this_process()
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert not me.is_known_dead()
    assert replace(me, pid=ended.pid).is_known_dead()
    assert replace(me, started=me.started - 1).is_known_dead(), "its number was given to another process"
    assert not replace(me, pid=ended.pid, machine="another container on a host of the same name").is_known_dead()
    assert not replace(me, pid=ended.pid, machine=None).is_known_dead()
