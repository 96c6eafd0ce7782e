"""`run_pipeline` refuses in one line what it cannot load exactly once, and says what to give it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import pytest

from exactly_once import PipelineError, lake, run_pipeline, staged_duckdb

pytestmark = pytest.mark.integration


@dlt.source(name="shop")
def shop() -> dlt.sources.DltResource:
    return dlt.resource([{"id": 1}], name="orders")


def pipeline(folder: Path, destination: Any = None, staging: Any = None) -> dlt.Pipeline:
    return dlt.pipeline(
        "shop",
        destination=destination or staged_duckdb(str(folder / "shop.duckdb")),
        staging=staging,
        dataset_name="raw",
        pipelines_dir=str(folder / "dlt"),
    )


def own(folder: Path) -> dlt.Pipeline:
    return pipeline(folder, dlt.destinations.duckdb(str(folder / "shop.duckdb")))


def with_lake(folder: Path) -> dlt.Pipeline:
    return pipeline(folder, staging=lake(str(folder / "lake")))


REFUSED: list[tuple[Callable[[Path], dlt.Pipeline], Callable[[], Any], str]] = [
    (own, shop, "shop: the destination duckdb does not fence its loads: give dlt.pipeline staged_duckdb or"),
    (pipeline, shop, "shop: rows go through a lake: give dlt.pipeline staging=lake(<folder or s3://bucket>)."),
    (with_lake, lambda: shop().orders, "The function that run_pipeline reads from returns a DltResource: let it"),
    (with_lake, lambda: [{"id": 1}], "The function that run_pipeline reads from returns a list: let it return a dlt"),
]


@pytest.mark.parametrize(("make", "source", "line"), REFUSED, ids=["destination", "lake", "resource", "rows"])
def test_what_cannot_be_loaded_exactly_once_is_refused(tmp_path, make, source, line):
    with pytest.raises(PipelineError) as refused:
        run_pipeline(make(tmp_path), source)
    assert str(refused.value).startswith(line)
    assert str(refused.value).endswith("Nothing was loaded.")
    assert "\n" not in str(refused.value)


def test_a_source_that_is_no_function_is_refused(tmp_path):
    with pytest.raises(PipelineError, match=r"give run_pipeline a function that returns it, e\.g\. `lambda: shop\(\)`"):
        run_pipeline(with_lake(tmp_path), shop())


def test_dlts_own_filesystem_is_a_lake(tmp_path):
    report = run_pipeline(pipeline(tmp_path, staging=dlt.destinations.filesystem(str(tmp_path / "lake"))), shop)
    assert report.tables["orders"].in_raw == 1
