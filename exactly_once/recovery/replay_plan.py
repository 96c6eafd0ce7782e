"""Which loads make RAW again, in which order, and which of their files: told by the lake's records."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dlt.common.schema import Schema
from dlt.common.schema.utils import get_inherited_table_hint

from exactly_once.recovery.manifest_chain import history
from exactly_once.recovery.manifests import LoadManifest


@dataclass(frozen=True)
class ReplayStep:
    """One load to be landed again.

    Args:
        record: what the lake tells of it.
        files: those of the record that count, by table.
        anew: tables that had been dropped, and that this load made again.
    """

    record: LoadManifest
    files: dict[str, list[str]]
    anew: list[str]

    @property
    def load_id(self) -> str:
        """The load's id."""
        return self.record.load_id


def plan_replay(records: Iterable[LoadManifest], schema: Callable[[str], Schema], where: str = "") -> list[ReplayStep]:
    """Return the loads of the newest RAW in the order in which they landed.

    What came before RAW was dropped, or before one of its tables was, is left out: it was read again then, and rows
    that the source had deleted meanwhile did not come back. So is what RAW lost when an older copy took its place.

    Args:
        records: all of a pipeline, in any order.
        schema: returns a version of dlt's schema.
        where: the folder that holds the records, for messages.

    Raises:
        PipelineError: a record is missing or was changed; see `manifests.history`.
    """
    ordered, _ = history(records, where)
    begins = _begins(ordered, schema)
    steps: list[ReplayStep] = []
    earlier: set[str] = set()
    for number, record in enumerate(ordered):
        files = {table: paths for table, paths in record.files.items() if begins.get(table, 0) <= number}
        anew = [table for table in files if begins.get(table) == number and table in earlier]
        steps.append(ReplayStep(record, files, anew))
        earlier.update(record.files)
    return steps


def _begins(ordered: list[LoadManifest], schema: Callable[[str], Schema]) -> dict[str, int]:
    """Return for each table the number of the last load that found RAW without a row of it, where one did."""
    how = {version: _dispositions(schema(version)) for version in {record.schema_version for record in ordered}}
    merged = {table for record in ordered for table in record.files if how[record.schema_version].get(table) == "merge"}
    begins: dict[str, int] = {}
    for number, record in enumerate(ordered):
        # A load that was killed may not have told what it made. A merged table is copied where RAW has no row of it.
        copied = {table for table in record.files if how[record.schema_version].get(table) == "append"} & merged
        begins |= dict.fromkeys([*record.made, *copied], number)
    return begins


def _dispositions(schema: Schema) -> dict[str, str]:
    return {
        name: get_inherited_table_hint(schema.tables, name, "write_disposition", allow_none=True) or "append"
        for name in schema.tables
    }
