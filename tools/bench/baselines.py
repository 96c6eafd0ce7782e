"""What Postgres can send: the floor of each table, and ours beside it for tables of other shapes and sizes."""

import shutil
import sys

from tools.bench import platform_runs
from tools.bench.context import Figures, LeftOut, Scene
from tools.bench.process import run

SHAPES = ("wide", "narrow", "json_heavy")
# The table, its lake, dlt's own copies of the files and the DuckDB file, with room to spare.
BYTES_A_ROW = 1_500


def floor(scene: Scene, table: str) -> dict[str, float]:
    """Return `seconds`, `rows` and `bytes` of one COPY of a table into nothing."""
    said = run([sys.executable, "-m", "tools.bench.baseline", scene.url, table]).said
    return {"seconds": said["seconds"], "rows": scene.need(table), "bytes": said["bytes"]}


def measure(scene: Scene) -> Figures:
    """Measure the floor of the main table."""
    scene.need("events")
    return {"floor": floor(scene, "events")}


def measure_shapes(scene: Scene) -> Figures:
    """Measure a table of 200 columns, one of 3, and one of large documents, each beside its own floor."""
    found = {}
    for shape in SHAPES:
        scene.need(shape)
        found[f"floor_{shape}"] = floor(scene, shape)
        found[f"ours_{shape}"] = platform_runs.full(scene, shape)
    return found


def measure_10x(scene: Scene) -> Figures:
    """Measure ten times the rows, once: what matters is memory, and whether the cost grows straight.

    Raises:
        LeftOut: the disk is too small.
    """
    free, wanted = shutil.disk_usage(scene.folder).free, 10 * scene.rows * BYTES_A_ROW
    if free < wanted:
        raise LeftOut(f"it may take {wanted / 1e9:.0f} GB of disk, and {free / 1e9:.0f} GB are free")
    scene.need("events_10x")
    try:
        return {"floor_10x": floor(scene, "events_10x"), "ours_10x": platform_runs.full(scene, "events_10x")}
    finally:
        scene.forget("events_10x")
