"""Draw what measure.py measured. It runs in `.venv-plots`, which has matplotlib and none of our packages."""

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

# Okabe and Ito's colours, and another stroke for each line: both survive colour blindness and a grey printer.
STYLES = {"stock dlt": ("#D55E00", "-"), "ours": ("#0072B2", "--")}


def draw(numbers: dict, picture: Path) -> None:
    """Write the picture of rows lost over transactions committed, a line for each reader."""
    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    x = range(numbers["transactions"] + 1)
    for reader in numbers["readers"]:
        colour, stroke = STYLES[reader["name"]]
        lost = reader["lost"]
        axes.step(x, lost, stroke, where="post", color=colour, linewidth=2.2)
        axes.annotate(
            f"{reader['name']}: {lost[-1]:,} lost\n({reader['runs']} runs)", (x[-1], lost[-1]), (6, 0),
            textcoords="offset points", va="center", color=colour, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
    most = max(reader["lost"][-1] for reader in numbers["readers"])
    axes.set_xlim(0, x[-1])
    axes.set_ylim(-0.03 * max(most, 1), 1.08 * max(most, 1))
    axes.set_xlabel("transactions committed, each held open for up to 1.5 s")
    axes.set_ylabel("rows lost so far")
    lost = {reader["name"]: reader["lost"][-1] for reader in numbers["readers"]}
    axes.set_title(
        f"Of {numbers['rows']:,} rows written by late-committing transactions,\n"
        f"stock dlt's cursor never gets {lost['stock dlt']:,}; ours misses {lost['ours']:,}",
        loc="left",
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    figure.savefig(picture, dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw measurements as a picture.")
    parser.add_argument("measured", type=Path, help="the JSON file of the measurement")
    parser.add_argument("picture", type=Path, help="where the picture goes")
    given = parser.parse_args()
    draw(json.loads(given.measured.read_text()), given.picture)
