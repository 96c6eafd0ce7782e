"""This platform: source → lake → RAW in a process of its own, as a user runs it; every value is compared afterwards."""

import json
import sys
from pathlib import Path
from typing import Any

from tools.bench.context import BenchContext, Figures
from tools.bench.process import run

WAREHOUSE = "dp_mailblaze_demo_local_db.duckdb"


def load(context: BenchContext, data_dir: Path, table: str, **settings: str) -> dict[str, Any]:
    """Load a table into the RAW below `data_dir` and return the figure, after RAW was found equal to the source.

    Returns:
        `seconds` of the whole process with imports, `load_seconds` of the load alone, `peak_mb`, `rows` extracted.
    """
    (data_dir / "services.json").write_text(json.dumps({"postgres_url": context.url}))
    done = run(
        [sys.executable, "-m", "tools.bench.run_one_table", table],
        {"MAILBLAZE_DATA_DIR": str(data_dir), "MAILBLAZE_ENV": "local", **settings},
    )
    context.check(table, data_dir / WAREHOUSE)
    return {
        "seconds": done.seconds,
        "load_seconds": done.result["load_seconds"],
        "peak_mb": done.peak_mb,
        "rows": done.result["extracted"],
    }


def full(context: BenchContext, table: str) -> dict[str, Any]:
    """Load a whole table into an empty RAW."""
    data_dir = context.fresh("ours")
    try:
        return load(context, data_dir, table)
    finally:
        context.remove(data_dir)


def measure(context: BenchContext) -> Figures:
    """Measure the first load of the main table."""
    context.need("events")
    return {"ours": full(context, "events")}


def measure_with_changes(context: BenchContext) -> Figures:
    """Measure the first load, one of 1 % changed rows and one of nothing new; both also without delete detection."""
    context.need("events")
    data_dir = context.fresh("ours")
    found = {"ours": load(context, data_dir, "events")}
    for suffix, settings in (("", {}), ("_without_sweep", {"SOURCES__POSTGRES__SWEEP": "false"})):
        context.change("events", 2 * context.round + len(settings))
        found[f"incremental{suffix}"] = load(context, data_dir, "events", **settings)
        found[f"nothing_new{suffix}"] = load(context, data_dir, "events", **settings)
    context.remove(data_dir)
    return found
