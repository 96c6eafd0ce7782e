"""Draw the last bench of history. It runs in `.venv-plots`, which has matplotlib and none of our packages.

`python draw.py .data/bench/history.json docs/images/history.png`
"""

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

# Okabe and Ito's colours; each bar also says its number.
SMALL, LARGE, BAR = "#56B4E9", "#0072B2", "#D55E00"
MOST_MODELS = 14


def draw(result: dict, picture: Path) -> None:
    """Write the picture: CPU of load, build and models over both histories, and each model's rows read as a ratio."""
    large = f"{result['history']}x"
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.6), layout="constrained", width_ratios=(2, 3))
    models_cpu = {
        world: sum(model[world]["cpu_seconds"] for model in result["models"].values()) for world in ("1x", large)
    }
    parts = (
        ("load", {world: result["load"][world]["cpu_seconds"] for world in ("1x", large)}),
        ("dbt build", {world: result["dbt"][world]["cpu_seconds"] for world in ("1x", large)}),
        ("models,\nDuckDB alone", models_cpu),
    )
    for at, (world, colour) in enumerate((("1x", SMALL), (large, LARGE))):
        places = [place + 0.4 * at for place in range(len(parts))]
        label = f"{result['events'][world]:,} events of history"
        drawn = left.bar(places, [seconds[world] for _, seconds in parts], 0.38, color=colour, label=label)
        left.bar_label(drawn, fmt="{:.1f}", padding=2)
    left.set_xticks([place + 0.2 for place in range(len(parts))], [name for name, _ in parts])
    left.set_ylabel("seconds of CPU")
    left.set_title(f"The same {result['increment']['sent']:,} events", loc="left")
    figure.legend(loc="outside lower left", ncols=2, frameon=False)
    _ratios(right, result, large)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
    figure.savefig(picture, dpi=130, metadata={"Software": None})


def _ratios(axes, result: dict, large: str) -> None:
    """Draw the rows that the load and each model read over the longer history, as a multiple of the shorter one."""
    judged = {name: model for name, model in result["models"].items() if model["ratio"] is not None}
    ordered = sorted(judged, key=lambda name: -judged[name][large]["rows_read"])[:MOST_MODELS]
    bars = [("the load", result[f"load_rows_read_ratio_{large}"])]
    bars += [(name.split(".")[2], judged[name]["rows_ratio"]) for name in ordered]
    drawn = axes.barh([name for name, _ in bars], [ratio or 0 for _, ratio in bars], color=LARGE)
    axes.bar_label(drawn, ["" if ratio is None else f"{ratio:.2f}" for _, ratio in bars], padding=4)
    axes.axvline(1.3, color=BAR, linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("as a multiple (line: the bar of a model)")
    axes.set_title(f"Rows read over {result['history']} x the history", loc="left")
    axes.grid(axis="x", alpha=0.3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw a bench of history as a picture.")
    parser.add_argument("measured", type=Path, help="the JSON file of the measurement")
    parser.add_argument("picture", type=Path, help="where the picture goes")
    given = parser.parse_args()
    draw(json.loads(given.measured.read_text()), given.picture)
