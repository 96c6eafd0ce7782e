"""An isolated platform for a test, and its parts: servers, SQL, the lake's objects."""

import json
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import boto3
import duckdb
import psycopg2
import uvicorn

from mock_services.postgres.server import EmbeddedPostgres

TOKEN = "a-token-for-tests"  # noqa: S105


KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


BUCKET = "dp-mailblaze-demo-ci-raw"


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
        """Run SQL in the source Postgres and return the rows."""
        return query(self.postgres_url, sql)

    def raw(self, sql: str) -> list[tuple]:
        """Select from the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def lake(self, prefix: str = "") -> list[str]:
        """Return the keys of the lake's files of rows below a prefix, without leases and manifests."""
        return files_of_rows(objects(self.s3_url, BUCKET, prefix))

    def s3(self):
        return boto3.client("s3", endpoint_url=self.s3_url, **KEYS)


TRIM_EVENTS = "delete from email_events where sequence % 20 <> 0"


class AtomicPuts:
    """S3 checks and does a conditional put atomically; moto checks, then writes, and accepts two of them."""

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
    """Run SQL in one transaction and return the rows."""
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
