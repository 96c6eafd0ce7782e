"""The bench measures what it claims to, and notices a lost row; no speed is asserted here."""

import json

import duckdb
import pytest

from mock_services.postgres.server import EmbeddedPostgres
from tools.bench import platform_runs
from tools.bench.__main__ import main
from tools.bench.checksum import RowsDiffer, compare
from tools.bench.context import BenchContext
from tools.bench.report import as_markdown, write
from tools.bench.thresholds import BARS

pytestmark = pytest.mark.slow

FIGURES = {"ours_over_floor", "incremental_over_full", "incremental_without_sweep_over_full", "peak_mb"}
NOT_ASKED = {"sling_over_ours", "dlt_connectorx_over_ours", "dlt_pyarrow_over_ours", "dlt_default_over_ours",
             "peak_mb_10x", "api_rate_used"}  # fmt: skip


def test_a_small_bench_fills_the_file_and_the_page(tmp_path, capsys):
    numbers = tmp_path / "latest.json"
    parts = ["--only", "floor,ours,incremental", "--rows", "2000", "--rounds", "1"]
    assert main([*parts, "--json", str(numbers)]) == 0
    result = json.loads(numbers.read_text())
    assert all(result[name] > 0 for name in FIGURES)
    assert all(result[name] is None for name in NOT_ASKED)
    assert result["bars"].keys() == BARS.keys()
    assert result["bars"]["api_rate_used"] == {"bar": ">= 0.95", "is_met": None}
    assert result["machine"]["cores"] > 0
    assert {name: figure["rows"] for name, figure in result["medians"].items()} == {
        "floor": 2000,
        "ours": 2000,
        "incremental": 20,
        "nothing_new": 0,
        "incremental_without_sweep": 20,
        "nothing_new_without_sweep": 0,
    }
    assert "ours: source → lake → RAW" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["latest.json"]  # no server, no scratch is left
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- table -->\nold\n<!-- /table -->\nAfter.\n")
    write(page, result)
    assert page.read_text() == f"Before.\n<!-- table -->\n{as_markdown(result)}\n<!-- /table -->\nAfter.\n"


def test_a_lost_row_and_a_bent_value_are_noticed(tmp_path):
    with EmbeddedPostgres(tmp_path / "postgres", ephemeral=True) as server:
        context = BenchContext(tmp_path, server.url(), 500)
        context.need("events")
        data_dir = context.fresh("ours")
        platform_runs.load(context, data_dir, "events")
        warehouse = data_dir / platform_runs.WAREHOUSE
        for tampered in (
            "update RAW.POSTGRES_EVENTS set amount = amount + 0.0001 where event_id = 7",
            "update RAW.POSTGRES_EVENTS set amount = amount - 0.0001, subject = '' where event_id = 7",
            "delete from RAW.POSTGRES_EVENTS where event_id = 7",
        ):
            with duckdb.connect(str(warehouse)) as connection:
                connection.execute(tampered)
            with pytest.raises(RowsDiffer, match="events: RAW holds"):
                compare(context.url, "events", warehouse)
