"""The declaration of one collection of an API, checked where it is written: a misspelled word loads nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from dlt.sources.helpers.rest_client.paginators import BasePaginator

from exactly_once.errors import PipelineError
from exactly_once.names import raw_table_name
from exactly_once.partitions.declaration import SENSIBLE
from exactly_once.rest_api.values.arrow_types import DECIMAL, DECLARED, PRECISION, declared_type
from exactly_once.source_info import SourceInfo
from exactly_once.spec import Spec, SpecError, check_name, check_number, declarations, deletes_every, nearest

DELETES = ("sweep", "none")
NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Endpoint(Spec):
    """One collection of an API, and how it is loaded.

    Args:
        name: of the collection; its table in RAW is <source>_<name>.
        key: the field that identifies an object: text or an integer of 64 bits.
        cursor: the field with the time that moves on every change, ISO-8601 with a zone, by which objects ascend.
            None: the API has none; the collection is read whole each time, and unchanged objects are dropped.
        deletes: "sweep" lists all keys and marks objects that vanished with _deleted_at, "none" says that objects are
            never removed.
        since: the parameter that asks for objects whose cursor is later than a time; needed with a cursor.
        columns: types of fields that JSON has no type for, or that a load may bring no value for: text, bigint, double,
            decimal, decimal(p, s), bool, timestamp or json; all others are inferred (values/arrow_types.py).
        max_deleted_fraction: of the objects, that may vanish from one load to the next.
        deletes_every: how often the keys are listed: seconds, or a text like "30m", "6h" or "1d"; None: in each load up
            to 1,000 pages, above that the more rarely the more there are, at least once a day.
        path: of the collection below the client's base_url; None: its name.
        params: further parameters of each request, e.g. a sort order.
        data_selector: where an answer has its objects; None: as the client says.
        paginator: one of dlt's; None: the client's.
        partition: the field, a timestamp or bigint of `columns`, that never changes for a key and follows time, e.g.
            created_at: a merge reads only the rows of RAW whose value lies in a range that the load's objects have.
            None: it reads the whole table.

    Raises:
        PipelineError: an option is unknown or missing, or has a value that it does not take.
    """

    name: str
    key: str
    cursor: str | None
    deletes: str
    since: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    max_deleted_fraction: float = 0.2
    deletes_every: float | str | None = None
    path: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    data_selector: str | None = None
    paginator: BasePaginator | None = None
    partition: str | None = None

    ALIASES: ClassVar[Mapping[str, str]] = {"share": "max_deleted_fraction"}

    def __post_init__(self) -> None:
        """Check every option."""
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise SpecError("this is no name that an address can end in")
        check_name("key", self.key, is_optional=False)
        for option in ("cursor", "since", "path", "data_selector", "partition"):
            check_name(option, getattr(self, option))
        self._check_cursor()
        if self.path and "://" in self.path.partition("?")[0]:
            raise SpecError(f"path={self.path!r} is an address; say what follows the client's base_url")
        if self.deletes not in DELETES:
            raise SpecError(f'deletes={self.deletes!r}: say "{nearest(self.deletes, DELETES) or "sweep"}"')
        check_number("max_deleted_fraction", self.max_deleted_fraction, 0, 1)
        self.settle(deletes_every=deletes_every(self.deletes_every, self.deletes))
        self._check_dict("columns", self.columns)
        self._check_dict("params", self.params)
        if self.paginator is not None and not isinstance(self.paginator, BasePaginator):
            raise SpecError(f"paginator={self.paginator!r} is none of dlt's")
        self._check_columns()

    @property
    def types(self) -> dict[str, str]:
        """The declared type of each field; a cursor is a timestamp."""
        return dict(self.columns) | ({self.cursor: "timestamp"} if self.cursor else {})

    @property
    def declared(self) -> tuple[str, ...]:
        """Every field that the declaration names."""
        return (self.key, *([self.cursor] if self.cursor else []), *self.columns)

    def _check_cursor(self) -> None:
        if self.cursor in ("None", "none"):
            raise SpecError(f"cursor={self.cursor!r} is a text; say cursor=None, without quotes")
        if bool(self.cursor) != bool(self.since):
            raise SpecError("cursor and since go together: say both, or cursor=None alone")
        if self.key == self.cursor:
            raise SpecError(f"key and cursor are the same field, {self.key!r}")

    @staticmethod
    def _check_dict(option: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise SpecError(f"{option}={value!r} is no dict")
        for name in value:
            if not isinstance(name, str):
                raise SpecError(f"{option} names {name!r}, which is no text; say {str(name)!r}")

    def _check_columns(self) -> None:
        for column, kind in self.columns.items():
            if isinstance(kind, str) and DECIMAL.fullmatch(kind) and declared_type(kind) is None:
                raise SpecError(f"{column!r} has the type {kind!r}; p is at most {PRECISION}, and s at most p")
            if not isinstance(kind, str) or declared_type(kind) is None:
                near = "decimal(p, s)" if str(kind).startswith("decimal(") else nearest(kind, DECLARED)
                raise SpecError(f"{column!r} has no type {kind!r}; say {repr(near) if near else ', '.join(DECLARED)}")
        for option, kinds in (("cursor", ("timestamp",)), ("key", ("text", "bigint"))):
            kind = self.columns.get(getattr(self, option), kinds[0])
            if kind not in kinds:
                raise SpecError(f"its {option} is declared {kind!r}; say {' or '.join(map(repr, kinds))}")
        self._check_partition()

    def _check_partition(self) -> None:
        if not self.partition:
            return
        column = f"its partition {self.partition!r}"
        if self.cursor is None:
            raise SpecError(f"{column} saves nothing: without a cursor the collection is read whole; take it out")
        if self.partition == self.cursor:
            raise SpecError(f"{column} is its cursor, which changes; {SENSIBLE}")
        kind = self.columns.get(self.partition)
        if kind in ("timestamp", "bigint"):
            return
        fitting = [name for name, kind in self.columns.items() if kind in ("timestamp", "bigint")]
        near = nearest(self.partition, fitting)
        if kind is None:
            say = f"did you mean {near!r}" if near else f'say columns={{"{self.partition}": "timestamp"}}'
            raise SpecError(f"{column} is no field of columns; {say}")
        raise SpecError(f"{column} is declared {kind!r}; {SENSIBLE}")


def check_endpoints(info: SourceInfo, endpoints: Sequence[Endpoint]) -> None:
    """Check that the endpoints of one source have names of their own, in RAW and as resources.

    Raises:
        PipelineError: they are no list of endpoints, or two share a name.
    """
    endpoints = declarations(Endpoint, endpoints, info.declared_in)
    by_name = {endpoint.name: endpoint for endpoint in endpoints}
    owners: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        table = raw_table(info, endpoint.name)
        if owner := owners.get(table):
            raise PipelineError(
                f"{endpoint.declared_at}: Endpoint {endpoint.name!r} has the name {table.upper()} in RAW, as "
                f"{owner.name!r} at {owner.declared_at} has: take one out, or name one otherwise and say its path=."
            )
        owners[table] = endpoint
        compared = by_name.get(endpoint.name.removesuffix("_deletes"), endpoint)
        if compared is not endpoint:
            raise PipelineError(
                f"{endpoint.declared_at}: Endpoint {endpoint.name!r} has the name of the resource that marks the "
                f"deletes of {compared.name!r} at {compared.declared_at}: give it another name, the old one in path=."
            )


def raw_table(info: SourceInfo, endpoint: str) -> str:
    """Return the name of an endpoint's table in RAW."""
    return raw_table_name(f"{info.name}_{endpoint}")


def accepted_types(info: SourceInfo, names: Iterable[str], endpoints: Sequence[Endpoint]) -> dict[str, set[str]]:
    """Return the fields of each endpoint whose type may change in this load.

    Args:
        info: of the source.
        names: as endpoint.field.
        endpoints: of the source.

    Raises:
        PipelineError: a name is no field of an endpoint.
    """
    found: dict[str, set[str]] = {endpoint.name: set() for endpoint in endpoints}
    for name in names:
        endpoint, _, column = name.partition(".")
        endpoint = endpoint.removeprefix(f"{info.name}_")
        if endpoint not in found or not column:
            raise PipelineError(
                f"accept_type names {name}: say an endpoint and its field, e.g. {next(iter(found))}.score."
            )
        found[endpoint].add(column)
    return found
