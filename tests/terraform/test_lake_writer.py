"""The loader under its policy: it loads, recovers and replays, and overwrites only its lease.

The policy is the one that bootstrap applies. Each request of a real load reaches moto's S3 only if the simulator finds
that the policy allows it. The smoke run works under its own policy in the same way, below its own prefixes.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from exactly_once.errors import PipelineError
from exactly_once.lease.store import VersionConflict
from exactly_once.recovery.manifests import ManifestStore
from pipelines import postgres, saas
from pipelines.environment import build_pipeline
from pipelines.replay import main
from tests.replay.test_raw_again import cut_off_then_lose_the_disk, differences, lose_raw, records, written
from tests.snowflake.warehouses import DATABASE
from tests.support.platform import BUCKET, AtomicPuts, Platform
from tests.support.platform import KEYS as OWN
from tests.terraform.identities import identities
from tests.terraform.lake_gate import Gate
from tests.terraform.simulator import Identity
from tools.snowflake_smoke import account_probes
from tools.snowflake_smoke.account_probes import numbers
from tools.snowflake_smoke.smoke import SCRATCH
from tools.snowflake_smoke.smoke_account import SmokeAccount

LOADER = {**OWN, "aws_access_key_id": "loader"}


@pytest.fixture(scope="module")
def gate(bootstrap_state) -> Gate:
    """The policy check in front of this module's S3: the loader's policy and boundary, for this test's bucket."""
    lake = bootstrap_state['module.lake["dev"].aws_s3_bucket.raw']["bucket"]

    def here(name: str) -> dict:
        return json.loads(bootstrap_state[name]["policy"].replace(lake, BUCKET))

    writer, boundary = here('module.lake["dev"].aws_iam_policy.writer'), here('aws_iam_policy.boundary["dev"]')
    assert identities(bootstrap_state)
    return Gate(None, Identity("arn:aws:iam::123456789012:role/dp-mailblaze-demo-dev-loader", (writer,), boundary))


@pytest.fixture(scope="module")
def s3_server(gate) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    gate.application = AtomicPuts(server._server.app)
    server._server.app = gate
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def guarded(platform, gate) -> Platform:
    """A platform whose loads sign as the loader."""
    platform.extra["s3_credentials"] = LOADER
    platform.write_services()
    gate.asked.clear()
    gate.refused.clear()
    return platform


@pytest.fixture
def trial(guarded, gate, environments, bootstrap_state, monkeypatch) -> Platform:
    """A platform whose loads are those of a smoke run: under its role's policy, in schemas and folders of its own."""
    dev = environments["dev"].state
    lake = bootstrap_state['module.lake["dev"].aws_s3_bucket.raw']["bucket"]
    role = identities(dev, bootstrap_state)["dp-mailblaze-demo-dev-smoke"]

    def here(policy: dict) -> dict:
        return json.loads(json.dumps(policy).replace(lake, BUCKET).replace(DATABASE, guarded.warehouse.stem))

    own = Identity(role.arn, tuple(here(policy) for policy in role.policies), here(role.boundary))
    monkeypatch.setattr(gate, "identity", own)
    monkeypatch.setenv("WAREHOUSE__SCRATCH", f"{SCRATCH}0123ABCD_")
    return guarded


def test_it_loads_and_is_refused_nothing(guarded, gate):
    assert saas.load().load_ids
    assert saas.load() is not None  # again: the lease is acquired again, and the next manifest written
    written = [request for request in gate.asked if request.action == "s3:PutObject"]
    assert len(written) > 10
    assert gate.refused == []


@pytest.mark.usefixtures("few_tables")
def test_it_recovers_and_replays_and_is_refused_nothing(guarded, gate):
    """A load is interrupted and its disk lost, the next one finishes it, and RAW is replayed from the lake alone."""
    postgres.load()
    cut_off_then_lose_the_disk(guarded)
    recovered = postgres.load()
    assert recovered.load_ids
    assert len(records(guarded, "postgres")) == 3
    kept, lake = lose_raw(guarded), written(guarded)
    gate.asked.clear()
    main(["postgres"])
    assert differences(guarded, kept) == {}
    assert written(guarded) == lake
    read = [request for request in gate.asked if request.action == "s3:GetObject"]
    assert [request for request in read if "/_loads/" in request.resource]
    assert [request for request in read if request.resource.endswith(".parquet")]
    assert gate.refused == []


def test_what_is_there_is_not_written_over(guarded, gate):
    saas.load()
    lake, _ = ManifestStore(build_pipeline("saas"))._lake, None
    paths = [f"{BUCKET}/{key}" for key in guarded.lake("saas/")]
    paths += lake.find(f"{BUCKET}/saas/RAW/_loads") + lake.find(f"{BUCKET}/saas/RAW/_schemas")
    assert len(paths) > 5
    for path in paths:
        with pytest.raises(PermissionError):
            lake.pipe_file(path, b"another")
        with pytest.raises(FileExistsError):
            lake.pipe_file(path, b"another", mode="create")
        with pytest.raises(PermissionError):
            lake.rm_file(path)


def test_a_large_file_goes_in_parts_and_over_nothing(guarded, gate):
    saas.load()
    lake = ManifestStore(build_pipeline("saas"))._lake
    path, body = f"{BUCKET}/saas/RAW/large.bin", b"x" * (11 * 2**20)
    lake.pipe_file(path, body, chunksize=5 * 2**20, mode="create")
    assert lake.info(path)["size"] == len(body)
    with pytest.raises(FileExistsError):
        lake.pipe_file(path, body, chunksize=5 * 2**20, mode="create")
    with pytest.raises(PermissionError):
        lake.pipe_file(path, body, chunksize=5 * 2**20)


def test_a_record_that_was_changed_is_refused_in_a_line(guarded):
    saas.load()
    records = ManifestStore(build_pipeline("saas"))
    (record, *_) = records.all()
    client = guarded.s3()  # the administrator's
    client.put_object(Bucket=BUCKET, Key=f"saas/RAW/_loads/{record.load_id}.json", Body=b"{}")
    with pytest.raises(PipelineError, match="administrator's AWS sign-in"):
        records.write(record)


def test_a_smoke_run_loads_and_its_probes_write_their_files(trial, gate):
    """Each probe writes a file with its own name: no file is written twice."""
    saas.load()
    account = SmokeAccount()
    for name in probed_files():
        account.put(name, {"ID": numbers(1)})
    assert gate.refused == []
    written = {request.resource.partition("/")[2] for request in gate.asked if request.action == "s3:PutObject"}
    assert {account.folder + name for name in probed_files()} < written
    assert len([key for key in written if re.match(rf"saas/{SCRATCH}\w+RAW/", key)]) > 5
    with pytest.raises(VersionConflict):
        account.put(probed_files()[0], {"ID": numbers(2)})


def test_a_smoke_run_writes_nothing_beside_its_own_and_over_nothing(trial):
    account = SmokeAccount()
    account.put("once.parquet", {"ID": numbers(1)})
    lake = ManifestStore(build_pipeline("saas"))._lake
    with pytest.raises(PermissionError):
        lake.pipe_file(f"{BUCKET}/{account.folder}once.parquet", b"another")
    with pytest.raises(PermissionError):
        lake.pipe_file(f"{BUCKET}/postgres/RAW/new.parquet", b"new", mode="create")


def probed_files() -> list[str]:
    """Return the files that the probes write, in their order."""
    source = Path(account_probes.__file__).read_text()
    names = re.findall(r'(?:account\.put\(|copied_again\(account, )"([^"]+)"', source)
    assert len(names) > 5
    calls = source.count("account.put(") + source.count(" copied_again(account,") - 1  # the one in copied_again itself
    assert calls == len(names) == len(set(names))
    return names
