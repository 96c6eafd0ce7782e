"""What the doctor looks at in the sources: a check returns a detail, or raises."""

import time
from datetime import timedelta
from typing import Any

import psycopg2
import sqlalchemy as sa

from exactly_once.diagnostics.context import DoctorContext
from exactly_once.errors import PipelineError
from exactly_once.postgres.connection.address import DRIVER, parameters
from exactly_once.postgres.connection.session_settings import check, pin, read_back
from exactly_once.postgres.snapshot import OPEN_TRANSACTIONS, SERVER, SHOWS_ACTIVITY, hidden_line
from exactly_once.postgres.tables.catalog import CatalogTable, read_catalog, zone_settings
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.spec import TableOptions, table_options
from exactly_once.postgres.tables.table_checks import access_refusals, column_refusals, key_refusal, zone_refusal
from pipelines.postgres import TABLES

POLICIES = sa.text("""
    SELECT c.relname, quote_ident(current_user)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = ANY(:tables) AND row_security_active(c.oid)
    ORDER BY 1
""")


def postgres_settings(visit: DoctorContext) -> str:
    """Tell where the settings point, without the password."""
    found = _address(visit)
    place = found.get("service") or f"{found.get('host', found.get('hostaddr'))}:{found.get('port', 5432)}"
    return f"{found.get('user', '')}@{place}/{found.get('dbname', '')}"


def postgres_login(visit: DoctorContext) -> str:
    """Log in and return the server's version."""
    return f"PostgreSQL {_select(visit, sa.text('SHOW server_version'))[0][0].split()[0]}"


def postgres_grants(visit: DoctorContext) -> str:
    """Find every table of TABLES, and the right to read it and every column that is not excluded."""
    (role,) = _select(visit, sa.text("SELECT current_user"))[0]
    for options, found in _catalog(visit):
        for complaint in access_refusals(options, found, role):
            raise PipelineError(complaint)
    return f"{len(TABLES)} tables"


def postgres_cursors(visit: DoctorContext) -> str:
    """Find the key and the cursor of every table fit for a load: there, unique, not NULL, and of a fitting type."""
    tables = _catalog(visit)
    with _engine(visit).connect() as connection:
        settings = zone_settings(connection)
        for options, found in tables:
            for complaint in column_refusals(options, found):
                raise PipelineError(complaint)
            table = SourceTable(options, found, {}, {})
            for complaint in filter(None, (zone_refusal(table, settings), key_refusal(connection, table))):
                raise PipelineError(complaint)
    return "every cursor and key is there, and carries a load"


def postgres_clock(visit: DoctorContext) -> str:
    """Compare the server's clock with this machine's: the cursor is a time of the server's."""
    before = time.time()
    ((theirs, zone),) = _select(
        visit, sa.text("SELECT extract(epoch FROM clock_timestamp()), current_setting('TimeZone')")
    )
    after, theirs = time.time(), float(theirs)
    skew = max(before - theirs, theirs - after, 0.0)
    if skew >= 60:
        raise PipelineError(
            f"the server's clock is {skew:.0f} s away from this machine's; `timedatectl` on both, correct NTP"
        )
    return f"{zone}, less than {skew + 1:.0f} s apart"


def postgres_primary(visit: DoctorContext) -> str:
    """Find the server that is written to: a standby does not see who writes on it."""
    if _server(visit)[1]:
        raise PipelineError(
            "this is a standby, which does not see the primary's open transactions; read from the primary"
        )
    return "no standby"


def postgres_transactions(visit: DoctorContext) -> str:
    """Find the right to see other sessions' transactions, and tell the oldest: rows changed since it began wait."""
    clock, _, role, sees_all = _server(visit)
    if not sees_all:
        role = _engine(visit).dialect.identifier_preparer.quote(role)
        raise PipelineError(f"{role} does not see open transactions; GRANT pg_read_all_stats TO {role}; as a superuser")
    readers = list(visit.snapshot_settings().readers)
    with _engine(visit).connect() as connection:
        open_ones = connection.exec_driver_sql(OPEN_TRANSACTIONS, {"readers": readers}).all()
        hidden = [one for one in open_ones if one.is_hidden]
        if hidden:
            command = connection.exec_driver_sql(SHOWS_ACTIVITY, {"role": hidden[0].usename}).scalar()
            raise PipelineError(hidden_line(hidden[0], command))
    if not open_ones:
        return "none is open"
    one = open_ones[0]
    age = max(clock - one.began, timedelta(0)).total_seconds()
    who = f"{one.application_name or 'no name'}, {one.state}, {one.kind}"
    return f"the oldest open one is {age:.0f} s old: process {one.pid} ({who})"


def postgres_sessions(visit: DoctorContext) -> str:
    """Set what a load sets in each session, and find it set; find no row policy that would hide rows."""
    settings = visit.snapshot_settings()
    tables = [found.oid for _, found in _catalog(visit) if found.oid]
    with _engine(visit).connect() as connection:
        connection.exec_driver_sql("set transaction read only")
        connection.exec_driver_sql(pin(settings.search_path))
        server = check(tuple(connection.exec_driver_sql(read_back(settings.search_path)).one()))
        policies = connection.execute(POLICIES, {"tables": tables}).all()
    if policies:
        tables, role = ", ".join(table for table, _ in policies), policies[0][1]
        raise PipelineError(
            f"row security hides rows of {tables} from {role}; ALTER ROLE {role} BYPASSRLS; as a superuser"
        )
    return f"settings stay as they are set; the database's encoding is {server.encoding}"


def _address(visit: DoctorContext) -> dict[str, str]:
    """Return libpq's parameters of the address, as a load has them."""
    return parameters(visit.snapshot_settings().credentials.to_url()) | {"connect_timeout": "10"}


def _engine(visit: DoctorContext) -> sa.Engine:
    address = _address(visit)
    return sa.create_engine(f"{DRIVER}://", poolclass=sa.NullPool, creator=lambda: psycopg2.connect(**address))


def _select(visit: DoctorContext, query: sa.TextClause, **values: str) -> list[Any]:
    with _engine(visit).connect() as connection:
        return list(connection.execute(query, values))


def _catalog(visit: DoctorContext) -> list[tuple[TableOptions, CatalogTable]]:
    """Return each line of TABLES with what the catalogue says of its table."""
    schema, options = visit.settings("postgres").schema, table_options(TABLES)
    with _engine(visit).connect() as connection:
        found = read_catalog(connection, [(line.schema or schema, line.source_name) for line in options.values()])
    return list(zip(options.values(), found, strict=True))


def _server(visit: DoctorContext) -> Any:
    """Return the server's clock, whether it is a standby, our role, and whether that sees every session."""
    with _engine(visit).connect() as connection:
        return connection.exec_driver_sql(SERVER).one()
