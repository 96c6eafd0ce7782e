"""The baseline of each table, and this platform's figures for tables of other shapes and sizes."""

import shutil
import sys

from tools.bench import platform_runs
from tools.bench.context import BenchContext, Figures, LeftOut
from tools.bench.process import run

SHAPES = ("wide", "narrow", "json_heavy")
# The table, its lake, dlt's own copies of the files and the DuckDB file, with room to spare.
BYTES_A_ROW = 1_500


def floor(context: BenchContext, table: str) -> dict[str, float]:
    """Return `seconds`, `rows` and `bytes` of one COPY of a table into nothing."""
    said = run([sys.executable, "-m", "tools.bench.baseline", context.url, table]).result
    return {"seconds": said["seconds"], "rows": context.need(table), "bytes": said["bytes"]}


def measure(context: BenchContext) -> Figures:
    """Measure the baseline of the main table."""
    context.need("events")
    return {"floor": floor(context, "events")}


def measure_shapes(context: BenchContext) -> Figures:
    """Measure a table of 200 columns, one of 3, and one of large documents, each with its own baseline."""
    found = {}
    for shape in SHAPES:
        context.need(shape)
        found[f"floor_{shape}"] = floor(context, shape)
        found[f"ours_{shape}"] = platform_runs.full(context, shape)
    return found


def measure_10x(context: BenchContext) -> Figures:
    """Measure ten times the rows, once, for memory and linear cost.

    Raises:
        LeftOut: the disk is too small.
    """
    free, wanted = shutil.disk_usage(context.folder).free, 10 * context.rows * BYTES_A_ROW
    if free < wanted:
        raise LeftOut(f"it may take {wanted / 1e9:.0f} GB of disk, and {free / 1e9:.0f} GB are free")
    context.need("events_10x")
    try:
        return {"floor_10x": floor(context, "events_10x"), "ours_10x": platform_runs.full(context, "events_10x")}
    finally:
        context.forget("events_10x")
