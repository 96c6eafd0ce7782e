"""Find rows that a cursor never sees: those deleted at the source, and those that came back with an old cursor.

The keys of source and RAW are compared: by digests of slices where both sides can compute them, else, and where those
differ, as streams in order; neither is held in memory. A deleted row stays in RAW with its last values, and
`_deleted_at` says since when. A row that RAW lacks is fetched.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

from exactly_once.errors import PipelineError, TableError
from exactly_once.incremental.key_diff import Key, SortedKeyDiff
from exactly_once.incremental.raw_table import BATCH, RawTable
from exactly_once.table_guard import TableGuard

DELETED_AT: TColumnSchema = {"name": "_deleted_at", "data_type": "timestamp", "nullable": True}
ALWAYS_ALLOWED = 10  # deleted rows: a fraction of a small table says nothing

Fetch = Callable[[Sequence[Key]], pa.Table]


class DeleteThresholdExceeded(TableError):
    """More rows are gone than a load may mark as deleted: an emptied source looks the same as deleted rows."""

    exit_code = 3


class RowsToMerge(Protocol):
    """What `deletes_resource` merges: a DeleteDetector, or one whose rows are changed on their way."""

    @property
    def columns(self) -> TTableSchemaColumns:
        """dlt's columns of the rows."""

    def rows(self) -> Iterator[pa.Table]:
        """Yield the rows to merge into RAW."""


class KeyDiff(Protocol):
    """A comparison of the keys of RAW and of the source; `known` and `deleted` count when it is iterated."""

    known: int
    deleted: int

    @property
    def source_is_empty(self) -> bool:
        """Tell whether RAW has keys and the source has none."""

    def iter_differences(self) -> Iterator[tuple[bool, Key]]:
        """Yield (True, a key that only RAW has) and (False, a key that only the source has)."""


class DeleteDetector:
    """Finds the deleted and the missing rows of one table.

    Args:
        raw: the table in RAW.
        source_keys: returns the source's keys in tables, ascending as `RawTable.keys` returns them.
        fetch: returns the source's rows of keys that RAW lacks; None: the next load brings them anyway.
        max_deleted_fraction: of RAW's rows that may be gone at once, 0 to 1.
        accept: whether any fraction may be gone, because a person accepted it.
    """

    def __init__(
        self,
        raw: RawTable,
        source_keys: Callable[[], Iterator[pa.Table]],
        fetch: Fetch | None,
        max_deleted_fraction: float,
        accept: bool,
    ) -> None:
        self._raw = raw
        self._source_keys = source_keys
        self._fetch = fetch
        self._max_deleted_fraction = max_deleted_fraction
        self._accept = accept
        self._types: TTableSchemaColumns = {}
        self._digest_diff: Callable[[RawTable], KeyDiff | None] = _no_digests

    def with_digests(self, digest_diff: Callable[[RawTable], "KeyDiff | None"]) -> "DeleteDetector":
        """Compare by digests where the function returns a comparison; return the detector."""
        self._digest_diff = digest_diff
        return self

    def with_types(self, types: TTableSchemaColumns) -> "DeleteDetector":
        """Give the rows the types of some columns of dlt's, which this load changes; return the detector."""
        self._types = types
        return self

    @property
    def columns(self) -> TTableSchemaColumns:
        """dlt's columns of the rows."""
        return {name: column | self._types.get(name, {}) for name, column in self._raw.columns.items()}

    def rows(self) -> Iterator[pa.Table]:
        """Yield the rows to merge into RAW: deleted ones with `_deleted_at` (UTC), missing ones as they are.

        Raises:
            DeleteThresholdExceeded: the source is empty, or more than `max_deleted_fraction` of the rows are gone. It
                is raised last; the rows that were yielded before it are not loaded.
        """
        if not self._raw.exists:
            return  # the first load
        diff: KeyDiff = self._digest_diff(self._raw) or SortedKeyDiff(self._raw.keys(), self._source_keys())
        if diff.source_is_empty:
            self._exceed("the source is empty")
        for is_deleted, keys in _batches(diff.iter_differences()):
            if is_deleted:
                yield self._marked(keys)
            elif self._fetch and (missing := self._fetch(keys)).num_rows:
                yield missing
        if diff.deleted > max(ALWAYS_ALLOWED, self._max_deleted_fraction * diff.known):
            self._exceed(
                f"{diff.deleted:,} of {diff.known:,} rows vanished, more than {self._max_deleted_fraction:.0%}"
            )

    def _marked(self, keys: Sequence[Key]) -> pa.Table:
        rows = self._raw.rows(keys)
        at = pa.array([datetime.now(UTC)] * rows.num_rows, pa.timestamp("us", "UTC"))
        return rows.set_column(rows.column_names.index("_deleted_at"), "_deleted_at", at)

    def _exceed(self, what: str) -> None:
        if self._accept:
            return
        name = self._raw.source_name
        raise DeleteThresholdExceeded(
            f"{name}: {what}; nothing of this table was loaded. If they were deleted on purpose, type "
            f"{self._raw.info.accept('accept_deletes', name)}"
        )


def parse_accept_deletes(names: Sequence[str], known: Iterable[str]) -> set[str]:
    """Return the tables of which any fraction of the rows may be gone in this load.

    Raises:
        PipelineError: a name is none of the known ones, nor "all".
    """
    return parse_names("accept_deletes", names, known)


def parse_names(option: str, names: Sequence[str], known: Iterable[str]) -> set[str]:
    """Return the tables that an option names, every known one for "all".

    Raises:
        PipelineError: a name is none of the known ones, nor "all".
    """
    known = set(known)
    unknown = sorted(set(names) - known - {"all"})
    if unknown:
        raise PipelineError(f"{option} names {', '.join(unknown)}: say {', '.join(sorted(known))} or all.")
    return known if "all" in names else set(names)


def deletes_resource(
    detector: RowsToMerge, name: str, table_name: str, key: list[str], guard: TableGuard | None = None
) -> dlt.sources.DltResource:
    """Return the resource `name` that merges the rows of a detector into `table_name`.

    Args:
        detector: of the table.
        name: of the resource.
        table_name: in RAW.
        key: the columns that identify a row.
        guard: of the table: an exceeded threshold leaves out the table's changes, too; None: it fails the load.
    """

    def deleted_rows() -> Iterator[pa.Table]:
        for rows in guard.rows(detector.rows(), "looking for deletes in") if guard else detector.rows():
            yield dlt.mark.with_hints(rows, dlt.mark.make_hints(columns=detector.columns))

    return dlt.resource(
        deleted_rows,
        name=name,
        table_name=table_name,
        write_disposition="merge",
        primary_key=key,
        columns=[DELETED_AT],
    )


def deletes_resource_names(names: Iterable[str]) -> dict[str, str]:
    """Return the name of each table's resource of deletes; none is the name of a table."""
    known = set(names)
    found = {}
    for name in known:
        found[name] = f"{name}_deletes"
        while found[name] in known:
            found[name] += "_"
    return found


def _no_digests(_: RawTable) -> None:
    return None


def _batches(differences: Iterable[tuple[bool, Key]]) -> Iterator[tuple[bool, list[Key]]]:
    """Yield runs of one kind, at most BATCH keys each."""
    kinds: dict[bool, list[Key]] = {True: [], False: []}
    for kind, key in differences:
        kinds[kind].append(key)
        if len(kinds[kind]) == BATCH:
            yield kind, kinds[kind]
            kinds[kind] = []
    yield from ((kind, keys) for kind, keys in kinds.items() if keys)
