"""A source whose name differs from its pipeline's, with nested tables: orders, customers and a stock list.

    python -m tools.kill_test tools.kill_test.foreign:load --check tools.kill_test.foreign:check \\
        --prepare tools.kill_test.foreign:prepare --kills 20

Orders are appended, each with its lines; customers are merged with their addresses; the stock list is replaced. It goes
through `exactly_once.runner`, as the README says of a source that is added.
"""

import json
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import dlt
import duckdb

import exactly_once.destinations.staged_duckdb  # noqa: F401  before the fork, where an import costs nothing
from exactly_once.report import LoadReport
from pipelines.command import run
from pipelines.loading import load as load_source

PIPELINE, SOURCE = "shop", "web_orders"


def world() -> Path:
    """Return the folder of this run."""
    return Path(os.environ["CRASH_WORLD"])


@dlt.source(name=SOURCE)
def web_orders() -> tuple[dlt.sources.DltResource, ...]:
    """Yield what is new of the orders, and all customers and the stock as they are."""

    @dlt.resource(name="Orders", write_disposition="append")
    def orders(number=dlt.sources.incremental("order_id", initial_value=0)) -> Iterator[list[dict]]:  # noqa: B008
        yield read(world())["orders"]

    @dlt.resource(name="customers", write_disposition="merge", primary_key="customer_id")
    def customers() -> Iterator[list[dict]]:
        yield read(world())["customers"]

    @dlt.resource(name="stock", write_disposition="replace")
    def stock() -> Iterator[list[dict]]:
        yield read(world())["stock"]

    return orders, customers, stock


def load_once() -> LoadReport:
    """Load once, and return the report."""
    return load_source(PIPELINE, lambda: nullcontext(web_orders()))


def load() -> None:
    """Load once, as a command on the environment `local`."""
    os.environ["MAILBLAZE_ENV"] = "local"
    run(PIPELINE, load_once, [])


def read(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the source."""
    return json.loads((folder / "shop.json").read_text())


def prepare(folder: Path, turn: int) -> None:
    """Make the source, and change it a little on each turn."""
    (folder / "services.json").write_text('{"shop": "here"}')  # as `make up` does
    rng, path = random.Random(turn), folder / "shop.json"  # noqa: S311  not a secret
    found = read(folder) if path.exists() else {"orders": [], "customers": [], "stock": []}
    first = len(found["orders"]) + 1
    for number in range(first, first + 5):
        lines = [{"article": f"{number}-{line}", "taxes": [{"rate": n} for n in range(2)]} for line in range(3)]
        found["orders"].append({"order_id": number, "turn": turn, "lines": lines})
    for number in rng.sample(range(10), 4):
        found["customers"] = [one for one in found["customers"] if one["customer_id"] != number]
        towns = [{"town": f"{turn}.{town}"} for town in range(rng.randrange(4))]
        found["customers"].append({"customer_id": number, "name": f"name {turn}", "addresses": towns})
    found["stock"] = [{"article": n, "shelves": [{"shelf": turn, "count": n}]} for n in range(rng.randrange(3, 9))]
    path.with_suffix(".new").write_text(json.dumps(found))
    path.with_suffix(".new").replace(path)


ORDERS = """select o.order_id, o.turn, l.article, t.rate from RAW.orders as o
    left join RAW.orders__lines as l on l._dlt_parent_id = o._dlt_id
    left join RAW.orders__lines__taxes as t on t._dlt_parent_id = l._dlt_id"""
CUSTOMERS = """select c.customer_id, c.name, a.town from RAW.customers as c
    left join RAW.customers__addresses as a on a._dlt_parent_id = c._dlt_id"""
STOCK = """select s.article, h.shelf, h.count from RAW.stock as s
    left join RAW.stock__shelves as h on h._dlt_parent_id = s._dlt_id"""
COUNTED = ("orders__lines", "orders__lines__taxes", "customers__addresses", "stock__shelves")


def check(folder: Path) -> Iterator[tuple]:
    """Yield each table joined with its nested ones, and the number of rows in each nested one."""
    source = read(folder)
    orders = [
        (o["order_id"], o["turn"], line["article"], tax["rate"])
        for o in source["orders"]
        for line in o["lines"]
        for tax in line["taxes"]
    ]
    customers = [
        (c["customer_id"], c["name"], town)
        for c in source["customers"]
        for town in [address["town"] for address in c["addresses"]] or [None]
    ]
    stock = [(s["article"], shelf["shelf"], shelf["count"]) for s in source["stock"] for shelf in s["shelves"]]
    lines = sum(len(order["lines"]) for order in source["orders"])
    towns = sum(len(customer["addresses"]) for customer in source["customers"])
    counts = dict(zip(COUNTED, (lines, 2 * lines, towns, len(stock)), strict=True))
    with duckdb.connect(str(folder / "dp_mailblaze_demo_local_db.duckdb")) as connection:
        rows = [connection.execute(sql).fetchall() for sql in (ORDERS, CUSTOMERS, STOCK)]
        loaded = {name: connection.execute(f"select count(*) from RAW.{name}").fetchall()[0][0] for name in COUNTED}
    sources: tuple[Sequence[tuple[Any, ...]], ...] = (orders, customers, stock)
    for table, expected, found in zip(("orders", "customers", "stock"), sources, rows, strict=True):
        yield table, [(row, row) for row in expected], [(tuple(row), tuple(row)) for row in found]
    yield "rows of nested tables", counts.items(), loaded.items()
