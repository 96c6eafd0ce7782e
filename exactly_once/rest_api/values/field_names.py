"""The names that an endpoint's fields have in RAW, from one load to the next."""

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Any

import dlt

from exactly_once.errors import TableError
from exactly_once.names import is_reserved, raw_name, raw_names
from exactly_once.source_info import SourceInfo

State = Callable[[], MutableMapping[str, Any]]


class FieldNames:
    """The names in RAW of an endpoint's fields; the resource's state keeps those that differ from the field's own.

    Declared fields come first, then what came first: a name that RAW has stays.

    Args:
        table: its name in RAW, as dlt has it.
        declared: the fields that the declaration names.
        state: returns the state of the dlt resource.
        info: of the source, for messages.
    """

    def __init__(self, table: str, declared: Iterable[str], state: State, info: SourceInfo) -> None:
        self.table, self._state, self._info = table, state, info
        self.declared = raw_names(declared)
        self._known: dict[str, str] = {}
        self._is_read = False
        self._is_complete = True

    def of(self, fields: Collection[str]) -> Mapping[str, str]:
        """Return the names of these fields, among others."""
        if not self._is_read:
            self._read_state()
        if not all(field in self._known for field in fields):
            self._add(fields)
        return self._known

    def _read_state(self) -> None:
        self._is_read = True
        state = self._state()
        # A state from before this rule names no field: a column of RAW may be of any field that normalizes to it.
        self._is_complete = "names" in state or not state.get("incremental")
        kept = state.get("names", {})
        if self._is_complete:
            state.setdefault("names", {})
        self._known = {**raw_names(self.declared, kept), **kept}
        for field, raw in self.declared.items():
            if self._known[field] != raw:
                raise TableError(
                    f"{self.table}.{self._known[field]}: {self._info.declared_in} declares {field!r}, which has had "
                    f"this name beside another field that is called {raw}: remove it from the columns there."
                )

    def _add(self, fields: Collection[str]) -> None:
        taken = set()
        if self._is_complete:
            columns = dlt.current.source_schema().tables.get(self.table, {}).get("columns", {})
            taken = {name for name in columns if not is_reserved(name)} - set(self._known.values())
        known = {name: name for name in taken} | self._known
        found = raw_names([*known, *(field for field in fields if field not in known)], known)
        self._known = {**self._known, **{field: found[field] for field in fields}}
        kept = {
            field: raw
            for field, raw in self._known.items()
            if field != raw and (self._is_complete or raw != raw_name(field))
        }
        state = self._state()
        if kept != state.get("names", {}):
            state["names"] = kept
