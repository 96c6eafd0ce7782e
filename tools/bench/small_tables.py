"""Many small tables against one table of the same rows: a first load and one with nothing new, as whole processes."""

import json
import sys
from pathlib import Path
from typing import Any

from tools.bench import source
from tools.bench.checksum import compare_all
from tools.bench.context import BenchContext, Figures
from tools.bench.platform_runs import WAREHOUSE
from tools.bench.process import run

TABLES, ROWS = 100, 50
MANY = tuple(f"small_{number:03}" for number in range(TABLES))
WHOLE = ("small_whole",)


def measure(context: BenchContext) -> Figures:
    """Measure a first load and one with nothing new, of TABLES tables with ROWS rows each and of one with all rows."""
    found = {}
    for name, tables, rows in (("many", MANY, ROWS), ("whole", WHOLE, TABLES * ROWS)):
        for table in tables:
            if table not in context.kept:
                source.make(context.url, source.Table(table, source.MAIN), rows)
                context.kept[table] = context.folder
        data_dir = context.fresh("small")
        for load in ("first", "nothing_new"):
            found[f"small_{name}_{load}"] = _load(context, data_dir, tables)
        context.remove(data_dir)
    return found


def _load(context: BenchContext, data_dir: Path, tables: tuple[str, ...]) -> dict[str, Any]:
    (data_dir / "services.json").write_text(json.dumps({"postgres_url": context.url}))
    done = run(
        [sys.executable, "-m", "tools.bench.run_one_table", *tables],
        {"MAILBLAZE_DATA_DIR": str(data_dir), "MAILBLAZE_ENV": "local"},
    )
    compare_all(context.url, tables, data_dir / WAREHOUSE)
    return {
        "seconds": done.seconds,
        "load_seconds": done.result["load_seconds"],
        "peak_mb": done.peak_mb,
        "rows": done.result["extracted"],
    }
