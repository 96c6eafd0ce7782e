"""What a month costs: `python -m tools.cost` prints it, `--write docs/cost.md` puts the tables into the page.

`--ledger FILE` takes the seconds of a run from an export of MART.RPT_PIPELINE_COST (CSV with its columns) instead of
the assumed ones, for `--events` a month.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

from tools.cost.assumptions import Assumptions
from tools.cost.month import MEASURED, MissingPrice, Seconds, Volume, bill, read_prices
from tools.cost.page import answer, filled, markdown, usd

NEEDED = ("cost_on", "pipeline", "warehouse_seconds")


class NotALedger(Exception):
    """A file is not an export of the ledger; the message is one line."""


def seconds_of_ledger(path: Path, loads_per_day: float) -> Seconds:
    """Return the seconds of a run on an XS: the mean day's, by `loads_per_day`; pipeline `dbt` is the build.

    Raises:
        NotALedger: a column of the ledger is missing, or it has no run.
    """
    days: set[str] = set()
    spent: defaultdict[str, float] = defaultdict(float)
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in NEEDED if name not in [found.lower() for found in rows.fieldnames or ()]]
        if missing:
            raise NotALedger(f"{path} has no column {', '.join(missing)}: export MART.RPT_PIPELINE_COST as CSV.")
        for row in rows:
            found = {name.lower(): value for name, value in row.items()}
            if found["pipeline"].startswith("("):  # people's, and hours in which nothing ran
                continue
            days.add(found["cost_on"])
            spent["build" if found["pipeline"] == "dbt" else "load"] += float(found["warehouse_seconds"])
    if not days:
        raise NotALedger(f"{path} has no run: export MART.RPT_PIPELINE_COST as CSV.")
    runs = len(days) * loads_per_day
    return Seconds(spent["load"] / runs, spent["build"] / runs)


def main() -> int:
    """Write the page, or print the sums; a price that is missing is one line."""
    parser = argparse.ArgumentParser(prog="python -m tools.cost", description=__doc__)
    parser.add_argument("--write", type=Path, help="the page with the markers")
    parser.add_argument("--ledger", type=Path, help="an export of MART.RPT_PIPELINE_COST")
    parser.add_argument("--events", type=float, default=1e6, help="a month, for --ledger (1,000,000)")
    parser.add_argument("--month", type=int, default=12, help="of the platform, for --ledger (12)")
    chosen = parser.parse_args()
    try:
        prices, measured = read_prices(), json.loads(MEASURED.read_text())
        if chosen.ledger:
            volume = Volume(chosen.events, chosen.month, Assumptions(), measured)
            seconds = seconds_of_ledger(chosen.ledger, volume.assumptions.loads_per_day)
            found = bill(volume, prices, seconds)
            rows = [[line.name, line.quantity, usd(line.usd)] for line in found.lines]
            print(markdown(["line", "quantity", "USD"], [*rows, ["sum", "", usd(found.usd)]]))
        elif chosen.write:
            chosen.write.write_text(filled(chosen.write.read_text(), prices, measured))
        else:
            print(answer(prices, measured))
    except (MissingPrice, NotALedger) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(f"✗ There is no file {error.filename}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
