"""What retention deletes from dlt's own tables and what it must keep, on real loads."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
import pytest
from dlt.destinations.exceptions import DestinationConnectionError

from exactly_once.recovery.retention import prune

pytestmark = pytest.mark.integration

STATES = "select version from RAW._dlt_pipeline_state where pipeline_name = '{}' order by 1"
LOADS = "select load_id from RAW._dlt_loads where schema_name = '{}' order by 1"


def pipeline(name: str, folder: Path) -> dlt.Pipeline:
    destination = dlt.destinations.duckdb(str(folder / "world.duckdb"))
    return dlt.pipeline(name, destination=destination, dataset_name="RAW", pipelines_dir=str(folder / "dlt"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """Two pipelines that share a dataset: a load of `other`, then three of `one`, of which the first brings a row."""
    folder = tmp_path_factory.mktemp("loaded")
    for name, cursor in [("other", 0), ("one", 0), ("one", 1), ("one", 2)]:

        @dlt.resource(name=f"{name}_rows")
        def rows(cursor=cursor):
            dlt.current.source_state()["cursor"] = cursor
            if cursor == 0:
                yield pa.table({"number": [cursor]})

        pipeline(name, folder).run(rows, loader_file_format="parquet")
    return folder


@pytest.fixture
def world(loaded, tmp_path) -> tuple[dlt.Pipeline, Callable[[str], list]]:
    folder = Path(shutil.copytree(loaded, tmp_path / "copy"))

    def query(sql: str) -> list:
        with duckdb.connect(str(folder / "world.duckdb")) as connection:
            return [row[0] for row in connection.execute(sql).fetchall()]

    return pipeline("one", folder), query


def found_again(one: dlt.Pipeline) -> int:
    """Return the cursor that a worker with an empty disk reads from the warehouse."""
    one = one.drop()
    one.sync_destination()
    return one.state["sources"]["one"]["cursor"]


def test_the_newest_states_stay_and_those_of_the_other_pipeline(world):
    one, query = world
    before = query(STATES.format("one"))
    assert len(before) == 3
    prune(one, states=3, every=0)
    assert query(STATES.format("one")) == before
    prune(one, states=2, every=0)
    assert query(STATES.format("one")) == before[-2:]
    assert len(query(STATES.format("other"))) == 1
    assert found_again(one) == 2


def test_a_state_whose_load_is_not_complete_does_not_count(world):
    one, query = world
    newest = query(LOADS.format("one"))[-1]
    query(f"update RAW._dlt_loads set status = 1 where load_id = '{newest}' returning 1")
    prune(one, states=1, every=0)
    assert found_again(one) == 1


def test_old_loads_go_where_no_row_names_them(world):
    one, query = world
    before = query(LOADS.format("one"))
    prune(one, states=1, every=0, loads=3, age=timedelta(0))
    assert query(LOADS.format("one")) == before, "no more than may stay"
    prune(one, states=1, every=0, loads=2, age=timedelta(days=1))
    assert query(LOADS.format("one")) == before, "none is old"
    prune(one, states=1, every=0, loads=2, age=timedelta(0))
    assert query(LOADS.format("one")) == [before[0], before[-1]], "a row names the first, the newest state the last"
    assert len(query(LOADS.format("other"))) == 1


def test_between_two_visits_the_warehouse_is_not_asked(world, tmp_path):
    one, _ = world
    prune(one, every=one.state["_state_version"])
    (tmp_path / "copy/world.duckdb").write_bytes(b"whoever connects fails")
    prune(one, every=1)
    with pytest.raises(DestinationConnectionError):
        prune(one, every=0)
