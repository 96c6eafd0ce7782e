"""When the keys of a table are checked: the time of its last check is in the state of its source.

A table of up to KEYS_A_DAY rows is checked once a day, a larger one as much more rarely, and each at least once in
LONGEST. So a day's checks of one table read at most KEYS_A_DAY keys, up to 30 times as many rows. dlt's setting
`partition.check_every` is the shortest time in seconds; 0 checks in every load.
"""

from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract.extractors import ImportFileMeta
from dlt.extract.items_transform import ItemTransform
from typing_extensions import override

from exactly_once.errors import PipelineError

STATE = "partition_checks"  # {table: {"at": time of the last check, "rows": of the table then}}
KEYS_A_DAY = 50_000_000
LONGEST = timedelta(days=30)
DAY = 86_400.0
# The clocks of two machines differ by less: a load id has the time at which its load began.
CLOCKS = timedelta(days=1)


def entries(pipeline: dlt.Pipeline) -> Mapping[str, Any]:
    """Return the last check of each table, from the pipeline's state."""
    source = pipeline.state.get("sources", {}).get(pipeline.default_schema_name or "", {})
    found: Mapping[str, Any] = source.get(STATE, {})
    return found


def is_due(entry: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether a table is to be checked."""
    days = max(1.0, entry.get("rows", 0) / KEYS_A_DAY)
    every = timedelta(seconds=check_every())
    last: datetime = datetime.fromisoformat(entry["at"])
    return bool(now >= last + min(every * days, LONGEST))


def check_every() -> float:
    """Return the shortest time between two checks of a table, in seconds.

    Raises:
        PipelineError: the setting makes no sense.
    """
    found = dlt.config.get("partition.check_every", float)
    seconds = DAY if found is None else found
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise PipelineError(
            f"PARTITION__CHECK_EVERY is {seconds}: give seconds, from 0 to {LONGEST.total_seconds():.0f}."
        )
    return seconds


def first_load_id(entry: Mapping[str, Any]) -> str:
    """Return what the ids of all loads since the last check follow in order."""
    return f"{(datetime.fromisoformat(entry['at']) - CLOCKS).timestamp():.0f}"


def note(table: str, rows: int, is_kept: bool = True) -> None:
    """Write that a table is checked, into the state of the source that is being extracted.

    Args:
        table: in RAW.
        rows: of it.
        is_kept: whether it is to be checked again; else its last check is forgotten.
    """
    known: MutableMapping[str, Any] = dlt.current.source_state().setdefault(STATE, {})
    if is_kept:
        known[table] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "rows": rows}
    else:
        known.pop(table, None)


class NoteFirstRows(ItemTransform[Any]):
    """A step of a resource: from its first rows on, the table is one that is checked."""

    placement_affinity = 4  # after the step that drops unchanged rows

    def __init__(self, table: str) -> None:
        super().__init__(self.__call__)
        self._table = table

    @override
    def __call__(self, item: Any, meta: Any = None) -> Any:
        has_rows = item.num_rows > 0 if isinstance(item, pa.Table) else bool(item)
        if has_rows or isinstance(meta, ImportFileMeta):
            known = dlt.current.source_state().setdefault(STATE, {})
            if self._table not in known:
                note(self._table, 0)
        return item
