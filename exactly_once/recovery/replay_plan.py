"""Which loads rebuild RAW, in which order, and which of their files: read from the lake's manifests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dlt.common.schema import Schema
from dlt.common.schema.utils import get_inherited_table_hint

from exactly_once.recovery.manifest_chain import history
from exactly_once.recovery.manifests import LoadManifest


@dataclass(frozen=True)
class ReplayStep:
    """One load to be loaded again.

    Args:
        manifest: of the load.
        files: those of the manifest that are loaded, by table.
        recreated_tables: tables that had been dropped, and that this load created again.
    """

    manifest: LoadManifest
    files: dict[str, list[str]]
    recreated_tables: list[str]

    @property
    def load_id(self) -> str:
        """The load's id."""
        return self.manifest.load_id


def plan_replay(
    manifests: Iterable[LoadManifest], schema: Callable[[str], Schema], where: str = ""
) -> list[ReplayStep]:
    """Return the loads of the newest RAW in the order in which they were loaded.

    Files from before RAW or one of its tables was dropped are left out: their rows were read again then, without those
    that the source had deleted meanwhile. So are loads that RAW lost when an older copy replaced it.

    Args:
        manifests: all of a pipeline, in any order.
        schema: returns a version of dlt's schema.
        where: the folder that holds the manifests, for messages.

    Raises:
        PipelineError: a manifest is missing or was changed; see `manifest_chain.history`.
    """
    ordered, _ = history(manifests, where)
    begins = _begins(ordered, schema)
    steps: list[ReplayStep] = []
    earlier: set[str] = set()
    for number, manifest in enumerate(ordered):
        files = {table: paths for table, paths in manifest.files.items() if begins.get(table, 0) <= number}
        recreated = [table for table in files if begins.get(table) == number and table in earlier]
        steps.append(ReplayStep(manifest, files, recreated))
        earlier.update(manifest.files)
    return steps


def _begins(ordered: list[LoadManifest], schema: Callable[[str], Schema]) -> dict[str, int]:
    """Return for each table the number of the last load before which RAW had no row of it, if there is one."""
    how = {version: _dispositions(schema(version)) for version in {one.schema_version for one in ordered}}
    merged = {table for one in ordered for table in one.files if how[one.schema_version].get(table) == "merge"}
    begins: dict[str, int] = {}
    for number, one in enumerate(ordered):
        # The manifest of a killed load may lack created tables. A merged table is appended to if RAW has no row of it.
        copied = {table for table in one.files if how[one.schema_version].get(table) == "append"} & merged
        begins |= dict.fromkeys([*one.created_tables, *copied], number)
    return begins


def _dispositions(schema: Schema) -> dict[str, str]:
    return {
        name: get_inherited_table_hint(schema.tables, name, "write_disposition", allow_none=True) or "append"
        for name in schema.tables
    }
