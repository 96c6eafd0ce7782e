"""The backend of dlt's `sql_table` works alone in any pipeline: no ReadOptions, no Snapshot, no state."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import dlt
import psycopg2
import pytest
import sqlalchemy as sa
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.sources.sql_database import sql_table

from exactly_once.errors import TableError
from exactly_once.postgres.table_loader import BACKEND
from exactly_once.postgres.tables.type_mapping import dlt_type

pytestmark = pytest.mark.integration

ORDERS = """
create type mood as enum ('sad', 'glad');
create table orders (
    id int primary key, words text, price numeric(12, 4), exact numeric, document jsonb, feeling mood, tags text[],
    token uuid, updated_at timestamptz not null, noted_on date, is_paid boolean, bytes bytea, ratio real
);
insert into orders
select n, 'O''Brien, Müller ' || n, n + 0.25, n + 0.125, jsonb_build_object('n', n), 'glad', array['a', null],
    '00000000-0000-0000-0000-000000000001', '2026-11-01Z'::timestamptz + n * interval '1 hour', '2026-11-01', n % 2 = 0,
    '\\x00ff', 0.1
from generate_series(1, 5000) n
"""
FIRST = (1, "O'Brien, Müller 1", Decimal("1.25"), datetime(2026, 11, 1, 1, tzinfo=UTC))


@pytest.fixture
def shop(platform) -> sa.Engine:
    """Somebody else's database, as an SQLAlchemy engine."""
    with psycopg2.connect(platform.postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute(ORDERS)
    connection.close()
    return sa.create_engine(platform.postgres_url.replace("postgresql://", "postgresql+psycopg2://"))


@pytest.fixture
def pipeline(tmp_path) -> dlt.Pipeline:
    """Somebody else's pipeline, with dlt's own DuckDB destination."""
    database = dlt.destinations.duckdb(str(tmp_path / "warehouse.duckdb"))
    return dlt.pipeline("shop", pipelines_dir=str(tmp_path / "dlt"), destination=database, dataset_name="shop")


def rows(pipeline: dlt.Pipeline, columns: str = "*") -> list[tuple]:
    with pipeline.sql_client() as client:
        return list(client.execute_sql(f"select {columns} from orders order by id"))


@pytest.mark.parametrize("is_exact", [False, True], ids=["dlt's types", "exact types"])
def test_a_table_is_read_with_every_value(shop, pipeline, is_exact):
    pipeline.run(sql_table(shop, table="orders", backend=BACKEND, type_adapter_callback=dlt_type if is_exact else None))
    found = rows(pipeline, "id, words, price, updated_at")
    assert len(found) == 5000
    assert found[0] == FIRST
    exact, document, feeling, tags, token, ratio = rows(
        pipeline, "exact::text, document::text, feeling, tags::text, token::text, ratio"
    )[0]
    assert Decimal(exact) == Decimal("1.125")
    assert (document.replace(" ", ""), feeling, tags.replace(" ", "")) == ('{"n":1}', "glad", '["a",null]')
    assert (UUID(token).int, ratio) == (1, 0.1)


def test_incremental_reads_what_is_new(shop, pipeline):
    def orders() -> dlt.sources.DltResource:
        since = dlt.sources.incremental("updated_at", row_order="asc")
        return sql_table(
            shop, table="orders", backend=BACKEND, incremental=since, primary_key="id", write_disposition="merge",
            chunk_size=1000,
        )  # fmt: skip

    pipeline.run(orders())
    with shop.begin() as connection:
        connection.exec_driver_sql(
            "insert into orders (id, updated_at) values (5001, '2027-11-01Z');"
            "update orders set words = 'changed', updated_at = '2027-11-02Z' where id = 1"
        )
    pipeline.run(orders())
    assert pipeline.last_trace.last_normalize_info.row_counts["orders"] == 2
    found = rows(pipeline, "id, words")
    assert (len(found), found[0]) == (5001, (1, "changed"))


def test_steps_and_limits_of_dlt_apply(shop, pipeline):
    def some(table: sa.Table) -> None:
        for name in set(table.columns.keys()) - {"id", "words"}:
            table._columns.remove(table.c[name])

    resource = sql_table(shop, table="orders", backend=BACKEND, chunk_size=2048, table_adapter_callback=some)
    pipeline.run(resource.add_map(lambda batch: batch.slice(0, 10)).add_limit(1))
    assert len(rows(pipeline)) == 10


def test_a_query_of_its_own_decides_what_is_read(shop, pipeline):
    def recent(query: sa.Select, table: sa.Table) -> sa.Select:
        return query.where(table.c.id > 4990).order_by(table.c.id)

    pipeline.run(sql_table(shop, table="orders", backend=BACKEND, query_adapter_callback=recent))
    assert [row[0] for row in rows(pipeline, "id")] == list(range(4991, 5001))


def test_a_table_is_read_as_of_one_snapshot(shop, pipeline):
    """Rows that are committed during the read are not in it."""

    def batches() -> Iterator:
        for batch in sql_table(shop, table="orders", backend=BACKEND, chunk_size=2048):
            with shop.begin() as connection:
                connection.exec_driver_sql("update orders set words = 'late'")
            yield batch

    pipeline.run(batches(), table_name="orders")
    assert rows(pipeline, "count(*) over (), count(*) filter (words = 'late') over ()")[0] == (5000, 0)


def test_a_value_that_does_not_fit_names_what_helps(shop, pipeline):
    with shop.begin() as connection:
        connection.exec_driver_sql("update orders set exact = 1e-30 where id = 7")
    with pytest.raises(PipelineStepFailed) as failure:
        pipeline.run(sql_table(shop, table="orders", backend=BACKEND))
    cause: BaseException | None = failure.value
    while cause and not isinstance(cause, TableError):
        cause = cause.__cause__ or cause.__context__
    assert "orders.exact: a value does not fit decimal128(38, 9)" in str(cause)
    assert "type_adapter_callback=dlt_type" in str(cause)
    assert not Path(pipeline.working_dir, "load", "loaded").exists() or pipeline.first_run
