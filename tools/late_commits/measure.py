"""How many rows does a reader lose while others write? `make graph-late-commits`.

Stock dlt as documented and this platform read the same Postgres in parallel and repeatedly, while writers hold their
transactions open for up to 1.5 s. When these are done both read twice more; what is then missing or stale is lost.
"""

import argparse
import json
import sys
import tempfile
from bisect import bisect_right
from contextlib import closing
from datetime import datetime
from pathlib import Path

import psycopg2

from mock_services.postgres.workload.writers import Workload, Writers
from tests.support.platform import execute
from tools.late_commits.bench import Reader, small_postgres
from tools.late_commits.comparison import Outcome, compare
from tools.late_commits.reader import TABLES

# Stock dlt dies of an integer of more than 64 bits inside jsonb: that is another subject.
PLAIN = "update contacts set attributes = null where attributes is not null"


def main() -> int:
    """Measure, write the numbers for the graph, print them; return 0 if this platform lost and doubled nothing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", type=Path, help="the JSON file to write")
    parser.add_argument("--transactions", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    numbers = measure(chosen.seed, chosen.transactions)
    chosen.numbers.parent.mkdir(parents=True, exist_ok=True)
    chosen.numbers.write_text(json.dumps(numbers, indent=2) + "\n")
    parts = [
        f"{reader['name']} lost {reader['lost'][-1]:,} of {numbers['rows']:,} rows in {reader['runs']} runs"
        + (f" and doubled {reader['doubled']:,}" if reader["doubled"] else "")
        for reader in numbers["readers"]
    ]
    print(f"{', '.join(parts)} ({numbers['transactions']:,} transactions, seed {chosen.seed})")
    mine = numbers["readers"][1]
    return 1 if mine["lost"][-1] or mine["doubled"] else 0


def measure(seed: int, transactions: int) -> dict:
    """Return {"transactions", "rows", "readers": [{"name", "runs", "doubled", "lost"}, ...]}.

    `rows` are those that the writers left new or changed; `lost[n]` is how many of them, committed by the first n
    transactions, a reader never got.
    """
    with tempfile.TemporaryDirectory() as name, small_postgres(Path(name) / "postgres") as server:
        folder, url = Path(name), server.url()
        execute(url, PLAIN)
        with Reader(folder, "stock", url, "stock.duckdb") as stock, Reader(folder, "ours", url=url) as ours:
            for reader in (stock, ours):
                reader.run_well(1, most=1)  # what was there before the writers is no subject
                reader.runs.clear()
            # A deleted row is nothing that a cursor could see: inserts and updates only.
            writers = Writers(url, seed, Workload(transactions, tables=TABLES, deletes=False))
            with stock.reading_on(), ours.reading_on(), writers:
                writers.wait()
            assert writers.run is not None, "set when the writers start"
            for reader in (stock, ours):
                reader.run_well(2)
        outcomes = {"stock dlt": Outcome(), "ours": Outcome()}
        for table in TABLES:
            file = folder / "stock" / "stock.duckdb"
            outcomes["stock dlt"].add(compare(url, table, file, f"raw.{table}", is_exact=False))
            file = next((folder / "ours").glob("*.duckdb"))
            outcomes["ours"].add(compare(url, table, file, f"RAW.POSTGRES_{table}", alive="_deleted_at is null"))
        commits = _commits(url, writers.run)
        rows = sum(_written(url, table, writers.run) for table in TABLES)
    return {
        "transactions": len(commits),
        "rows": rows,
        "readers": [
            {"name": name, "runs": len(reader.runs), "doubled": outcomes[name].doubled,
             "lost": _lost_over_time(commits, outcomes[name].lost)}
            for name, reader in (("stock dlt", stock), ("ours", ours))
        ],
    }  # fmt: skip


def _lost_over_time(commits: dict[datetime, int], lost: list[datetime]) -> list[int]:
    places = sorted(commits.get(updated_at, 0) for updated_at in lost)
    return [bisect_right(places, place) for place in range(len(commits) + 1)]


def _commits(url: str, run: int) -> dict[datetime, int]:
    """Return the number of each transaction, from 1 in the order of the commits, by its updated_at."""
    rows = _select(url, f"select updated_at from simulation.commits where run = {run} order by committed_at")
    return {updated_at: place for place, (updated_at,) in enumerate(rows, 1)}


def _written(url: str, table: str, run: int) -> int:
    found = f"select count(*) from {table} join simulation.commits using (updated_at) where run = {run}"
    return _select(url, found)[0][0]


def _select(url: str, sql: str) -> list[tuple]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


if __name__ == "__main__":
    sys.exit(main())
