"""Draw the last bench. It runs in `.venv-plots`, which has matplotlib and none of our packages.

`python draw.py .data/bench/latest.json docs/images/speed.png`
"""

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

# Okabe and Ito's colours; each bar also says its name and its number.
GREY, OURS, THEIRS = "#7F7F7F", "#0072B2", "#E69F00"
SPEEDS = (
    ("binary COPY,\nthrown away", "floor", GREY),
    ("ours", "ours", OURS),
    ("ours, 1 %\nchanged", "incremental", OURS),
    ("dlt, connectorx", "dlt_connectorx", THEIRS),
    ("Sling", "sling", THEIRS),
    ("dlt, pyarrow", "dlt_pyarrow", THEIRS),
    ("dlt as it\ncomes (scaled)", "dlt_default", THEIRS),
)
MEMORY = (
    ("ours", "ours", OURS),
    ("ours, 10 x\nthe rows", "ours_10x", OURS),
    ("dlt, connectorx", "dlt_connectorx", THEIRS),
    ("Sling", "sling", THEIRS),
    ("dlt, pyarrow", "dlt_pyarrow", THEIRS),
)


def draw(result: dict, picture: Path) -> None:
    """Write the picture: seconds on a logarithmic axis, and peak memory; figures that were not measured have no bar."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 3.9), layout="constrained", width_ratios=(3, 2))
    seconds = [(name, result["medians"][key]["seconds"], colour) for name, key, colour in _known(result, SPEEDS)]
    _bars(left, seconds, "{:,.1f} s")
    left.set_xscale("log")
    left.set_xlim(right=left.get_xlim()[1] * 4)
    left.set_xlabel("seconds, imports included (logarithmic)")
    left.set_title(f"{result['rows']:,} rows of 14 columns, Postgres to warehouse", loc="left")
    memory = [(name, max(run["peak_mb"] for run in result["runs"][key]), c) for name, key, c in _known(result, MEMORY)]
    _bars(right, memory, "{:,.0f} MB")
    right.set_xlim(right=1.25 * max((value for _, value, _ in memory), default=1))
    right.set_xlabel("peak memory of the process in MB")
    right.set_title("Memory", loc="left")
    figure.savefig(picture, dpi=130, metadata={"Software": None})


def _known(result: dict, parts: tuple) -> list[tuple[str, str, str]]:
    return [part for part in parts if part[1] in result["medians"]]


def _bars(axes, bars: list[tuple[str, float, str]], shape: str) -> None:
    names, values, colours = zip(*bars, strict=True) if bars else ((), (), ())
    drawn = axes.barh(names, values, color=colours)
    axes.bar_label(drawn, [shape.format(value) for value in values], padding=4)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw measurements as a picture.")
    parser.add_argument("measured", type=Path, help="the JSON file of the measurement")
    parser.add_argument("picture", type=Path, help="where the picture goes")
    given = parser.parse_args()
    draw(json.loads(given.measured.read_text()), given.picture)
