"""Bytes, files and requests of one load: `python -m tools.cost.measure [--scale 10]` writes tools/cost/measured.json.

It runs both sources and dbt as a person does, on `ci`: Postgres and the vendor's API are the mock's, the lake is moto's
S3, whose every request is counted. Three loads: the first one, one with nothing new, one after a business day. Bytes of
tables are those of the same rows as zstd Parquet, which DuckDB writes.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import boto3
import duckdb
from botocore.client import BaseClient
from moto.server import ThreadedMotoServer

from mock_services import commands
from tools.cost.month import MEASURED

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "dp-mailblaze-demo-ci-raw"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
TABLES = {"RAW.SAAS_EMAIL_EVENTS": "raw", "MART.FCT_EMAIL_EVENTS": "fact", "INTERMEDIATE.INT_MESSAGES": "messages"}


class Counted:
    """A WSGI app that counts the requests to another: S3 bills PUT and LIST by one price, GET and HEAD by another."""

    def __init__(self, app: WSGIApplication):
        self.app = app
        self.kinds: Counter[str] = Counter()
        self.lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer one request; conditional puts one at a time, as S3 judges them."""
        verb, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        is_list = verb == "GET" and ("list-type" in query or "prefix=" in query)
        is_lease = verb == "PUT" and "/_lease/" in environ["PATH_INFO"]
        with self.lock:
            self.kinds["LIST" if is_list else "LEASE" if is_lease else verb] += 1
            if verb == "PUT":
                return self.app(environ, start_response)
        return self.app(environ, start_response)

    def taken(self) -> dict[str, int]:
        """Return what was counted since the last call."""
        counted, self.kinds = dict(sorted(self.kinds.items())), Counter()
        return counted


@dataclass(frozen=True)
class Lake:
    """The S3 server of a measurement: its requests, counted, and a client of it."""

    requests: Counted
    client: BaseClient


@contextmanager
def scene(folder: Path, scale: int) -> Iterator[Lake]:
    """Start the sources and an S3 server for the time of a `with`, and write where they are."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    assert server._server, "start() has waited for it"
    counted = server._server.app = Counted(server._server.app)
    url = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client("s3", endpoint_url=url, **KEYS)
    client.create_bucket(Bucket=BUCKET)
    try:
        commands.up(folder, scale, only=("postgres", "saas"))
        known = json.loads((folder / "services.json").read_text())
        (folder / "services.json").write_text(json.dumps(known | {"s3_endpoint_url": url, "s3_credentials": KEYS}))
        yield Lake(counted, client)
    finally:
        commands.down(folder)
        server.stop()


def load(folder: Path, lake: Lake) -> dict[str, Any]:
    """Load both sources; return for each its requests and its new files: number and bytes, of events also alone."""
    found = {}
    for name in ("postgres", "saas"):
        before = objects(lake)
        lake.requests.taken()
        run(folder, sys.executable, f"pipelines/{name}.py")
        requests = lake.requests.taken()
        new = {key: size for key, size in objects(lake).items() if key not in before}
        events = [size for key, size in new.items() if "/saas_email_events/" in key]
        found[name] = {"requests": requests, "files": len(new), "bytes": sum(new.values())}
        if name == "saas":
            found[name] |= {"event_files": len(events), "event_bytes": sum(events)}
    return found


def objects(lake: Lake) -> dict[str, int]:
    """Return the size of each object of the lake but the leases."""
    pages = lake.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
    return {key: size for key, size in found.items() if not {"_lease", "_loads", "_schemas"} & set(key.split("/"))}


def run(folder: Path, *command: str) -> None:
    """Run one of our commands on `ci`; if it fails, end with the last line of its output."""
    own = {"MAILBLAZE_ENV": "ci", "MAILBLAZE_DATA_DIR": str(folder), "DBT_TARGET_PATH": str(folder / "target")}
    environment = os.environ | own | {"DBT_LOG_PATH": str(folder / "logs"), "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"✗ {' '.join(command)}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


def rows(folder: Path, table: str) -> int:
    """Return the rows of a table."""
    with duckdb.connect(str(folder / "dp_mailblaze_demo_ci_db.duckdb")) as warehouse:
        return count(warehouse, table)


def count(warehouse: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Return the rows of a relation, which may be restricted by a condition."""
    ((found,),) = warehouse.execute(f"select count(*) from {relation}").fetchall()
    return found


def postgres_rows(warehouse: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the rows of each table that comes from Postgres."""
    names = warehouse.execute(
        "select table_name from duckdb_tables() where schema_name = 'RAW' and table_name like 'postgres_%'"
    ).fetchall()
    return {name: count(warehouse, f"RAW.{name}") for (name,) in names}


def newest_rows(folder: Path) -> int:
    """Return the rows of Postgres that the last load brought."""
    with duckdb.connect(str(folder / "dp_mailblaze_demo_ci_db.duckdb")) as warehouse:
        newest = "(select max(load_id) from RAW._dlt_loads where schema_name = 'postgres')"
        tables = postgres_rows(warehouse)
        return sum(count(warehouse, f"RAW.{table} where _dlt_load_id = {newest}") for table in tables)


def parquet_bytes(folder: Path, table: str) -> int:
    """Return the bytes of a table as zstd Parquet."""
    target = folder / "table.parquet"
    with duckdb.connect(str(folder / "dp_mailblaze_demo_ci_db.duckdb")) as warehouse:
        warehouse.execute(f"copy (from {table}) to '{target}' (format parquet, compression zstd)")
    return target.stat().st_size


def measure(scale: int) -> dict[str, Any]:
    """Return what was counted at one scale of the mock's sources."""
    with tempfile.TemporaryDirectory() as name, scene(Path(name), scale) as lake:
        folder, events = Path(name), "RAW.SAAS_EMAIL_EVENTS"
        result = {"first": load(folder, lake)}
        result["first"]["events"] = rows(folder, events)
        result["idle"] = load(folder, lake)
        commands.simulate_day(folder)
        result["day"] = load(folder, lake)
        result["day"]["events"] = rows(folder, events) - result["first"]["events"]
        result["day"]["postgres"]["rows"] = newest_rows(folder)
        run(folder, "dbt", "build", "--quiet", "--project-dir", "dbt", "--profiles-dir", "dbt")
        result["tables"] = {
            word: {"rows": rows(folder, table), "bytes": parquet_bytes(folder, table)} for table, word in TABLES.items()
        }
        with duckdb.connect(str(folder / "dp_mailblaze_demo_ci_db.duckdb")) as warehouse:
            result["postgres_rows"] = postgres_rows(warehouse)
        return result


def main() -> None:
    """Measure at scale 1 and at a larger one, and keep both beside the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=10, help="of the second measurement (10)")
    chosen = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server logs every request
    kept = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    for scale in (1, chosen.scale):
        kept[f"scale_{scale}"] = measure(scale)
    MEASURED.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
