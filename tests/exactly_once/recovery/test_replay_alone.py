"""`Replay` as a public name: it compares the lake's files with their manifests, each once."""

from pathlib import Path

import dlt
import duckdb
import pytest

from exactly_once import PipelineError, Replay, acquire_lease, lake, run_pipeline, staged_duckdb
from exactly_once.recovery import replay
from exactly_once.recovery.manifests import ManifestStore

pytestmark = pytest.mark.integration


def pipeline(folder: Path, warehouse: str, working_dir: str) -> dlt.Pipeline:
    return dlt.pipeline(
        "shop",
        destination=staged_duckdb(str(folder / warehouse)),
        staging=lake(str(folder / "lake")),
        dataset_name="raw",
        pipelines_dir=str(folder / working_dir),
    )


@pytest.fixture
def lost(tmp_path) -> Replay:
    """The replay of a lake with two loads into an empty warehouse."""
    for number in (1, 2):

        @dlt.source(name="shop")
        def shop(number=number):
            return dlt.resource([{"id": number}], name="orders", primary_key="id", write_disposition="merge")

        run_pipeline(pipeline(tmp_path, "first.duckdb", "dlt"), shop)
    return Replay(pipeline(tmp_path, "again.duckdb", "replay"), acquire_lease)


def test_a_replay_refuses_a_file_that_was_replaced_and_loads_nothing(lost, tmp_path):
    first, second = sorted((tmp_path / "lake/raw/orders").glob("*.parquet"))
    whole = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(PipelineError, match=f"{first} of load .* was changed.*Nothing was changed in RAW"):
        lost.run()
    with duckdb.connect(str(tmp_path / "again.duckdb")) as connection:
        assert connection.execute("from duckdb_tables() select table_name where table_name = 'orders'").fetchall() == []
    first.write_bytes(whole)
    assert lost.run().rows["orders"] == 2


@pytest.mark.parametrize("run", [lambda lost: lost.run(), lambda lost: replay.run_replays([lost], lambda _: None)])
def test_a_replay_reads_each_file_once_to_check_it(lost, monkeypatch, run):
    read, plain = [], ManifestStore.sha256
    monkeypatch.setattr(ManifestStore, "sha256", lambda store, file: read.append(file) or plain(store, file))
    run(lost)
    assert len(read) == len(set(read)) == sum(len(paths) for step in lost.steps for paths in step.files.values())
