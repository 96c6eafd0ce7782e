"""Random histories, grown by increments, against a full refresh: `python -m tests.history --help`."""

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest

from tests.history import at_random, directed
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
    named = [str(seed) for seed in range(asked.seed, asked.seed + asked.warehouses)] + asked.stories
    with tempfile.TemporaryDirectory(prefix="history") as made:
        folder = asked.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        outcomes = list(_live_all(parse(folder), folder, named, settings))
    differ = sum(len(outcome.differing) for outcome in outcomes)
    histories = asked.warehouses * (len(settings.only) or settings.islands) + len(asked.stories)
    loads, tables = sum(outcome.loads for outcome in outcomes), max(outcome.tables for outcome in outcomes)
    failed = sum(bool(outcome.error) for outcome in outcomes)
    died = f", failed {failed}" if failed else ""
    print(f"{histories} histories, {loads} loads, {tables} tables: differ {differ}{died}")
    return bool(differ or failed)


def _live_all(manifest: Manifest, folder: Path, named: list[str], settings: Settings) -> Iterator[Outcome]:
    """Yield the outcome of each warehouse; as many live at once as there are processors."""
    jobs = min(len(named), os.cpu_count() or 1)
    receivers = []
    for job in range(jobs):
        receiver, sender = FORK.Pipe(duplex=False)
        FORK.Process(target=_live, args=(sender, manifest, folder, named[job::jobs], settings)).start()
        sender.close()
        receivers.append(receiver)
    for at, name in enumerate(named):
        try:
            outcome = receivers[at % jobs].recv()
        except EOFError:
            outcome = Outcome(name, error="its process died")
        _report(outcome, settings)
        yield outcome


def _live(sender: Connection, manifest: Manifest, folder: Path, named: list[str], settings: Settings) -> None:
    for name in named:
        outcome = Outcome(name)
        try:
            warehouse = Warehouse(manifest, folder / name, name)
            outcome = warehouse.outcome
            if name in directed.STORIES:
                directed.live(warehouse, name)
            else:
                at_random.live(warehouse, int(name), settings)
            warehouse.end()
        except Exception:  # noqa: BLE001  it is reported with its seed
            outcome.error = traceback.format_exc()
        sender.send(outcome)


def _report(outcome: Outcome, settings: Settings) -> None:
    print(
        f"{outcome.name}: {outcome.loads} loads, {outcome.runs} runs of dbt, {outcome.faults} faults, "
        f"{outcome.killed} killed, {outcome.tables} tables with {outcome.rows} rows: differ {len(outcome.differing)}",
        flush=True,
    )
    for name, table in outcome.differing[:TABLES_SHOWN]:
        print(f"  {name}: {table.name}: {table.differing} rows differ, islands {', '.join(map(str, table.islands))}")
        print("".join(f"    {line}\n" for line in table.shown), end="")
    if outcome.error:
        print(outcome.error)
    if outcome.differing or outcome.error:
        print(f"  again: python -m tests.history {_again(outcome.name, settings)}", flush=True)


def _again(name: str, settings: Settings) -> str:
    if name in directed.STORIES:
        return f"--warehouses 0 --stories {name}"
    size = f"--islands {settings.islands} --turns {settings.turns} --loads {settings.loads_each}"
    return f"--seed {name} --warehouses 1 {size} --stories [--only ISLAND]"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.history", description=__doc__)
    parser.add_argument("--warehouses", type=int, default=4, help="each has a seed of its own")
    parser.add_argument("--seed", type=int, default=1, help="of the first warehouse")
    parser.add_argument("--islands", type=int, default=50, help="histories in a warehouse")
    parser.add_argument("--turns", type=int, default=24, help="runs of dbt, more or less")
    parser.add_argument("--loads", type=int, default=6, help="loads of a history")
    parser.add_argument("--only", type=int, nargs="*", default=[], help="islands that take part")
    parser.add_argument("--without", nargs="*", default=[], help="what does not happen: moved, incomplete, faults, ...")
    parser.add_argument("--stories", nargs="*", default=list(directed.STORIES), help="small histories by name")
    parser.add_argument("--keep", type=Path, help="a new folder that keeps the warehouses")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
