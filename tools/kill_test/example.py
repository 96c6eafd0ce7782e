"""An example pipeline: orders in a text file into DuckDB, once loaded carefully and once naively.

    python -m tools.kill_test tools.kill_test.example:load --check tools.kill_test.example:check \\
        --prepare tools.kill_test.example:prepare --kills 20
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import dlt
import duckdb
import pyarrow  # noqa: F401  before the fork, where an import costs nothing

COLUMNS = "order_id, amount"


def world() -> Path:
    """Return the folder of this run's world."""
    return Path(os.environ["CRASH_WORLD"])


@dlt.resource(name="orders", primary_key="order_id", write_disposition="merge")
def orders() -> Iterator[dict]:
    """Yield every order of the source."""
    for line in (world() / "orders.jsonl").read_text().splitlines():
        yield json.loads(line)


def load() -> None:
    """Load all orders, merged on their key: a repeated run changes nothing."""
    pipeline = dlt.pipeline(
        "orders", destination=dlt.destinations.duckdb(str(world() / "shop.duckdb")), dataset_name="raw"
    )
    pipeline.run()  # what an earlier run left; run(orders) alone would load that and ignore the new orders
    pipeline.run(orders)


def naive_load() -> None:
    """Append what is new by an offset in a file: the offset and the rows are not written together."""
    offset = world() / "offset"
    seen = int(offset.read_text()) if offset.exists() else 0
    rows = list(orders())[seen:]
    pipeline = dlt.pipeline(
        "orders", destination=dlt.destinations.duckdb(str(world() / "shop.duckdb")), dataset_name="raw"
    )
    pipeline.run(rows, table_name="orders", write_disposition="append")
    offset.write_text(str(seen + len(rows)))


def prepare(folder: Path, turn: int) -> None:
    """Make the source, and add three orders on each turn."""
    with (folder / "orders.jsonl").open("a") as file:
        file.writelines(json.dumps({"order_id": turn * 10 + n, "amount": turn + n}) + "\n" for n in range(3))


def check(folder: Path) -> Iterator[tuple]:
    """Yield the table with the source's pairs and the loaded ones."""
    source = [tuple(json.loads(line).values()) for line in (folder / "orders.jsonl").read_text().splitlines()]
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        loaded = connection.execute(f"select {COLUMNS} from raw.orders").fetchall()
    yield "orders", [(row[0], row) for row in source], [(row[0], row) for row in loaded]
