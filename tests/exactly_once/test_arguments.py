"""What `run_pipeline` accepts for a pipeline and a source, and in which line it refuses the rest before it reads."""

import re
from contextlib import nullcontext
from pathlib import Path

import dlt
import pytest

from exactly_once import PipelineError, acquire_lease, lake, run_pipeline, staged_duckdb, user_message
from exactly_once.recovery.replay import Replay

pytestmark = pytest.mark.integration

read = []


@dlt.resource(primary_key="id", write_disposition="merge")
def orders(number=1):
    read.append(number)
    yield [{"id": number}]


@dlt.source
def shop(number=1):
    return orders(number)


@pytest.fixture
def pipeline(tmp_path, monkeypatch):
    """Returns a pipeline in folders of its own, with what a test gives to dlt.pipeline instead."""
    dlt.config.get("runtime.log_level")  # dlt reads its files once, at the first look: those of this repository
    monkeypatch.chdir(tmp_path)
    read.clear()

    def made(**given) -> dlt.Pipeline:
        usual = {"destination": staged_duckdb("shop.duckdb"), "staging": lake("lake"), "dataset_name": "raw"}
        return dlt.pipeline("shop", pipelines_dir=str(tmp_path / "dlt"), **(usual | given))

    return made


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"destination": None}, "shop has no destination: give dlt.pipeline destination=exactly_once.staged_duckdb("),
        ({"destination": lake("lake"), "staging": None}, "shop: the destination lake takes no fenced loads: give"),
        ({"staging": None}, "shop has no lake: give dlt.pipeline staging=exactly_once.lake("),
        (
            {"staging": dlt.destinations.filesystem("lake")},
            "shop: the staging filesystem may write over the lake's files: give dlt.pipeline staging=exactly_once",
        ),
        (
            {"staging": lake("/proc/nope")},
            "The lake's folder /proc/nope cannot be created (No such file or directory): give lake() a folder",
        ),
        (
            {"staging": lake("lake", layout="{table_name}.{ext}")},
            "The lake's layout is '{table_name}.{ext}': without {file_id} a load writes over the files of an earlier "
            "one. Set it to '{table_name}/{load_id}.{file_id}.{ext}', or leave it out.",
        ),
        (
            {"staging": lake("lake", layout="{table_name}/{YYYY}/{load_id}.{file_id}.{ext}")},
            "The lake's layout is '{table_name}/{YYYY}/{load_id}.{file_id}.{ext}': a replay does not find files of",
        ),
    ],
)
def test_a_pipeline_that_loads_no_row_exactly_once_is_refused(pipeline, given, line):
    with pytest.raises(PipelineError, match=re.escape(line)) as refused:
        run_pipeline(pipeline(**given), shop)
    assert user_message(refused.value).startswith(line)
    assert read == []
    assert not list(Path("lake").rglob("*.parquet"))


NO_SOURCE = "let it return a function with @dlt.source, called, or a list of dlt.resource(...) with different names."


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (shop, "run_pipeline got shop(...), which can be read only once: give it the function, shop, or "),
        (lambda: orders(1), "run_pipeline got orders(...), which can be read only once: give it the function, orders,"),
        (lambda: "shop", "run_pipeline got 'shop' for a source: give it a function that returns one."),
        (lambda: lambda: None, f"shop: the source's function returns None: {NO_SOURCE}"),
        (lambda: lambda: [], f"shop: the source's function returns no resource: {NO_SOURCE}"),
        (lambda: lambda: [{"id": 1}], f"shop: the source's function returns {{'id': 1}}: {NO_SOURCE}"),
        (
            lambda: lambda: [orders(1), orders(2)],
            f"shop: the source's function returns two resources called orders: {NO_SOURCE}",
        ),
    ],
)
def test_what_is_no_source_is_refused(pipeline, source, line):
    with pytest.raises(Exception, match=re.escape(line)) as refused:
        run_pipeline(pipeline(), source())
    assert user_message(refused.value).startswith(line)
    assert read == []


def test_what_is_no_pipeline_is_refused():
    with pytest.raises(
        PipelineError, match=re.escape("got 'shop' for a pipeline: give it what dlt.pipeline(...) returns.")
    ):
        run_pipeline("shop", shop)


@pytest.mark.parametrize(
    "source", [shop, orders, lambda: orders(1), lambda: [orders(1)], lambda: nullcontext([orders(1)])]
)
def test_a_source_a_resource_and_a_list_of_resources_are_loaded(pipeline, source):
    for extracted in (1, 1):
        report = run_pipeline(pipeline(), source)
        assert (report.tables["orders"].extracted, report.tables["orders"].in_raw) == (extracted, 1)
    assert pipeline().schema_names in ([], ["shop"])


def test_the_check_of_a_lake_of_another_layout_says_what_is_there(pipeline):
    """An earlier version accepted the layout: the file is there, with another load's content."""
    flat = lake("lake", layout="{table_name}.{ext}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("exactly_once.runner.check_layout", lambda layout: None)
        run_pipeline(pipeline(staging=flat), orders)
    replay = Replay(pipeline(staging=flat), acquire_lease)
    replay.check(0)
    Path("lake/raw/orders.parquet").write_bytes(b"a later load's rows")
    with pytest.raises(PipelineError, match=r"orders.parquet of load .* was changed: 19 bytes"):
        replay.check(0)
