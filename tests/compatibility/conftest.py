"""What an earlier commit left: its sources, data folder and lake, restored for one test (README.md)."""

import io
import json
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from mock_services.commands import down, up
from mock_services.postgres.server import EmbeddedPostgres
from mock_services.saas.app import create_app
from tests.support.platform import BUCKET, TOKEN, Platform, clone, empty_bucket, execute, serve

EARLIER = Path(__file__).parent / "earlier"
FIRST_OID = 20_000  # of make_fixtures.py
PARENTS_FIRST = [
    "plans",
    "accounts",
    "users",
    "subscriptions",
    "invoices",
    "lists",
    "contacts",
    "list_memberships",
    "campaigns",
]


@dataclass
class Earlier(Platform):
    """The platform that an earlier commit left."""

    kept: Path = Path()  # a copy of the warehouse as it was
    leases_put_at: float = 0.0

    def put_leases(self) -> None:
        """Write the leases of the killed runs again: they are held for two seconds from now."""
        with tarfile.open(EARLIER / "lake.tar.xz") as archive:
            for entry in archive:
                if "/_lease/" in entry.name:
                    self.s3().put_object(Bucket=BUCKET, Key=entry.name, Body=archive.extractfile(entry).read())
        self.leases_put_at = time.monotonic()

    def wait_for_leases(self) -> None:
        """Wait until the leases of the killed runs have expired; S3's times are whole seconds."""
        time.sleep(max(0.0, self.leases_put_at + 4.1 - time.monotonic()))


@pytest.fixture(scope="session")
def earlier_server(tmp_path_factory) -> Iterator[EmbeddedPostgres]:
    """A server of its own whose database has the rows of the earlier source, in tables with the same object ids.

    RAW's state has these ids: from a table with another one every row is read again.
    """
    with EmbeddedPostgres(tmp_path_factory.mktemp("earlier"), ephemeral=True) as server:
        with tarfile.open(EARLIER / "source.tar.xz") as archive, closing(psycopg2.connect(server.url())) as connection:
            bodies = {entry.name: archive.extractfile(entry).read() for entry in archive}
            with connection, connection.cursor() as cursor:
                cursor.execute("select lo_creat(-1)")
                (at,) = cursor.fetchone()
                cursor.execute("select count(lo_creat(-1)) from generate_series(1, %s)", (FIRST_OID - 1 - at,))
                cursor.execute(bodies["schema.sql"].decode())
                for table in PARENTS_FIRST:
                    cursor.copy_expert(f"copy {table} from stdin", io.BytesIO(bodies[f"{table}.copy"]))
                cursor.execute("select relname, oid::int from pg_class where relname = any(%s)", ([*PARENTS_FIRST],))
                assert dict(cursor.fetchall()) == json.loads(bodies["oids.json"])
        yield server
        server.destroy()


@pytest.fixture
def earlier(earlier_server, s3_server, tmp_path, monkeypatch) -> Iterator[Earlier]:
    """The platform as the earlier commit left it after two loads with dbt, and a third that was killed.

    The third was killed between extraction and load: its packages are in the working folder, and its leases are held.
    The warehouse is also kept as it was, as `kept`.
    """
    database, data_dir, source = f"test_{uuid4().hex[:12]}", tmp_path / "data", tmp_path / "source"
    clone(earlier_server, "mailblaze", database)
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    unpack("source", source)
    with serve(create_app(source / "store.sqlite", TOKEN)) as url:
        platform = Earlier(data_dir, earlier_server.url(database), source / "store.sqlite", url, s3_server)
        restore_lake(platform)
        unpack("killed", data_dir)
        unpack("data", data_dir, only=platform.warehouse.name)
        platform.kept = shutil.copy(platform.warehouse, tmp_path / "kept.duckdb")
        platform.write_services()
        yield platform
    execute(earlier_server.url("postgres", "postgres"), f'drop database "{database}" with (force)')


@pytest.fixture(scope="module")
def prefect_api(tmp_path_factory) -> Iterator[str]:
    """A Prefect server as `make up` starts it, without the other services."""
    data_dir = tmp_path_factory.mktemp("services")
    up(data_dir, only=("prefect",), ports={})
    yield json.loads((data_dir / "services.json").read_text())["prefect_api_url"]
    down(data_dir)


def restore_lake(platform: Earlier) -> None:
    """Put the objects of the lake into the bucket."""
    empty_bucket(platform)
    client = platform.s3()
    with tarfile.open(EARLIER / "lake.tar.xz") as archive:
        for entry in archive:
            client.put_object(Bucket=BUCKET, Key=entry.name, Body=archive.extractfile(entry).read())
    platform.leases_put_at = time.monotonic()


def unpack(name: str, folder: Path, only: str = "") -> None:
    """Unpack an archive of earlier/ into a folder, or one file of it."""
    with tarfile.open(EARLIER / f"{name}.tar.xz") as archive:
        for entry in archive:
            place = folder / entry.name
            if entry.isdir() and not only:
                place.mkdir(parents=True, exist_ok=True)
            elif entry.isfile() and only in ("", entry.name):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(archive.extractfile(entry).read())
