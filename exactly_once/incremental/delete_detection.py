"""What a cursor never sees: rows that vanished upstream, and rows that came back with an old cursor.

The sweep streams the keys of both sides in order, side by side, and holds neither. A row that vanished stays in RAW
with its last values, and `_deleted_at` says since when; a row that RAW lacks is fetched.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from shlex import quote

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TTableSchemaColumns

from exactly_once.errors import PipelineError, TableError
from exactly_once.incremental.key_diff import Key, SortedKeyDiff
from exactly_once.incremental.raw_table import BATCH, RawTable
from exactly_once.table_guard import TableGuard

DELETED_AT = {"name": "_deleted_at", "data_type": "timestamp", "nullable": True}
FEW = 10  # so many may always vanish: a share of a small table says nothing

Fetch = Callable[[Sequence[Key]], pa.Table]


class DeleteThresholdExceeded(TableError):
    """More rows vanished than a load may mark as deleted: an emptied source looks the same as deleted rows."""

    exit_code = 3


class DeleteDetector:
    """One table's sweep.

    Args:
        raw: what RAW holds of the table.
        present: returns the source's keys in tables, ascending as `RawTable.keys` has them.
        fetch: returns those of the source's rows of some keys that a load before this one should have brought; None
            where a row that RAW lacks comes by itself.
        share: of RAW's living rows that may vanish at once, 0 to 1.
        accept: whether they may all vanish, because somebody said so.
        types: dlt's columns whose types this load changes; None: all are as the last load left them.
    """

    def __init__(
        self,
        raw: RawTable,
        present: Callable[[], Iterator[pa.Table]],
        fetch: Fetch | None,
        share: float,
        accept: bool,
        types: TTableSchemaColumns | None = None,
    ) -> None:
        self._raw = raw
        self._present = present
        self._fetch = fetch
        self._share = share
        self._accept = accept
        self._types = types or {}

    @property
    def columns(self) -> TTableSchemaColumns:
        """dlt's columns of the rows."""
        return {name: column | self._types.get(name, {}) for name, column in self._raw.columns.items()}

    def rows(self) -> Iterator[pa.Table]:
        """Yield the rows to merge into RAW: vanished ones with `_deleted_at` (UTC), missing ones alive.

        Raises:
            DeleteThresholdExceeded: the source is empty or more than `share` of the rows vanished; it comes last,
                and what was yielded before it is not loaded.
        """
        if not self._raw.exists:
            return  # the first load
        merge = SortedKeyDiff(self._raw.keys(), self._present())
        if merge.source_is_empty:
            self._break("the source is empty")
        for is_gone, keys in _batches(merge.iter_differences()):
            if is_gone:
                yield self._marked(keys)
            elif self._fetch and (missing := self._fetch(keys)).num_rows:
                yield missing
        if merge.gone > max(FEW, self._share * merge.known):
            self._break(f"{merge.gone:,} of {merge.known:,} rows vanished, more than {self._share:.0%}")

    def _marked(self, keys: Sequence[Key]) -> pa.Table:
        rows = self._raw.rows(keys)
        at = pa.array([datetime.now(UTC)] * rows.num_rows, pa.timestamp("us", "UTC"))
        return rows.set_column(rows.column_names.index("_deleted_at"), "_deleted_at", at)

    def _break(self, what: str) -> None:
        if self._accept:
            return
        name, pipeline = self._raw.source_name, self._raw.pipeline_name
        raise DeleteThresholdExceeded(
            f"{name}: {what}; nothing of this table was loaded. If they were deleted on purpose, type "
            f"python pipelines/{pipeline}.py --accept-deletes {quote(name)}"
        )


def parse_accept_deletes(names: Sequence[str], known: Iterable[str]) -> set[str]:
    """Return the tables of which any share may vanish this once.

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
    sweep: DeleteDetector, name: str, table_name: str, key: list[str], guard: TableGuard | None = None
) -> dlt.sources.DltResource:
    """Return the resource `name` that merges a sweep's rows into `table_name`.

    Args:
        sweep: of the table.
        name: of the resource.
        table_name: in RAW.
        key: the columns that identify a row.
        guard: of the table, whose refusal by the sweep refuses its changes too; None: the load fails.
    """

    def vanished() -> Iterator[pa.Table]:
        for rows in guard.rows(sweep.rows(), "looking for deletes in") if guard else sweep.rows():
            yield dlt.mark.with_hints(rows, dlt.mark.make_hints(columns=sweep.columns))

    return dlt.resource(
        vanished,
        name=name,
        table_name=table_name,
        write_disposition="merge",
        primary_key=key,
        columns=[DELETED_AT],
    )


def deletes_resource_names(names: Iterable[str]) -> dict[str, str]:
    """Return the name of the sweep's resource for each table: none is the name of a table."""
    known = set(names)
    found = {}
    for name in known:
        found[name] = f"{name}_deletes"
        while found[name] in known:
            found[name] += "_"
    return found


def _batches(differences: Iterable[tuple[bool, Key]]) -> Iterator[tuple[bool, list[Key]]]:
    """Yield runs of one kind, at most BATCH keys each."""
    kinds: dict[bool, list[Key]] = {True: [], False: []}
    for kind, key in differences:
        kinds[kind].append(key)
        if len(kinds[kind]) == BATCH:
            yield kind, kinds[kind]
            kinds[kind] = []
    yield from ((kind, keys) for kind, keys in kinds.items() if keys)
