"""A shop's API, read by dlt's own `rest_api` source and loaded by `run_pipeline`: nothing of this platform is in it.

    python -m tools.kill_test tools.kill_test.rest_store:load --check tools.kill_test.rest_store:check \\
        --prepare tools.kill_test.rest_store:prepare --kills 20

Orders are merged with their lines, and the lines with their taxes; the notes of an order are a resource of their own
that depends on it. Events are appended by a cursor that several events share. The stock list is replaced. Each resource
has another paginator. After each run the lake is replayed, too, into a second warehouse.

The run's own process serves the API. It notes each request in a file, which makes each page a boundary.
"""

import json
import os
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import dlt
import duckdb
import pyarrow  # noqa: F401  before the fork, where an import costs nothing
from dlt.sources.rest_api import RESTAPIConfig, rest_api_source

from exactly_once import Replay, SourceInfo, acquire_lease, cli, lake, run_pipeline, staged_duckdb
from exactly_once.process.progress import speak

PIPELINE = "rest_store"
PAGE = 4
INFO = SourceInfo(PIPELINE, "The shop's API")


def world() -> Path:
    """Return the folder of this run."""
    return Path(os.environ["CRASH_WORLD"])


def load() -> None:
    """Load once, as a command."""
    with serving(world()) as url:
        cli.main(INFO, partial(run_pipeline, partial(make_pipeline, world()), partial(store, url)), ["--quiet"])


def make_pipeline(folder: Path, working: Path | None = None) -> dlt.Pipeline:
    """Return the pipeline whose warehouse and lake are in a folder."""
    return dlt.pipeline(
        PIPELINE,
        destination=staged_duckdb(str(folder / "store.duckdb")),
        staging=lake(str(folder / "lake")),
        dataset_name="raw",
        pipelines_dir=cast(str, working and str(working)),  # dlt takes None, which its type does not say
    )


def store(url: str) -> dlt.sources.DltSource:
    """Return dlt's `rest_api` source of the API."""
    pages: Any = {"type": "page_number", "base_page": 1, "total_path": None, "stop_after_empty_page": True}
    config: RESTAPIConfig = {
        "client": {"base_url": url},
        "resources": [
            {
                "name": "orders",
                "primary_key": "order_id",
                "write_disposition": "merge",
                "endpoint": {
                    "path": "orders",
                    "data_selector": "data",
                    "params": {"since": "{incremental.start_value}"},
                    "incremental": {"cursor_path": "changed", "initial_value": 0},
                    "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"},
                },
            },
            {
                "name": "notes",
                "primary_key": "note_id",
                "write_disposition": "merge",
                "include_from_parent": ["order_id"],
                "endpoint": {
                    "path": "orders/{resources.orders.order_id}/notes",
                    "data_selector": "data",
                    "paginator": {"type": "json_link", "next_url_path": "link"},
                },
            },
            {
                "name": "events",
                "primary_key": "event_id",
                "write_disposition": "append",
                "endpoint": {
                    "path": "events",
                    "data_selector": "data",
                    "params": {"since": "{incremental.start_value}"},
                    "incremental": {"cursor_path": "tick", "initial_value": 0},
                    "paginator": pages,
                },
            },
            {
                "name": "stock",
                "write_disposition": "replace",
                "endpoint": {
                    "path": "stock",
                    "data_selector": "data",
                    "paginator": {"type": "offset", "limit": PAGE, "total_path": "total"},
                },
            },
        ],
    }
    return rest_api_source(config, name=PIPELINE)


def read(folder: Path) -> dict[str, Any]:
    """Return what the shop has: orders by id, and lists of events and of the stock."""
    return json.loads((folder / "store.json").read_text())


def prepare(folder: Path, turn: int) -> None:
    """Make the shop, and change it a little on each turn."""
    rng, path = random.Random(turn), folder / "store.json"  # noqa: S311  not a secret
    found = read(folder) if path.exists() else {"changed": 0, "orders": {}, "events": [], "stock": []}
    orders, events = found["orders"], found["events"]
    found["changed"] += 1
    for number in {*rng.sample(sorted(map(int, orders)), min(4, len(orders))), *range(len(orders), len(orders) + 7)}:
        lines = [
            {"article": f"{turn}.{line}", "taxes": [{"rate": rate} for rate in range(rng.randrange(3))]}
            for line in range(rng.randrange(4))
        ]
        notes = orders.get(str(number), {}).get("notes", [])
        notes += [{"note_id": f"{number}/{len(notes) + n}", "words": [f"turn {turn}"] * (n + 1)} for n in range(2)]
        orders[str(number)] = {"order_id": number, "changed": found["changed"], "lines": lines, "notes": notes}
    # The first of the new events have the time of the last ones that an earlier run has seen.
    times = [events[-1]["tick"]] * 2 + [turn + 1] * 5 if events else [turn + 1] * 6
    events += [{"event_id": len(events) + n, "tick": max(at, times[0]), "marks": [{"n": n}, {"n": turn}]}
               for n, at in enumerate(times)]  # fmt: skip
    found["stock"] = [{"article": n, "shelves": [{"shelf": turn, "count": n}]} for n in range(rng.randrange(3, 11))]
    path.with_suffix(".new").write_text(json.dumps(found))
    path.with_suffix(".new").replace(path)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the shop of a folder on a free port, and yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            with (folder / "requests.log").open("a") as log:
                log.write(f"{self.path}\n")
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = json.dumps(answer(read(folder), parts.path.strip("/"), query)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def answer(found: dict[str, Any], path: str, query: dict[str, str]) -> dict[str, Any]:
    """Return one page of a collection."""
    since = float(query.get("since", 0))
    if path == "stock":
        first = int(query["offset"])
        return {"data": found["stock"][first : first + int(query["limit"])], "total": len(found["stock"])}
    if path == "events":
        rows = [event for event in found["events"] if event["tick"] >= since]
        first = (int(query["page"]) - 1) * PAGE
        return {"data": rows[first : first + PAGE]}
    first = int(query.get("cursor", 0))
    if path.endswith("/notes"):
        rows = found["orders"][path.split("/")[1]]["notes"]
    else:
        rows = sorted(found["orders"].values(), key=lambda order: (order["changed"], order["order_id"]))
        rows = [{name: order[name] for name in order if name != "notes"} for order in rows if order["changed"] >= since]
    more = first + PAGE < len(rows)
    following = {"next": str(first + PAGE), "link": f"/{path}?cursor={first + PAGE}"} if more else {}
    return {"data": rows[first : first + PAGE], **following}


CHECKED = {  # by table: the SQL of its rows, joined with those of its parents
    "orders": "select order_id, changed from raw.orders",
    "orders__lines": "select o.order_id, l.article from raw.orders__lines as l "
    "left join raw.orders as o on l._dlt_parent_id = o._dlt_id",
    "orders__lines__taxes": "select o.order_id, l.article, t.rate from raw.orders__lines__taxes as t "
    "left join raw.orders__lines as l on t._dlt_parent_id = l._dlt_id "
    "left join raw.orders as o on l._dlt_parent_id = o._dlt_id",
    "notes": "select _orders_order_id, note_id from raw.notes",
    "notes__words": "select n.note_id, w._dlt_list_idx, w.value from raw.notes__words as w "
    "left join raw.notes as n on w._dlt_parent_id = n._dlt_id",
    "events": "select event_id, tick from raw.events",
    "events__marks": "select e.event_id, m._dlt_list_idx, m.n from raw.events__marks as m "
    "left join raw.events as e on m._dlt_parent_id = e._dlt_id",
    "stock": "select article from raw.stock",
    "stock__shelves": "select s.article, h.shelf, h.count from raw.stock__shelves as h "
    "left join raw.stock as s on h._dlt_parent_id = s._dlt_id",
}


def expected(found: dict[str, Any]) -> dict[str, list[tuple]]:
    """Return the rows of each table, computed from the shop without dlt."""
    orders, events, stock = found["orders"].values(), found["events"], found["stock"]
    lines = [(order["order_id"], line) for order in orders for line in order["lines"]]
    marks = [(event["event_id"], number, mark["n"]) for event in events for number, mark in enumerate(event["marks"])]
    notes = [(order["order_id"], note) for order in orders for note in order["notes"]]
    return {
        "orders": [(order["order_id"], order["changed"]) for order in orders],
        "orders__lines": [(number, line["article"]) for number, line in lines],
        "orders__lines__taxes": [(n, line["article"], tax["rate"]) for n, line in lines for tax in line["taxes"]],
        "notes": [(number, note["note_id"]) for number, note in notes],
        "notes__words": [(note["note_id"], at, word) for _, note in notes for at, word in enumerate(note["words"])],
        "events": [(event["event_id"], event["tick"]) for event in events],
        "events__marks": marks,
        "stock": [(article["article"],) for article in stock],
        "stock__shelves": [
            (article["article"], shelf["shelf"], shelf["count"]) for article in stock for shelf in article["shelves"]
        ],
    }  # fmt: skip


def loaded(warehouse: Path) -> dict[str, list[tuple]]:
    """Return the rows of each table of a warehouse; a nested row without its parent has NULL as its key."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {table: connection.execute(sql).fetchall() for table, sql in CHECKED.items()}


def replay(folder: Path) -> Path:
    """Load a copy of the lake into a second warehouse, and return it."""
    second = folder / "replayed"
    shutil.rmtree(second, ignore_errors=True)
    shutil.copytree(folder / "lake", second / "lake")
    speak(quiet=True)
    Replay(make_pipeline(second, second / "dlt"), acquire_lease).run()
    return second / "store.duckdb"


def check(folder: Path) -> Iterator[tuple]:
    """Yield each table of the shop with its rows, as loaded and as replayed from the lake."""
    source = expected(read(folder))
    for side, warehouse in (("", folder / "store.duckdb"), (" replayed", replay(folder))):
        for table, rows in loaded(warehouse).items():
            yield table + side, [(row, row) for row in source[table]], [(row, row) for row in rows]
