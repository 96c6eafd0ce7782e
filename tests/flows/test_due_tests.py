"""Which tests a full build runs: those that read whole tables as often as their size permits."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from flows.dbt_build import build_task
from flows.dbt_build.selection import LEFT_OUT, Selection
from flows.dbt_build.warehouse_state import rows_of_largest_table
from pipelines.environment import data_dir

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 11, 30, 3, 15, tzinfo=UTC)


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_ENV", "local")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))

    def fill(rows: int) -> None:
        with duckdb.connect(str(data_dir() / "dp_mailblaze_demo_local_db.duckdb")) as warehouse:
            warehouse.execute("create schema if not exists RAW; create or replace table RAW.small as select 1 as a")
            warehouse.execute(f"create or replace table RAW.large as select i as a from range({rows}) as r(i)")

    return fill


def test_tests_of_whole_tables_run_daily_while_these_are_small_and_weekly_beyond(raw, monkeypatch):
    raw(1_000)
    assert rows_of_largest_table() == 1_000
    week = [MONDAY + timedelta(days=day) for day in range(7)]
    assert [build_task.due_tests(day) for day in week] == ["every"] * 7
    monkeypatch.setattr(build_task, "WHOLE_TABLE_ROWS", 999)
    assert [build_task.due_tests(day) for day in week] == ["every"] + ["nightly"] * 6


def test_a_limited_build_leaves_out_what_the_selector_does():
    with (ROOT / "dbt/selectors.yml").open(encoding="utf-8") as file:
        selectors = {one["name"]: one for one in yaml.safe_load(file)["selectors"]}
    for name in ("hourly", "nightly"):
        (excluded,) = [part["exclude"] for part in selectors[name]["definition"]["union"] if "exclude" in part]
        assert [f"{one['method']}:{one['value']}" for one in excluded] == LEFT_OUT[name]
        assert Selection().build_arguments(name) == ["build", "--selector", name]
        limited = Selection(left_out=("saas.campaigns",)).build_arguments(name)
        assert limited == ["build", "--exclude", *LEFT_OUT[name], "source:saas.campaigns+"]
    assert Selection().build_arguments("every") == ["build"]
