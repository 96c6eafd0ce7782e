"""Each argument of dlt's `sql_table` means the same to our backend as to dlt's own "pyarrow"."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import psycopg2
import pyarrow as pa
import pytest
import sqlalchemy as sa
from dlt.extract import DltSource
from dlt.extract.exceptions import ResourceExtractionError
from dlt.sources.sql_database import sql_database, sql_table

from exactly_once.errors import user_message
from exactly_once.postgres.connection.address import session_parameters
from exactly_once.postgres.table_loader import BACKEND
from tests.support.platform import execute

pytestmark = pytest.mark.integration

SHOP = """
create table customers (id int primary key, name varchar(40) not null);
create table orders (
    id int primary key, customer_id int references customers, words text, price numeric(12, 4), amount bigint,
    updated_at timestamptz, noted_at timestamp(3), noted_on date, is_paid boolean, document jsonb, bytes bytea
);
insert into customers select n, 'name ' || n from generate_series(1, 20) n;
insert into orders
select n, 1 + n % 20, 'O''Brien 100%% ' || n, n + 0.25, n * 10000000000, case when n % 50 > 0 then
    '2026-11-01Z'::timestamptz + (n / 3) * interval '1 hour' end, '2026-11-01'::timestamp + n * interval '1 minute',
    '2026-11-01', n % 2 = 0, jsonb_build_object('n', n), '\\x00ff'
from generate_series(1, 3000) n;
create view paid as select id, price from orders where is_paid
"""


@pytest.fixture(scope="module")
def shop(postgres_server) -> sa.Engine:
    """Somebody else's database, as an SQLAlchemy engine."""
    execute(postgres_server.url("postgres", "postgres"), "create database arguments owner mailblaze")
    url = postgres_server.url("arguments")
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(SHOP.replace("%%", "%"))
    connection.close()
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))


def read(resource: Any) -> dict[str, tuple[dict[str, pa.DataType], dict[str, Any], list[tuple]]]:
    """Return of each table the types of Arrow, dlt's hints and the rows."""
    found = {}
    for one in resource.selected_resources.values() if isinstance(resource, DltSource) else [resource]:
        rows = pa.concat_tables(list(one), promote_options="permissive")
        schema = one.compute_table_schema()
        columns = {
            name: {hint: value for hint, value in hints.items() if not hint.startswith("x-")}
            for name, hints in schema["columns"].items()
            if "data_type" in hints  # dlt's backend adds names that it finds in the rows
        }
        types = {field.name: field.type for field in rows.schema}
        hints = columns | {"references": schema.get("references")}
        found[one.name] = types, hints, list(zip(*map(values, rows.columns), strict=True))
    return found


def values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column's values; a document is what its text means."""
    found = column.to_pylist()
    return [json.loads(value) if str(value).startswith('{"') else value for value in found]


def at(hour: int) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hour)


def cursor(**options: Any) -> dict[str, Any]:
    path = options.pop("path", "updated_at")
    missing = {} if path == "id" else {"on_cursor_value_missing": "include"}
    return {"incremental": lambda: dlt.sources.incremental(path, **missing | options)}


def keep_three(table: sa.Table) -> None:
    for name in set(table.columns.keys()) - {"id", "words", "updated_at"}:
        table._columns.remove(table.c[name])


def add_length(table: sa.Table) -> sa.Select:
    computed = sa.type_coerce(sa.func.length(table.c.words), sa.Integer).label("letters")
    return sa.select(table.c.id, computed).subquery()


def add_untyped(table: sa.Table) -> sa.Select:
    letters, now = sa.func.length(table.c.words).label("letters"), sa.func.to_timestamp(table.c.id).label("at")
    return sa.select(table.c.id, letters, now).subquery()


def newest(query: sa.Select, table: sa.Table) -> sa.Select:
    return query.where(table.c.words.like("%9%")).order_by(table.c.id.desc()).limit(100)


def since(query: sa.Select, table: sa.Table, incremental: Any, engine: sa.Engine) -> sa.Select:
    return query.where(table.c.id > 2000) if incremental is None and engine.url.database else query


def more_digits(kind: sa.types.TypeEngine) -> sa.types.TypeEngine:
    return sa.Numeric(30, 8) if isinstance(kind, sa.Numeric) else kind


ARGUMENTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "incremental": cursor(),
    "incremental, initial_value": cursor(initial_value=at(100)),
    "incremental, end_value": cursor(initial_value=at(100), end_value=at(200)),
    "incremental, end_value, closed": cursor(initial_value=at(100), end_value=at(200), range_end="closed"),
    "incremental, open start": cursor(initial_value=at(100), range_start="open"),
    "incremental, ascending": cursor(initial_value=at(100), row_order="asc"),
    "incremental, descending": cursor(initial_value=at(100), row_order="desc"),
    "incremental, min": cursor(initial_value=at(900), last_value_func=min, row_order="desc"),
    "incremental, lag": cursor(initial_value=at(100), lag=3600),
    "incremental, no NULL": cursor(initial_value=at(100), on_cursor_value_missing="exclude"),
    "incremental by a number": cursor(path="id", initial_value=100, end_value=200),
    "incremental by a date": cursor(path="noted_on", initial_value=at(0).date()),
    "incremental by a local time": cursor(path="noted_at", initial_value=datetime(2026, 11, 2)),
    "included_columns": {"included_columns": ["id", "words", "price"]},
    "excluded_columns": {"excluded_columns": ["document", "bytes"]},
    "table_adapter_callback": {"table_adapter_callback": keep_three},
    "table_adapter_callback, a computed column": {"table_adapter_callback": add_length},
    "table_adapter_callback, columns without a type": {"table_adapter_callback": add_untyped},
    "query_adapter_callback": {"query_adapter_callback": newest},
    "query_adapter_callback of four": {"query_adapter_callback": since},
    "query_adapter_callback, a text": {
        "query_adapter_callback": lambda query, table: sa.text("select id, words as w, 'a:b%' as c from orders;")
    },
    "query_adapter_callback, a union": {"query_adapter_callback": lambda query, table: query.union_all(query)},
    "query_adapter_callback, parameters": {
        "query_adapter_callback": lambda query, table: query.where(table.c.id.in_([1, 2]), table.c.words != "O'B%")
    },
    "type_adapter_callback": {"type_adapter_callback": more_digits, "reflection_level": "full_with_precision"},
    "chunk_size": {"chunk_size": 7},
    "reflection_level minimal": {"reflection_level": "minimal", "excluded_columns": ["document", "price"]},
    "reflection_level full_with_precision": {"reflection_level": "full_with_precision"},
    "defer_table_reflect": {"defer_table_reflect": True},
    "defer_table_reflect, columns": {"defer_table_reflect": True, "included_columns": ["id", "price"]},
    "resolve_foreign_keys": {"resolve_foreign_keys": True},
    "primary_key": {"primary_key": "id", "write_disposition": "merge"},
    "a view": {"table": "paid"},
}
STEPS: dict[str, Callable[[Any], Any]] = {
    "add_limit": lambda resource: resource.add_limit(3),
    "add_limit, count_rows": lambda resource: resource.add_limit(150, count_rows=True),
    "add_map": lambda resource: resource.add_map(lambda rows: rows.slice(0, 2)),
    "columns": lambda resource: resource.apply_hints(
        columns={"amount": {"data_type": "text"}, "price": {"data_type": "double"}}
    ),
    "another name": lambda resource: resource.with_name("others"),
    "parallelize": lambda resource: resource.parallelize(),
}


def table(backend: str, shop: sa.Engine, arguments: dict[str, Any]) -> Any:
    given = {"table": "orders", "chunk_size": 500} | arguments
    if "incremental" in given:
        given["incremental"] = given["incremental"]()
    return sql_table(shop, backend=backend, **given)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_means_what_it_means_to_dlts_backend(shop, name):
    expected, ours = (read(table(backend, shop, ARGUMENTS[name])) for backend in ("pyarrow", BACKEND))
    assert_equal(ours, expected)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_means_what_it_means_to_dlts_backend(shop, name):
    arguments = {"query_adapter_callback": lambda query, table: query.order_by(table.c.id), "chunk_size": 2048}
    expected, ours = (read(STEPS[name](table(backend, shop, arguments))) for backend in ("pyarrow", BACKEND))
    assert_equal(ours, expected)


def test_rows_come_in_the_order_of_a_query(shop):
    def newest_first(query: sa.Select, table: sa.Table) -> sa.Select:
        return query.order_by(table.c.id.desc())

    arguments = {"query_adapter_callback": newest_first, "included_columns": ["id"]}
    ((_, _, rows),) = read(table(BACKEND, shop, arguments)).values()
    assert rows == [(number,) for number in range(3000, 0, -1)]


@pytest.mark.parametrize("is_deferred", [False, True])
def test_a_database_is_read_with_its_views_and_references(shop, is_deferred):
    names = {"table_names": ["customers", "orders", "paid"]} if is_deferred else {"include_views": True}
    expected, ours = (
        read(sql_database(shop, backend=backend, resolve_foreign_keys=True, defer_table_reflect=is_deferred, **names))
        for backend in ("pyarrow", BACKEND)
    )
    assert set(ours) == {"customers", "orders", "paid"}
    assert_equal(ours, expected)


def test_credentials_may_be_a_text(shop):
    url = shop.url.render_as_string(hide_password=False)
    ((_, _, rows),) = read(sql_table(url, table="customers", backend=BACKEND)).values()
    assert len(rows) == 20


@pytest.mark.parametrize("is_creator", [False, True], ids=["connect_args", "creator"])
def test_an_engine_may_know_more_than_its_url(shop, is_creator):
    """The password and `sslmode` are not in the URL."""
    url = shop.url.set(drivername="postgresql").render_as_string(hide_password=False)
    without = sa.URL.create(shop.url.drivername, shop.url.username, None, shop.url.host, shop.url.port, "arguments")
    engine = (
        sa.create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(url))
        if is_creator
        else sa.create_engine(without, connect_args={"password": shop.url.password, "sslmode": "disable"})
    )
    ((_, _, rows),) = read(sql_table(engine, table="customers", backend=BACKEND)).values()
    assert len(rows) == 20
    with engine.connect() as connection:
        assert session_parameters(connection).get("sslmode") == ("prefer" if is_creator else "disable")


def test_another_database_is_refused_in_one_line(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/other.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table things (id int)")
    assert refusal(sql_table(engine, table="things", backend=BACKEND)) == (
        'Table things: backend="postgres_scanner" reads Postgres, and the address is of sqlite: use a backend of '
        'dlt\'s (backend="pyarrow"). Nothing of the table was read.'
    )


def test_an_unknown_argument_of_the_backend_is_refused_in_one_line(shop):
    resource = sql_table(shop, table="orders", backend=BACKEND, backend_kwargs={"return_type": "arrow_stream"})
    assert refusal(resource) == (
        'Table orders: backend="postgres_scanner" has no return_type: take it out of backend_kwargs. Nothing of the '
        "table was read."
    )


def refusal(resource: Any) -> str | None:
    with pytest.raises(ResourceExtractionError) as refused:
        list(resource)
    return user_message(refused.value)


def assert_equal(ours: dict[str, tuple], expected: dict[str, tuple]) -> None:
    assert set(ours) == set(expected)
    for name, (types, columns, rows) in expected.items():
        assert ours[name][0] == types
        assert ours[name][1] == columns
        assert sorted(ours[name][2], key=repr) == sorted(rows, key=repr)
        assert rows


def test_types_that_are_not_reflected_are_postgres_own(shop):
    """dlt's backend infers them from the values of each chunk: decimal(8, 4) here, and a struct."""
    arguments = {"reflection_level": "minimal", "included_columns": ["id", "price", "document"]}
    ((types, _, _),) = read(table(BACKEND, shop, arguments)).values()
    assert types == {"id": pa.int64(), "price": pa.decimal128(12, 4), "document": pa.string()}
