"""Loads during every kind of change and fault, for a given time: `make soak SECONDS=600`.

Concurrent writers that insert, change, delete, tie, roll back and commit late; all connections are terminated
sometimes, and the server is restarted once. At the end RAW must equal the source row for row, by value.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from mock_services.postgres.faults import kill_connections
from mock_services.postgres.server import EmbeddedPostgres
from mock_services.postgres.workload.writers import Writers
from pipelines.postgres import TABLES
from tools.late_commits.bench import Reader, small_postgres
from tools.late_commits.comparison import Outcome, compare


def main() -> int:
    """Run, and print one line; return 0 if nothing was lost, doubled or resurrected."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kill-every", type=float, default=11, help="seconds between two cuts of every connection")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, small_postgres(Path(name) / "postgres") as server:
        with Reader(Path(name), "ours", url=server.url()) as ours:
            ours.run_well(1, most=1)
            with ours.reading_on(), Writers(server.url(), chosen.seed) as writers:
                cut = fire(server, writers, chosen.seconds, chosen.kill_every)
            ours.run_well(2)
        outcome = Outcome()
        file = next((Path(name) / "ours").glob("*.duckdb"))
        for table in TABLES:
            alive = "_deleted_at is null" if table.deletes == "sweep" else "true"
            outcome.add(compare(server.url(), table.name, file, f"RAW.POSTGRES_{table.name}", alive=alive))
    failed = sum("error" in run for run in ours.runs)
    print(f"seed {chosen.seed}: {writers.tally}")
    print(
        f"{len(ours.runs)} runs, {failed} of them broken off; {cut} connections cut, 2 restarts;"
        f" {outcome.rows:,} rows compared: resurrected {outcome.resurrected}, lost {len(outcome.lost)}, "
        f"doubled {outcome.doubled}"
    )
    return 1 if outcome.lost or outcome.doubled or outcome.resurrected else 0


def fire(server: EmbeddedPostgres, writers: Writers, seconds: float, kill_every: float) -> int:
    """Cut connections and restart the server while the writers write; return how many connections were cut."""
    restarts = {"immediate": seconds / 2, "fast": seconds * 3 / 4}
    began, cut, next_cut = time.monotonic(), 0, kill_every
    while (now := time.monotonic() - began) < seconds:
        soonest = min([seconds, next_cut, *restarts.values()])
        if writers.wait(max(soonest - now, 0)):
            raise RuntimeError("the writers ended too soon")
        now = time.monotonic() - began
        if now >= next_cut:
            cut += kill_connections(server.url())
            next_cut += kill_every
        for mode, due in list(restarts.items()):
            if now >= due:
                server.restart(mode)
                del restarts[mode]
    return cut


if __name__ == "__main__":
    sys.exit(main())
