"""Random histories, grown by increments, against a full refresh: `python -m tests.history --help`."""

import argparse
import os
import sys
import tempfile
import traceback
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest

from tests.history.dbt_process import FORK, parse
from tests.history.story import Settings
from tests.history.warehouse import Outcome, Warehouse

# The worst of it is written once, whoever reads the log of a machine without a screen.
TABLES_SHOWN = 8


def main() -> int:
    """Run the histories and report; 1 if a row differs."""
    # A process that is killed leaves its locks to Python, which says so.
    os.environ["PYTHONWARNINGS"] = "ignore::UserWarning:multiprocessing.resource_tracker"
    asked = _arguments()
    settings = Settings(asked.islands, asked.turns, asked.loads, frozenset(asked.only), frozenset(asked.without))
    seeds = range(asked.seed, asked.seed + asked.warehouses)
    with tempfile.TemporaryDirectory(prefix="history") as made:
        folder = asked.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        outcomes = list(_live_all(parse(folder), folder, seeds, settings))
    differ = sum(len(outcome.differing) for outcome in outcomes)
    histories = len(outcomes) * (len(settings.only) or settings.islands)
    loads, tables = sum(outcome.loads for outcome in outcomes), max(outcome.tables for outcome in outcomes)
    failed = sum(bool(outcome.error) for outcome in outcomes)
    died = f", failed {failed}" if failed else ""
    print(f"{histories} histories, {loads} loads, {tables} tables: differ {differ}{died}")
    return bool(differ or failed)


def _live_all(manifest: Manifest, folder: Path, seeds: range, settings: Settings):
    """Yield the outcome of each seed; as many warehouses live at once as there are processors."""
    jobs = min(len(seeds), os.cpu_count() or 1)
    receivers = []
    for job in range(jobs):
        receiver, sender = FORK.Pipe(duplex=False)
        FORK.Process(target=_live, args=(sender, manifest, folder, seeds[job::jobs], settings)).start()
        sender.close()
        receivers.append(receiver)
    for at, seed in enumerate(seeds):
        try:
            outcome = receivers[at % jobs].recv()
        except EOFError:
            outcome = Outcome(seed, error="its process died")
        _report(outcome, settings)
        yield outcome


def _live(sender, manifest: Manifest, folder: Path, seeds: range, settings: Settings) -> None:
    for seed in seeds:
        warehouse = Warehouse(manifest, folder / str(seed), seed, settings)
        try:
            warehouse.live()
        except Exception:  # noqa: BLE001  it is reported with its seed
            warehouse.outcome.error = traceback.format_exc()
        sender.send(warehouse.outcome)


def _report(outcome: Outcome, settings: Settings) -> None:
    print(
        f"seed {outcome.seed}: {outcome.loads} loads, {outcome.runs} runs, {outcome.faults} with a fault, "
        f"{outcome.tables} tables with {outcome.rows} rows: differ {len(outcome.differing)}",
        flush=True,
    )
    for name, table in outcome.differing[:TABLES_SHOWN]:
        print(f"  {name}: {table.name}: {table.differing} rows differ, islands {', '.join(map(str, table.islands))}")
        print("".join(f"    {line}\n" for line in table.shown), end="")
    if outcome.error:
        print(outcome.error)
    if outcome.differing or outcome.error:
        again = f"--seed {outcome.seed} --warehouses 1 --islands {settings.islands} --turns {settings.turns}"
        print(f"  again: python -m tests.history {again} --loads {settings.loads_each} [--only ISLAND]", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.history", description=__doc__)
    parser.add_argument("--warehouses", type=int, default=4, help="each has a seed of its own")
    parser.add_argument("--seed", type=int, default=1, help="of the first warehouse")
    parser.add_argument("--islands", type=int, default=50, help="histories in a warehouse")
    parser.add_argument("--turns", type=int, default=24, help="runs of dbt, more or less")
    parser.add_argument("--loads", type=int, default=6, help="loads of a history")
    parser.add_argument("--only", type=int, nargs="*", default=[], help="islands that take part")
    parser.add_argument("--without", nargs="*", default=[], help="what does not happen: moved, incomplete, faults, ...")
    parser.add_argument("--keep", type=Path, help="a new folder that keeps the warehouses")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
