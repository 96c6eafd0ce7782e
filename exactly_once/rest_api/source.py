"""The dlt resources of a REST source: for each endpoint what changed, and what vanished."""

from collections.abc import Collection, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TSchemaContractDict, TTableSchemaColumns

from exactly_once.errors import PipelineError, TableError
from exactly_once.incremental.delete_detection import (
    DELETED_AT,
    DeleteDetector,
    deletes_resource,
    deletes_resource_names,
    parse_accept_deletes,
)
from exactly_once.incremental.drop_unchanged import DropUnchanged
from exactly_once.incremental.key_diff import Key, batch_keys
from exactly_once.incremental.raw_table import RawClients, RawTable
from exactly_once.partitions.declaration import settled_hints
from exactly_once.rest_api.client import ApiClient
from exactly_once.rest_api.key_listing import iter_sorted_keys
from exactly_once.rest_api.lookback import LookbackCursor
from exactly_once.rest_api.spec import Endpoint, accepted_types, check_endpoints, raw_table
from exactly_once.rest_api.time_windows import ParallelTimeWindows
from exactly_once.rest_api.values.arrow_batches import DELETED, PagesToArrow
from exactly_once.rest_api.values.arrow_types import declared_type
from exactly_once.rest_api.values.field_names import FieldNames
from exactly_once.rest_api.values.notices import Notices
from exactly_once.rest_api.values.widened_rows import WidenedRows
from exactly_once.spec import declarations
from exactly_once.table_guard import TableGuard

# Of @dlt.source, with max_table_nesting=0: new columns come, and types change only as arrow_columns.py permits.
CONTRACT: TSchemaContractDict = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
MAX_WINDOWS = 64  # each is a connection and a thread

Pages = Iterator[list[dict[str, Any]]]


@dataclass(frozen=True)
class LoadOptions:
    """How one load reads its endpoints; a source's settings have the names in brackets.

    Args:
        lookback_seconds: [lag] before the saved cursor, from which objects are read again; unchanged ones are dropped.
        windows: of time that are read in parallel, at most 64, where a collection has many pages; 1: none.
        detect_deletes: [sweep] whether to look for vanished objects, which reads the collections whole.
        is_strict: [strict] whether an endpoint that cannot be loaded exactly refuses the others, too.
        accept_deletes: endpoints of which any fraction may vanish in this load; "all": every one.
        accept_type: fields as endpoint.field whose type may change in this load; their endpoints are read whole.
    """

    lookback_seconds: float = 600.0
    windows: int = 4
    detect_deletes: bool = True
    is_strict: bool = False
    accept_deletes: Sequence[str] = ()
    accept_type: Sequence[str] = ()


def rest_resources(
    client: ApiClient, endpoints: Sequence[Endpoint], options: LoadOptions | None = None
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each endpoint, and behind it the one that marks its deletes where it declares so.

    Args:
        client: of the API.
        endpoints: of the source.
        options: of this load.

    Raises:
        PipelineError: an option makes no sense, or two endpoints share a name.
    """
    options = options or LoadOptions()
    endpoints = declarations(Endpoint, endpoints, client.info.declared_in)
    check_endpoints(client.info, endpoints)
    names = [endpoint.name for endpoint in endpoints]
    _check_ranges(client, options)
    may_vanish = parse_accept_deletes(options.accept_deletes, names)
    may_change = accepted_types(client.info, options.accept_type, endpoints)
    raw_clients, deletes_names = RawClients(info=client.info), deletes_resource_names(names)
    for endpoint in endpoints:
        resources = EndpointResources(client, endpoint, raw_clients, options, may_change[endpoint.name])
        yield resources.changes()
        if endpoint.deletes == "sweep" and options.detect_deletes:
            yield resources.deletes(deletes_names[endpoint.name], endpoint.name in may_vanish)


class EndpointResources:
    """The resources of one endpoint in one load.

    Args:
        client: of the API.
        endpoint: its declaration.
        raw_clients: of the warehouse.
        options: of the load.
        accepted: fields whose type may change in this load.
    """

    def __init__(
        self,
        client: ApiClient,
        endpoint: Endpoint,
        raw_clients: RawClients,
        options: LoadOptions,
        accepted: Collection[str] = (),
    ) -> None:
        self._client, self._endpoint, self._options, self._accepted = client, endpoint, options, accepted
        info = client.info
        self._table = raw_table(info, endpoint.name)
        self._names = FieldNames(self._table, endpoint.declared, self._state, info)
        self._raw_key = self._names.declared[endpoint.key]
        self._raw_cursor = self._names.declared[endpoint.cursor] if endpoint.cursor else None
        self._raw = RawTable(raw_clients, self._table, [self._raw_key], endpoint.name)
        self._guard = TableGuard(endpoint.name, self._table, self._state, options.is_strict)
        self._notices = Notices(self._table, endpoint, info)

    def changes(self) -> dlt.sources.DltResource:
        """Return the resource that reads what changed since the last load."""
        cursor = None
        if self._endpoint.cursor:
            cursor = LookbackCursor(self._state, self._endpoint, self._options.lookback_seconds, self._notices)

        def objects() -> Pages:
            yield from self._guard.rows(self._with_known_key(self._read(cursor)))

        resource: dlt.sources.DltResource = dlt.resource(
            objects,
            name=self._endpoint.name,
            table_name=self._table,
            primary_key=self._raw_key,
            write_disposition="merge",
            columns=self._columns(),
        )
        to_arrow = PagesToArrow(self._endpoint, self._names, self._notices, self._client.info, self._accepted)
        resource.add_step(self._guard.step(to_arrow))
        if not self._accepted:
            mask = partial(cursor.previously_loaded_mask, column=self._raw_cursor or "") if cursor else _all_rows
            resource.add_step(self._guard.step(DropUnchanged(self._raw, [self._raw_key], mask)))
        return resource

    def deletes(self, name: str, accept: bool) -> dlt.sources.DltResource:
        """Return the resource that marks objects that vanished, and revives those that are listed again.

        Args:
            name: of the resource.
            accept: whether any fraction may vanish.
        """
        # An object that RAW has never had is newer than the read, and comes with the next. Without a cursor every
        # object comes with each load.
        fetch = self._revived if self._endpoint.cursor else None
        detector = DeleteDetector(self._raw, self._keys, fetch, self._endpoint.max_deleted_fraction, accept)
        return deletes_resource(WidenedRows(detector, self._table), name, self._table, [self._raw_key], self._guard)

    def _columns(self) -> Any:
        """Return dlt's hints of the columns that are declared or added."""
        kinds = {field: declared_type(kind) for field, kind in self._endpoint.types.items()}
        columns = {self._names.declared[field]: kind.hints for field, kind in kinds.items() if kind}
        if self._raw_cursor:  # of an object that comes twice in one load, the newest version stays
            columns[self._raw_cursor] = {"data_type": "timestamp", "dedup_sort": "desc"}
        if self._endpoint.deletes == "sweep":
            columns |= {name: kind.hints for name, kind in DELETED.items()}
        # dlt takes one column that tells which of two rows is the newest; another declaration may have had another.
        for name, column in self._known().items():
            if column.get("dedup_sort") and name != self._raw_cursor:
                columns[name] = columns.get(name, {}) | {"dedup_sort": None}
        partition = self._names.declared[self._endpoint.partition] if self._endpoint.partition else None
        for name, hint in settled_hints(self._known(), partition).items():
            columns[name] = columns.get(name, {}) | hint
        return columns

    def _read(self, cursor: LookbackCursor | None) -> Pages:
        since = cursor.start() if cursor else None
        try:
            for page in self._pages(None if self._accepted else since):
                if cursor:
                    cursor.observe(page)
                yield page
            if cursor and not self._guard.is_refused:
                cursor.save()
        finally:
            self._notices.report()

    def _pages(self, since: str | None) -> Pages:
        if not self._endpoint.cursor:
            return self._client.iter_pages(self._endpoint, notices=self._notices)
        pages = partial(self._client.iter_pages, self._endpoint, notices=self._notices)
        windows = ParallelTimeWindows(
            pages,
            self._endpoint.cursor,
            self._options.windows,
            self._client.paging.page_size,
            self._client.transport.limiter,
        )
        return windows.read(since)

    def _known(self) -> TTableSchemaColumns:
        """Return dlt's columns of the table as the last load left them."""
        return self._raw.columns if self._raw.exists else {}

    def _with_known_key(self, pages: Pages) -> Pages:
        """Refuse a key that the rows in RAW were not loaded by: a merge would find none of them.

        Raises:
            TableError: the declaration has another key than the last load had.
        """
        key = [name for name, column in self._known().items() if column.get("primary_key")]
        if key and key != [self._raw_key]:
            name = self._endpoint.name
            raise TableError(
                f"{name}: its key in {self._client.info.declared_in} is {self._endpoint.key}, and RAW was loaded by "
                f"{', '.join(key)}: change the key back. Nothing of {name} was loaded."
            )
        yield from pages

    def _keys(self) -> Iterator[pa.Table]:
        return batch_keys(iter_sorted_keys(self._client, self._endpoint))

    def _revived(self, keys: Sequence[Key]) -> pa.Table:
        """Return RAW's rows of keys that the API lists and RAW has marked as deleted, no longer marked.

        An earlier listing lacked them. An object that changed meanwhile has a later cursor, and its version comes with
        the changes.
        """
        rows = self._raw.rows(keys)
        place = rows.column_names.index(DELETED_AT["name"])
        return rows.set_column(place, DELETED_AT["name"], pa.nulls(rows.num_rows, rows.column(place).type))

    def _state(self) -> MutableMapping[str, Any]:
        return dlt.current.resource_state(self._endpoint.name)


def _all_rows(page: pa.Table) -> pa.Array:
    return pa.array([True] * page.num_rows, pa.bool_())


def _check_ranges(client: ApiClient, options: LoadOptions) -> None:
    ranges: tuple[tuple[str, float, float, float], ...] = (
        ("lag", options.lookback_seconds, 0, 1e9),
        ("page_size", client.paging.page_size, 1, 1e9),
        ("windows", options.windows, 1, MAX_WINDOWS),
    )
    for setting, value, least, most in ranges:
        if not least <= value <= most:  # a NaN is not
            raise PipelineError(f"{client.info.setting(setting)} is {value}: give a number from {least} to {most:g}.")
