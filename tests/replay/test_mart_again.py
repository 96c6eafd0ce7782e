"""MART built on a replayed RAW equals MART built on the lost RAW, in every table and column."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb

from mock_services.postgres.traffic import simulate_day
from mock_services.saas import store
from pipelines import postgres, saas
from pipelines.replay import replay

ROOT = Path(__file__).parents[2]


def test_mart_is_the_same_table_by_table(platform):
    postgres.load()
    saas.load()
    simulate_day(platform.postgres_url)
    store.simulate_day(platform.saas_store, 1)
    postgres.load()
    saas.load()
    lost = platform.data_dir / "lost"
    lost.mkdir()
    platform.warehouse.rename(lost / platform.warehouse.name)
    replay(["postgres", "saas"])
    # dbt has run once over each: what snapshots see between two loads is not in RAW.
    command = [sys.executable, "tests/replay/builds.py", str(lost), str(platform.data_dir)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    counts, differing = compare(platform.warehouse, lost / platform.warehouse.name)
    assert len(counts) == 23
    # The ledger reads what only Snowflake's account has.
    assert {table for table, count in counts.items() if not count} <= {"rpt_pipeline_cost"}
    assert differing == {}


def compare(ours: Path, theirs: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many rows each table of MART has, and how many are not shared where there are such."""
    counts, differing = {}, {}
    with closing(duckdb.connect()) as connection:
        connection.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        tables = "select distinct table_name from duckdb_tables() where schema_name = 'MART'"
        for (table,) in connection.execute(tables).fetchall():
            one, other = (f"select * from {side}.MART.{table}" for side in ("ours", "theirs"))
            sql = f"({one} except all {other}) union all ({other} except all {one})"
            (counts[table],) = connection.execute(f"select count(*) from ({other})").fetchone()
            (found,) = connection.execute(f"select count(*) from ({sql})").fetchone()
            differing |= {table: found} if found else {}
    return counts, differing
