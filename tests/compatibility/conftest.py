"""What an earlier commit left: its sources, data folder and lake, restored for one test (README.md)."""

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from mock_services.saas.app import create_app
from tests.support.platform import BUCKET, TOKEN, Platform, empty_bucket, execute, serve

EARLIER = Path(__file__).parent / "earlier"
PARENTS_FIRST = "plans accounts users subscriptions invoices lists contacts list_memberships campaigns".split()


@pytest.fixture(scope="session")
def earlier_database(postgres_server) -> str:
    """A template with the rows of the earlier source."""
    name = "earlier"
    execute(postgres_server.url("postgres", "postgres"), f"create database {name} owner mailblaze")
    with tarfile.open(EARLIER / "source.tar.xz") as archive, closing(psycopg2.connect(postgres_server.url(name))) as link:
        with link, link.cursor() as cursor:
            cursor.execute(archive.extractfile("schema.sql").read().decode())
            for table in PARENTS_FIRST:
                cursor.copy_expert(f"copy {table} from stdin", archive.extractfile(f"{table}.copy"))
    return name


@pytest.fixture
def earlier(postgres_server, earlier_database, s3_server, tmp_path, monkeypatch) -> Iterator[Platform]:
    """The platform as the earlier commit left it after two loads with dbt, and a third that was killed.

    The third was killed between extraction and load: its packages are in the working folder, and its leases are held.
    """
    database = f"test_{uuid4().hex[:12]}"
    admin = postgres_server.url("postgres", "postgres")
    execute(admin, f'create database "{database}" template "{earlier_database}" owner mailblaze')
    data_dir, source = tmp_path / "data", tmp_path / "source"
    unpack("source", source)
    unpack("data", data_dir)
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    with serve(create_app(source / "store.sqlite", TOKEN)) as url:
        platform = Platform(data_dir, postgres_server.url(database), source / "store.sqlite", url, s3_server)
        shutil.copy(platform.warehouse, tmp_path / "kept.duckdb")
        for place in data_dir.iterdir():
            if place != platform.warehouse:
                shutil.rmtree(place) if place.is_dir() else place.unlink()
        unpack("killed", data_dir)
        platform.write_services()
        restore_lake(platform)
        yield platform
    execute(admin, f'drop database "{database}" with (force)')


def restore_lake(platform: Platform) -> None:
    """Put the objects of the lake into the bucket."""
    empty_bucket(platform)
    client = platform.s3()
    with tarfile.open(EARLIER / "lake.tar.xz") as archive:
        for entry in archive:
            client.put_object(Bucket=BUCKET, Key=entry.name, Body=archive.extractfile(entry).read())


def unpack(name: str, folder: Path) -> None:
    """Unpack an archive of earlier/ into a folder."""
    with tarfile.open(EARLIER / f"{name}.tar.xz") as archive:
        for entry in archive:
            place = folder / entry.name
            (place if entry.isdir() else place.parent).mkdir(parents=True, exist_ok=True)
            if entry.isfile():
                place.write_bytes(archive.extractfile(entry).read())
