"""Parts of a Postgres table that several connections read at the same time: ranges of its pages, a file for each.

A row's ctid says on which page of its table the row is, and in one snapshot it never moves. So half-open ranges that
cover every page number hold each row once, whatever the table's statistics say.
"""

import math
import threading
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exactly_once.postgres.connection.session_settings import MARKED

TARGET_FILE_BYTES = 160 << 20  # bytes of a Parquet file; Snowflake's COPY is at its best with 100 to 250 MB
PAGE_TO_PARQUET_RATIO = 6  # times that rows get smaller from a page to Parquet, until the first file says how much
MIN_PARALLEL_PAGES = 2_000  # pages, 16 MB: less is not worth a connection of its own
MIN_PARALLEL_ROWS = 500_000  # rows found by an index that several connections are worth

# Tables, partitioned ones and materialized views have pages; views and foreign tables have none.
SIZE = """
select c.relkind in ('r', 'p', 'm') and current_setting('server_version_num')::int >= 140000,
    ceil(max(pg_relation_size(part.id)) / current_setting('block_size')::numeric)::bigint,
    sum(pg_table_size(part.id))::bigint
from pg_class c,
    lateral (select c.oid as id union select relid from pg_partition_tree(c.oid) where isleaf) part
where c.oid = (%(table)s)::regclass
group by 1
"""
# A session that hides its activity ("disabled") is active while it has a snapshot or a transaction id.
ACTIVE_SESSIONS = f"""
select count(*) filter (
        where (state = 'active' or state = 'disabled' and coalesce(backend_xid, backend_xmin) is not null)
            and pid <> all (select pid from ({MARKED}) as ours)
    ), current_setting('max_connections')::int - count(*)
from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Size:
    """How large a table is.

    Args:
        pages: of its largest partition; 0: it cannot be divided.
        bytes: of all partitions.
    """

    pages: int
    bytes: int

    @property
    def is_small(self) -> bool:
        """Tell whether one connection reads the table before a second one would be ready."""
        return self.pages < MIN_PARALLEL_PAGES


def table_size(connection: sa.Connection, table: str) -> Size:
    """Return the size of a table, quoted and with its schema; of all its partitions together."""
    has_pages, pages, size = connection.exec_driver_sql(SIZE, {"table": table}).one()
    return Size(pages if has_pages else 0, size or 0)


def free_connections(connection: sa.Connection, most: int) -> int:
    """Return how many connections a load may use now, 1 to `most`.

    Each other session that runs a statement takes one away, and a load uses at most a quarter of the connections that
    the server has left.
    """
    active, left = connection.exec_driver_sql(ACTIVE_SESSIONS).one()
    return int(max(1, min(most - active, left // 4)))


def is_long_scan(plan: list[dict[str, Any]]) -> bool:
    """Tell from Postgres's plan of a query (EXPLAIN's JSON) whether several connections would share real work."""
    top = plan[0]["Plan"]
    return int(top["Plan Rows"]) >= MIN_PARALLEL_ROWS or "Seq Scan" in str(top)


class CtidRangeQueue:
    """Hands out the ranges of a table, for files of about TARGET_FILE_BYTES, to the threads of one read.

    The estimate of bytes in a file starts conservative and converges.

    Args:
        size: of the table.
        connections: that read it at the same time.
    """

    def __init__(self, size: Size, connections: int) -> None:
        self._lock = threading.Lock()
        self._next: int | None = 0
        self._size = size
        self.connections = connections
        self._last_pages: int | None = None
        self._file_bytes_per_page = max(1.0, size.bytes / max(1, size.pages) / PAGE_TO_PARQUET_RATIO)
        self._read = self._written = 0

    def next_range(self) -> tuple[int, int | None] | None:
        """Return the next range as (first page, first page behind it or None: all that follow); None at the end."""
        with self._lock:
            first = self._next
            if first is None:
                return None
            # The last range is open: the table may have grown, or another partition have more pages.
            behind = first + self._wanted(self._size.pages - first)
            self._next = behind if behind < self._size.pages else None
            return first, self._next

    def _wanted(self, left: int) -> int:
        """Return the pages of one file; of an equal part of the rest, once less than a file a connection is left."""
        for_a_file = math.ceil(TARGET_FILE_BYTES / self._file_bytes_per_page)
        if self._last_pages is None and left <= for_a_file * self.connections:
            self._last_pages = max(MIN_PARALLEL_PAGES, math.ceil(left / self.connections))
        return self._last_pages or for_a_file

    def observe(self, pages: int, written: int) -> None:
        """Record the bytes of Parquet that a range of pages became, which sizes the next ranges."""
        with self._lock:
            self._read += pages
            self._written += written
            self._file_bytes_per_page = max(1.0, self._written / self._read)


def ctid_filter(part: tuple[int, int | None]) -> sa.ColumnElement[Any]:
    """Return the SQL condition of the rows of a range."""
    first, behind = part
    upper = "" if behind is None else f" AND ctid < '({behind},0)'::tid"
    return sa.literal_column(f"ctid >= '({first},0)'::tid{upper}", sa.Boolean)
