"""A table of Postgres and its copy in RAW, for comparing their keys without a platform."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dlt
import psycopg2
import sqlalchemy as sa

from exactly_once.incremental.delete_detection import DELETED_AT
from exactly_once.incremental.raw_table import RawClients, RawTable
from exactly_once.postgres.cursor_window import CursorWindow
from exactly_once.postgres.key_reader import PrimaryKeyReader
from exactly_once.postgres.snapshot import Snapshot, SnapshotOptions
from exactly_once.postgres.tables.catalog import read_catalog
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.spec import Table


class KeySides:
    """One table in a database of Postgres, and RAW in a DuckDB file.

    Args:
        url: of the database.
        folder: of the file and of dlt's working folder.
        key: of the table.
        name: of the table.
    """

    def __init__(self, url: str, folder: Path, key: Sequence[str], name: str = "keyed") -> None:
        self.url = url
        self._spec = Table(name, key=tuple(key), cursor=None, deletes="sweep")
        destination = dlt.destinations.duckdb(str(folder / f"{name}.duckdb"))
        self._pipeline = dlt.pipeline(
            name, pipelines_dir=str(folder / "dlt"), destination=destination, dataset_name="raw"
        )

    def source(self, sql: str) -> None:
        """Run statements in Postgres and analyze the table."""
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.execute(f"analyze {self._spec.name}")
        connection.close()

    def raw(self, sql: str) -> None:
        """Run a statement in RAW, whose table is named as Postgres's."""
        with self._pipeline.sql_client() as client:
            client.execute_sql(sql)

    def copy(self) -> None:
        """Load the table into RAW as it is."""
        with self.open() as (reader, _):
            rows = reader.all_rows()
            hints = reader.hints
        resource = dlt.resource(rows, name=self._spec.name, columns=[*hints.values(), DELETED_AT])
        self._pipeline.run(resource)

    @contextmanager
    def open(self) -> Iterator[tuple["Reader", RawTable]]:
        """Open both sides: Postgres in a snapshot of now."""
        with Snapshot(sa.make_url(self.url), SnapshotOptions(visibility_delay=0.0)) as snapshot:
            with snapshot.engine.connect() as connection:
                (found,) = read_catalog(connection, [("public", self._spec.name)])
            raw = RawTable(RawClients(self._pipeline), self._spec.name, [], self._spec.name)
            known = raw.columns if raw.exists else {}
            source = SourceTable(self._spec, found, snapshot.info, raw_columns=known)
            raw.key = source.key
            yield Reader(snapshot, source, CursorWindow(snapshot, dict, None)), raw


class Reader(PrimaryKeyReader):
    """The keys of Postgres's side, and all its rows."""

    def all_rows(self):
        """Return the rows as a load brings them."""
        query = self._source.select(sa.true())
        with self._snapshot.scanner.session() as session:
            return session.execute(self._source.scan(query)).to_arrow_table()

    @property
    def hints(self):
        """dlt's columns."""
        return self._source.hints
