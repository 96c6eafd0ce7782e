"""One world: a database, a lake and a warehouse of its own, and loads in forked children that may be killed."""

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg2

from exactly_once.postgres.tables.spec import Table
from pipelines import command, postgres
from tests.foreign.schema import Schema, Tables
from tests.foreign.services import DATABASE
from tests.support.platform import BUCKET, KEYS
from tools.kill_test.boundaries import KillPoint
from tools.kill_test.children import RunResult, call_in_child, run_in_child

HELD = 75  # the exit code of a run that finds another one at work
PATIENCE = 90  # seconds in which a run that finds the lease of a killed one is started again


@dataclass(frozen=True)
class Refused:
    """A table that a load refused: its name in RAW, and the line that says why."""

    raw_name: str
    line: str


@dataclass
class World:
    """The `ci` environment in a folder; `addresses` are those of tests/foreign/services.py."""

    folder: Path
    addresses: dict[str, str]

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / "dp_mailblaze_demo_ci_db.duckdb"

    @property
    def working(self) -> Path:
        """dlt's working folder."""
        return self.folder / "dlt"

    def begin(self, schema: Schema) -> None:
        """Reset the world: the schema's database, an empty lake, no warehouse."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        services = {
            "postgres_url": self.addresses["postgres_url"],
            "s3_endpoint_url": self.addresses["s3_url"],
            "s3_credentials": KEYS,
        }
        (self.folder / "services.json").write_text(json.dumps(services))
        made = f"create database {DATABASE} owner mailblaze encoding '{schema.encoding}' locale 'C' template template0"
        for statement in (f"drop database if exists {DATABASE} with (force)", made):
            execute(self.addresses["admin_url"], [statement])
        execute(self.addresses["superuser_url"], [f"create extension {name}" for name in schema.extensions])
        self.change(schema.sql)
        call_in_child(self._empty_lake, {})

    def change(self, sql: Iterable[str]) -> None:
        """Run statements at the source, each in a transaction of its own."""
        execute(self.addresses["postgres_url"], sql)

    def load(self, tables: Tables, arguments: Sequence[str] = (), kill_point: KillPoint | None = None) -> RunResult:
        """Load once in a child, killed at a point; the lease of a killed load is waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            ending = run_in_child(
                partial(load, tables, arguments),
                self.folder,
                self.environment(),
                kill_point,
                {urlsplit(self.addresses["s3_url"]).port: "S3"},
                limit=300,
            )
            if ending.code != HELD or time.monotonic() > deadline:
                return ending
            time.sleep(0.2)

    def ask(self, call: Callable[[], Any]) -> Any:
        """Call a function in a child and return its value: a process that forks opens no warehouse."""
        return call_in_child(call, self.environment())

    def environment(self) -> dict[str, str]:
        """Return the environment of a load."""
        return {
            "MAILBLAZE_ENV": "ci",
            "MAILBLAZE_DATA_DIR": str(self.folder),
            "DLT_DATA_DIR": str(self.working),
        }

    def refused(self) -> dict[str, Refused]:
        """Return the tables that the last load refused, as its working folder has them."""
        found = sorted(self.working.rglob("refused.json"))
        known = [one for path in found for one in json.loads(path.read_text())]
        return {one["name"]: Refused(one["raw_name"].lower(), " ".join(one["line"].split())) for one in known}

    def _empty_lake(self) -> None:
        address = f"{self.addresses['s3_url']}/moto-api/reset"
        urllib.request.urlopen(urllib.request.Request(address, method="POST")).close()  # noqa: S310  moto's own
        boto3.client("s3", endpoint_url=self.addresses["s3_url"], **KEYS).create_bucket(Bucket=BUCKET)


def load(tables: Tables, arguments: Sequence[str]) -> None:
    """Run `python pipelines/postgres.py` with other tables."""
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    postgres.TABLES = tuple(Table(name, **line) for name, line in tables.items())
    command.run("postgres", postgres.load, list(arguments))


def execute(url: str, sql: Iterable[str]) -> None:
    """Run statements, each in a transaction of its own."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in sql:
                cursor.execute(statement)
