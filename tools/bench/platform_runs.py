"""Ours: source → lake → RAW in a process of its own, as a user runs it, and every value compared afterwards."""

import json
import sys
from pathlib import Path
from typing import Any

from tools.bench.context import Figures, Scene
from tools.bench.process import run

WAREHOUSE = "dp_mailblaze_demo_local_db.duckdb"


def load(scene: Scene, data_dir: Path, table: str, **settings: str) -> dict[str, Any]:
    """Load a table into the RAW below `data_dir` and return the figure, after RAW was found equal to the source.

    Returns:
        `seconds` of the whole process with imports, `load_seconds` of the load alone, `peak_mb`, `rows` extracted.
    """
    (data_dir / "services.json").write_text(json.dumps({"postgres_url": scene.url}))
    done = run(
        [sys.executable, "-m", "tools.bench.run_one_table", table],
        MAILBLAZE_DATA_DIR=str(data_dir),
        MAILBLAZE_ENV="local",
        **settings,
    )
    scene.check(table, data_dir / WAREHOUSE)
    return {
        "seconds": done.seconds,
        "load_seconds": done.said["load_seconds"],
        "peak_mb": done.peak_mb,
        "rows": done.said["extracted"],
    }


def full(scene: Scene, table: str) -> dict[str, Any]:
    """Load a whole table into a RAW that knows nothing yet."""
    data_dir = scene.fresh("ours")
    try:
        return load(scene, data_dir, table)
    finally:
        scene.remove(data_dir)


def measure(scene: Scene) -> Figures:
    """Measure the first load of the main table."""
    scene.need("events")
    return {"ours": full(scene, "events")}


def measure_with_changes(scene: Scene) -> Figures:
    """Measure the first load, then one of 1 % changed rows and one of nothing new; both also without the sweep."""
    scene.need("events")
    data_dir = scene.fresh("ours")
    found = {"ours": load(scene, data_dir, "events")}
    for suffix, settings in (("", {}), ("_without_sweep", {"SOURCES__POSTGRES__SWEEP": "false"})):
        scene.change("events", 2 * scene.round + len(settings))
        found[f"incremental{suffix}"] = load(scene, data_dir, "events", **settings)
        found[f"nothing_new{suffix}"] = load(scene, data_dir, "events", **settings)
    scene.remove(data_dir)
    return found
