"""The e-mail vendor's API into RAW.SAAS_<RESOURCE>: `python pipelines/saas.py`."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.interrupts import watch

    watch()

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.schema.typing import TTableSchemaColumns

from exactly_once.errors import PipelineError, TableError, check_at_import
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
from exactly_once.rest_api.client import ApiClient
from exactly_once.rest_api.key_listing import iter_sorted_keys
from exactly_once.rest_api.lookback import LookbackCursor
from exactly_once.rest_api.spec import accepted_types, check_endpoints, raw_table
from exactly_once.rest_api.time_windows import ParallelTimeWindows
from exactly_once.rest_api.transport.rate_limited_adapter import ReadLimits
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from exactly_once.rest_api.values.arrow_batches import FieldNames, PagesToArrow
from exactly_once.rest_api.values.arrow_types import ColumnType, declared_type
from exactly_once.rest_api.values.notices import Notices
from exactly_once.rest_api.values.widened_rows import WidenedRows
from exactly_once.table_guard import TableGuard

# An endpoint for each line. key: what identifies an object. cursor: the time that moves on every change, in UTC, and
# since: the parameter that asks for what is later. deletes: "sweep" lists all keys and marks objects that vanished with
# _deleted_at, "none" says that objects are never removed. share: (0.2) of the objects that may vanish from one load to
# the next. columns: types of those that JSON has no type for, or that a load may bring no value for: text, bigint,
# double, decimal, decimal(p, s), bool, timestamp or json; all others are inferred, see
# exactly_once/rest_api/values/arrow_types.py.
ENDPOINTS: dict[str, dict[str, Any]] = {
    "campaigns": {
        "key": "campaign_id",
        "cursor": "updated_at",
        "since": "updated_after",
        "deletes": "sweep",  # drafts
        "columns": {
            "settings": "json",
            "tags": "json",
            "scheduled_at": "timestamp",
            "sent_at": "timestamp",
            "created_at": "timestamp",
            "updated_at": "timestamp",
        },
    },
    "email_events": {
        "key": "event_id",  # the vendor sends some events twice
        "cursor": "received_at",  # not occurred_at: events arrive days late
        "since": "received_after",
        "deletes": "none",  # a log
        "columns": {
            "occurred_at": "timestamp",
            "received_at": "timestamp",
            "is_machine_open": "bool",
            "user_agent": "text",
            "ip_address": "text",
            "link_url": "text",
            "bounce_type": "text",
            "reason": "text",
        },
    },
    "suppressions": {
        "key": "suppression_id",
        "cursor": "updated_at",
        "since": "updated_after",
        "deletes": "sweep",
        "columns": {"created_at": "timestamp", "updated_at": "timestamp"},
    },
}
check_at_import(check_endpoints, ENDPOINTS)

WINDOWS = 64  # side by side, at most: each is a connection and a thread
CONTRACT = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
DELETED = {DELETED_AT["name"]: ColumnType(DELETED_AT["data_type"])}


@dlt.source(name="saas", schema_contract=CONTRACT, max_table_nesting=0)
def saas(
    base_url: str = dlt.config.value,
    api_key: str = dlt.secrets.value,
    lag: float = 600.0,
    page_size: int = 1000,
    windows: int = 4,
    answer_bytes: int = ReadLimits.answer_bytes,
    answer_seconds: float = ReadLimits.answer_seconds,
    pages: int = ReadLimits.pages,
    sweep: bool = True,
    strict: bool = False,
    accept_deletes: Sequence[str] = (),
    accept_type: Sequence[str] = (),
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each line of ENDPOINTS, and after each swept one the one that marks its deletes.

    Args:
        base_url: of the API, without /v1.
        api_key: the bearer token.
        lag: seconds before the saved cursor from which objects are read again; those that did not change are dropped.
        page_size: objects in one answer, at most 1000.
        windows: of time that are read side by side, at most 64, where a collection has many pages; 1: none.
        answer_bytes: of one answer, after decompression, at most.
        answer_seconds: from a request to the last byte of its answer, at most.
        pages: of one read, at most.
        sweep: whether to look for vanished objects, which reads the swept collections whole.
        strict: whether an endpoint that cannot be loaded exactly refuses the others, too.
        accept_deletes: endpoints of which any share may vanish this once; "all" stands for every one.
        accept_type: columns as endpoint.field whose type may change this once; their endpoints are read whole.
    """
    check_endpoints(ENDPOINTS)
    limits = (("LAG", lag, 0, 1e9), ("PAGE_SIZE", page_size, 1, 1e9), ("WINDOWS", windows, 1, WINDOWS))
    for setting, value, least, most in limits:
        if not least <= value <= most:  # a NaN is not
            raise PipelineError(f"SOURCES__SAAS__{setting} is {value}: give a number from {least} to {most:g}.")
    may_vanish, may_change = parse_accept_deletes(accept_deletes, ENDPOINTS), accepted_types(accept_type, ENDPOINTS)
    quota = AdaptiveRateLimiter(longest=resolve_configuration(RuntimeConfiguration()).request_max_retry_delay)
    api = ApiClient(base_url, api_key, page_size, quota, ReadLimits(answer_bytes, answer_seconds, pages))
    reader = RawClients()
    for name, options in ENDPOINTS.items():
        endpoint = Endpoint(api, name, options, reader, strict, may_change[name])
        yield endpoint.changes(lag, windows)
        if options["deletes"] == "sweep" and sweep:
            yield endpoint.deletes(name in may_vanish)


class Endpoint:
    """One endpoint in one load: what changed, and what vanished.

    Args:
        api: where it is.
        name: of the collection, as the URL has it.
        options: its line of ENDPOINTS.
        reader: of RAW.
        is_strict: whether it refuses the load where it cannot be loaded exactly.
        accepted: fields whose type may change this once.
    """

    def __init__(
        self,
        api: ApiClient,
        name: str,
        options: dict[str, Any],
        reader: RawClients,
        is_strict: bool,
        accepted: Collection[str],
    ) -> None:
        self._api, self._name, self._options, self._accepted = api, name, options, accepted
        self._key, self._cursor = options["key"], options["cursor"]
        self._table = raw_table(name)
        self._names = FieldNames(self._table, [self._key, self._cursor, *options["columns"]], self._state)
        self._raw_key, self._raw_cursor = (self._names.declared[field] for field in (self._key, self._cursor))
        self._raw = RawTable(reader, self._table, [self._raw_key], name)
        self._guard = TableGuard(name, self._table, self._state, is_strict)
        self._notices = Notices(self._table, self._key, self._cursor)

    def changes(self, lag: float, windows: int) -> dlt.sources.DltResource:
        """Return the resource that reads what changed since the last load."""
        types = self._options["columns"] | {self._cursor: "timestamp"}
        # dlt takes one column that says which of two rows is the newest: another line had another.
        earlier = {
            name: {"dedup_sort": None}
            for name, column in self._known().items()
            if column.get("dedup_sort") and name != self._raw_cursor
        }
        cursor = LookbackCursor(self._state, self._cursor, self._key, lag, self._notices)
        own = DELETED if self._options["deletes"] == "sweep" else {}

        def objects() -> Iterator[list[dict[str, Any]]]:
            yield from self._guard.rows(self._checked(self._objects(cursor, windows)))

        declared = {self._names.declared[field]: declared_type(kind).hints for field, kind in types.items()}
        resource = dlt.resource(
            objects,
            name=self._name,
            table_name=self._table,
            primary_key=self._raw_key,
            write_disposition="merge",
            columns=declared
            # Of an object that comes twice in one load, the newest version stays.
            | {self._raw_cursor: {"data_type": "timestamp", "dedup_sort": "desc"}}
            | {name: kind.hints for name, kind in own.items()}
            | {name: declared.get(name, {}) | hints for name, hints in earlier.items()},
        )
        pages = PagesToArrow(self._table, self._name, self._key, types, self._names, self._notices, own, self._accepted)
        resource.add_step(self._guard.step(pages))
        if not self._accepted:
            is_reread = partial(cursor.is_reread, column=self._raw_cursor)
            resource.add_step(self._guard.step(DropUnchanged(self._raw, [self._raw_key], is_reread)))
        return resource

    def deletes(self, accept: bool) -> dlt.sources.DltResource:
        """Return the resource that marks objects that vanished, and those that are there again."""
        # An object that RAW has never had is newer than the read, and comes with the next.
        swept = DeleteDetector(self._raw, self._keys, self._alive, self._options.get("share", 0.2), accept)
        rows = WidenedRows(swept, self._table)
        return deletes_resource(
            rows, deletes_resource_names(ENDPOINTS)[self._name], self._table, [self._raw_key], self._guard
        )

    def _objects(self, cursor: LookbackCursor, windows: int) -> Iterator[list[dict[str, Any]]]:
        since = cursor.begin()
        pages = partial(self._api.pages, self._name, self._options, notices=self._notices)
        read = ParallelTimeWindows(pages, self._cursor, windows, self._api.page_size, self._api.quota)
        try:
            for page in read.read(None if self._accepted else since):
                cursor.take(page)
                yield page
            if not self._guard.is_refused:
                cursor.save()
        finally:
            self._notices.say()

    def _known(self) -> TTableSchemaColumns:
        """Return dlt's columns of the table as the last load left them."""
        return self._raw.columns if self._raw.exists else {}

    def _checked(self, pages: Iterator[Any]) -> Iterator[Any]:
        """Refuse a key that the rows in RAW were not loaded by: a merge would find none of them.

        Raises:
            TableError: ENDPOINTS names another key than the last load had.
        """
        key = [name for name, column in self._known().items() if column.get("primary_key")]
        if key and key != [self._raw_key]:
            raise TableError(
                f"{self._name}: its key in ENDPOINTS is {self._key}, and RAW was loaded by {', '.join(key)}: take the "
                f"old key back in pipelines/saas.py. Nothing of {self._name} was loaded."
            )
        yield from pages

    def _keys(self) -> Iterator[pa.Table]:
        return batch_keys(iter_sorted_keys(self._api, self._name, self._options))

    def _alive(self, keys: Sequence[Key]) -> pa.Table:
        """Return RAW's rows of keys that the API lists and RAW has marked as deleted, alive: one listing lacked them.

        An object that changed meanwhile has a later cursor, and its version comes with the changes.
        """
        rows = self._raw.rows(keys)
        place = rows.column_names.index(DELETED_AT["name"])
        return rows.set_column(place, DELETED_AT["name"], pa.nulls(rows.num_rows, rows.column(place).type))

    def _state(self) -> Any:
        return dlt.current.resource_state(self._name)


@contextmanager
def opened() -> Iterator[dlt.sources.DltSource]:
    """Open the source."""
    yield saas()


def load():
    """Load what changed at the vendor since the last load, and return its report."""
    from pipelines import loading

    return loading.load("saas", opened)


if __name__ == "__main__":
    from pipelines.command import run

    run("saas", load)
