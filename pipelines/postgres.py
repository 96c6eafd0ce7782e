"""MailBlaze's operational Postgres into RAW.POSTGRES_<TABLE>: `python pipelines/postgres.py`."""

from collections.abc import Iterator

import dlt
import sqlalchemy as sa
from dlt.sources.credentials import ConnectionStringCredentials
from dlt.sources.sql_database import sql_table

from pipelines.deletes import DELETED_AT, sweep
from pipelines.exact import exact_query, exact_type, loosen

# A table for each line. key: its primary key. cursor: the column that moves on every change (a trigger sets it; see
# `lag`), or None: the table is read whole and replaced. deletes: "sweep" marks rows that vanished upstream with
# _deleted_at (integer keys only), "replace" forgets them with the table, "none" says that rows are never deleted.
TABLES = {
    "plans": {"key": ["plan_id"], "cursor": None, "deletes": "replace"},  # a handful of rows
    "accounts": {"key": ["account_id"], "cursor": "updated_at", "deletes": "sweep"},
    "users": {"key": ["user_id"], "cursor": "updated_at", "deletes": "sweep"},
    "subscriptions": {"key": ["subscription_id"], "cursor": "updated_at", "deletes": "sweep"},
    "invoices": {"key": ["invoice_id"], "cursor": "updated_at", "deletes": "sweep"},
    "lists": {"key": ["list_id"], "cursor": "updated_at", "deletes": "sweep"},
    "contacts": {"key": ["contact_id"], "cursor": "updated_at", "deletes": "sweep"},
    "list_memberships": {"key": ["list_id", "contact_id"], "cursor": "updated_at", "deletes": "sweep"},
    "campaigns": {"key": ["campaign_id"], "cursor": "updated_at", "deletes": "sweep"},
}
CONTRACT = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}


@dlt.source(name="postgres", schema_contract=CONTRACT, max_table_nesting=0)
def postgres(
    credentials: ConnectionStringCredentials = dlt.secrets.value,
    schema: str = "public",
    lag: float = 600.0,
    chunk_size: int = 50_000,
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each line of TABLES, and after each swept table the one that marks its deletes.

    Args:
        credentials: of a role that may read the tables.
        schema: the Postgres schema that holds them.
        lag: seconds before the saved cursor from which rows are read again, because a transaction may commit rows
            whose cursor is earlier than one that was already read.
        chunk_size: rows in one Arrow table; what bounds the memory.
    """
    # SQLAlchemy 2.1 takes a plain postgresql:// for psycopg 3.
    url = sa.make_url(credentials.to_native_representation()).set(drivername="postgresql+psycopg2")
    engine = sa.create_engine(url)
    for name, table in TABLES.items():
        resource = sql_table(
            engine,
            table=name,
            schema=schema,
            backend="pyarrow",
            chunk_size=chunk_size,
            primary_key=table["key"],
            write_disposition="merge" if table["cursor"] else "replace",
            incremental=dlt.sources.incremental(table["cursor"], lag=lag) if table["cursor"] else None,
            table_adapter_callback=loosen,
            type_adapter_callback=exact_type,
            query_adapter_callback=exact_query,
        )
        # Of a row that comes twice in one load (read, and then swept) the newest version stays.
        newest = [{"name": table["cursor"], "dedup_sort": "desc"}] if table["cursor"] else []
        resource.apply_hints(table_name=f"postgres_{name}", columns=[DELETED_AT, *newest])
        yield resource
        if table["deletes"] == "sweep":
            yield sweep(engine, f"{schema}.{name}", table["key"], f"postgres_{name}")


def load():
    """Load what changed in Postgres since the last load, and return its report."""
    from pipelines.load import load

    return load("postgres", postgres)


if __name__ == "__main__":
    from pipelines.command import run

    run(load)
