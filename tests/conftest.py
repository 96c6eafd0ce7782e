"""Real parts for every test: a Postgres server, the mock SaaS on a port, an S3 API on a port, a DuckDB file."""

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import boto3
import duckdb
import psycopg2
import pytest
import uvicorn
from moto.server import ThreadedMotoServer

from mock_services.postgres.seed import seed as seed_postgres
from mock_services.postgres.server import EmbeddedPostgres
from mock_services.saas import store
from mock_services.saas.app import create_app
from pipelines.shell import ignore_foreign

ignore_foreign(is_embedded=True)  # of whoever types `make test`
TOKEN = "a-token-for-tests"  # noqa: S105
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
BUCKET = "dp-mailblaze-demo-ci-raw"


@pytest.fixture(autouse=True)
def _no_name_was_left_out_before(monkeypatch) -> None:
    """What an earlier test had left out of the environment is not given back in this one."""
    monkeypatch.setattr("pipelines.shell._ignored", {})


@dataclass
class Platform:
    """One isolated `ci` environment: its own database, API store, bucket, warehouse and dlt working folder."""

    data_dir: Path
    postgres_url: str
    saas_store: Path
    saas_url: str
    s3_url: str
    extra: dict = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.data_dir / "dp_mailblaze_demo_ci_db.duckdb"

    def write_services(self, **changes: str) -> None:
        services = {
            "postgres_url": self.postgres_url,
            "saas_url": self.saas_url,
            "saas_token": TOKEN,
            "s3_endpoint_url": self.s3_url,
            "s3_credentials": KEYS,
        }
        (self.data_dir / "services.json").write_text(json.dumps(services | self.extra | changes))

    def source(self, sql: str) -> list[tuple]:
        """Run SQL in the source Postgres; what it selects is returned."""
        return query(self.postgres_url, sql)

    def raw(self, sql: str) -> list[tuple]:
        """Select from the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def lake(self, prefix: str = "") -> list[str]:
        """Return the keys of the lake's files of rows below a prefix: a lease is none, nor what is told of a load."""
        return files_of_rows(objects(self.s3_url, BUCKET, prefix))

    def s3(self):
        return boto3.client("s3", endpoint_url=self.s3_url, **KEYS)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), ephemeral=True) as server:
        seed_postgres(server.url())
        yield server
        server.destroy()


@pytest.fixture(scope="session")
def small_database(postgres_server) -> str:
    """A template with every account and a twentieth of the contacts: enough for each rule, quick to read."""
    clone(postgres_server, "mailblaze", "small")
    execute(postgres_server.url("small"), "delete from contacts where contact_id % 20 <> 0")
    return "small"


@pytest.fixture(scope="session")
def seeded_store(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saas") / "store.sqlite"
    store.seed(path, 1)
    return path


@pytest.fixture(scope="session")
def small_store(seeded_store, tmp_path_factory) -> Path:
    """The store with a twentieth of its events: those of the newest campaigns."""
    path = tmp_path_factory.mktemp("saas-small") / "store.sqlite"
    shutil.copy(seeded_store, path)
    with sqlite3.connect(path) as connection:
        connection.execute(TRIM_EVENTS)
    return path


TRIM_EVENTS = "delete from email_events where sequence % 20 <> 0"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    server._server.app = AtomicPuts(server._server.app)
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class AtomicPuts:
    """S3 judges and does a conditional put in one piece; moto looks, then writes, and lets two of them through."""

    def __init__(self, app):
        self.app = app
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        is_conditional = "HTTP_IF_MATCH" in environ or "HTTP_IF_NONE_MATCH" in environ
        is_put = is_conditional and environ["REQUEST_METHOD"] == "PUT"
        if is_put and environ.get("CONTENT_LENGTH"):
            # Read before the lock: a client that is paused in the middle of its body would block every other one.
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with self.lock if is_put else nullcontext():
            return self.app(environ, start_response)


@pytest.fixture
def platform(postgres_server, small_database, small_store, s3_server, tmp_path, monkeypatch) -> Iterator[Platform]:
    """An isolated `ci` platform on small sources, which the environment of this test points at."""
    database = f"test_{uuid4().hex[:12]}"
    clone(postgres_server, small_database, database)
    copy = tmp_path / "store.sqlite"
    shutil.copy(small_store, copy)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    with serve(create_app(copy, TOKEN)) as url:
        platform = Platform(data_dir, postgres_server.url(database), copy, url, s3_server)
        empty_bucket(platform)
        platform.write_services()
        yield platform
    execute(postgres_server.url("postgres", "postgres"), f"drop database {database} with (force)")


class serve:  # noqa: N801  used as a function
    """Run an ASGI app on a free port of 127.0.0.1 for the time of a `with`, which gets its URL."""

    def __init__(self, app):
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive(), "the mock SaaS did not start"
            time.sleep(0.005)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_) -> None:
        self.server.should_exit = True
        self.thread.join(10)


def clone(server: EmbeddedPostgres, template: str, database: str) -> None:
    execute(server.url("postgres", "postgres"), f'create database "{database}" template "{template}" owner mailblaze')


def query(url: str, sql: str) -> list[tuple]:
    """Run SQL in one transaction and return what it selects."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def execute(url: str, sql: str) -> None:
    """Run SQL outside of any transaction."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()


def objects(s3_url: str, bucket: str, prefix: str = "") -> list[str]:
    """Return every key of a bucket below a prefix, sorted."""
    client = boto3.client("s3", endpoint_url=s3_url, **KEYS)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", []))


def files_of_rows(keys: list[str]) -> list[str]:
    return [key for key in keys if not {"_lease", "_loads", "_schemas"} & set(key.split("/"))]


def empty_bucket(platform: Platform) -> None:
    client = platform.s3()
    if BUCKET in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        for key in objects(platform.s3_url, BUCKET):
            client.delete_object(Bucket=BUCKET, Key=key)
    else:
        client.create_bucket(Bucket=BUCKET)
