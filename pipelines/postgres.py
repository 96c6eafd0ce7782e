"""MailBlaze's operational Postgres into RAW.POSTGRES_<TABLE>: `python pipelines/postgres.py`."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.process import garbage, interrupts

    garbage.pause()
    interrupts.watch()

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import dlt
from dlt.common.configuration.inject import with_config

from exactly_once import LoadReport
from exactly_once.diagnostics import Check, DoctorContext
from exactly_once.postgres import (
    CONTRACT,
    SEARCH_PATH,
    PostgresChecks,
    PostgresCredentials,
    Snapshot,
    SnapshotOptions,
    SourceOptions,
    Table,
    postgres_resources,
    tables_by_name,
)
from pipelines.loading import load_registered
from pipelines.registry import SOURCES

INFO = SOURCES["postgres"].info
APPLICATION_NAME = "mailblaze elt"  # of every connection at the source
# A new table is a line here; its options are described in exactly_once/postgres/tables/spec.py.
TABLES: tuple[Table, ...] = (
    Table("plans", key="plan_id", cursor=None, deletes="sweep"),  # a handful of rows
    Table("accounts", key="account_id", cursor="updated_at", deletes="sweep"),
    Table("users", key="user_id", cursor="updated_at", deletes="sweep"),
    Table("subscriptions", key="subscription_id", cursor="updated_at", deletes="sweep"),
    Table("invoices", key="invoice_id", cursor="updated_at", deletes="sweep"),
    Table("lists", key="list_id", cursor="updated_at", deletes="sweep"),
    Table("contacts", key="contact_id", cursor="updated_at", deletes="sweep"),
    Table("list_memberships", key=("list_id", "contact_id"), cursor="updated_at", deletes="sweep"),
    Table("campaigns", key="campaign_id", cursor="updated_at", deletes="sweep"),
)
tables_by_name(TABLES, INFO)  # fails if two have the same name


@with_config(sections=("sources", "postgres"))
def snapshot(
    credentials: PostgresCredentials = dlt.secrets.value,
    guard: float = 0.25,
    readers: Sequence[str] = (),
    search_path: str = SEARCH_PATH,
) -> Snapshot:
    """Return a snapshot of the configured Postgres, not yet taken; close it at the end.

    Args:
        credentials: of a role that may read the tables and belongs to pg_read_all_stats.
        guard: `visibility_delay` of SnapshotOptions, seconds.
        readers: `read_only_apps` of SnapshotOptions, e.g. ["pg_dump"].
        search_path: of SnapshotOptions, e.g. "pg_catalog, public, pg_temp".
    """
    return Snapshot(credentials.to_url(), SnapshotOptions(guard, readers, search_path, APPLICATION_NAME), INFO)


@dlt.source(name="postgres", schema_contract=CONTRACT, max_table_nesting=0)
def postgres(  # noqa: PLR0913  the signature is the configuration
    snapshot: Snapshot,
    schema: str = "public",
    chunk_size: int = 50_000,
    connections: int | None = None,
    sweep: bool = True,
    accept_deletes: Sequence[str] = (),
    accept_reread: Sequence[str] = (),
    accept_type: Sequence[str] = (),
    reread_limit: int = 10_000_000,
    accept_server: bool = False,
    strict: bool = False,
    deletes_now: Sequence[str] = (),
) -> Iterator[dlt.sources.DltResource]:
    """Yield the resources of TABLES; the settings are those of `SourceOptions` (sweep: `detect_deletes`)."""
    accepted = accept_deletes, accept_reread, accept_type, reread_limit, accept_server
    yield from postgres_resources(
        snapshot, TABLES, SourceOptions(schema, chunk_size, connections, sweep, *accepted, strict, deletes_now)
    )


@contextmanager
def opened() -> Iterator[dlt.sources.DltSource]:
    """Open the source on one snapshot, and close it at the end: an open one keeps Postgres from vacuuming."""
    with snapshot() as taken:
        yield postgres(taken)


def checks(context: DoctorContext) -> list[Check]:
    """Return the doctor's checks."""
    source_settings = partial(context.source_settings, postgres, INFO.name)
    snapshot_settings = partial(context.function_settings, snapshot, INFO.name)
    return PostgresChecks(INFO, TABLES, source_settings, snapshot_settings).checks()


def load() -> LoadReport:
    """Load what changed in Postgres since the last load."""
    return load_registered("postgres")


if __name__ == "__main__":
    from pipelines.command import run

    run("postgres", flags={"accept_server": "the rows that RAW has moved to this server: go on with it"})
