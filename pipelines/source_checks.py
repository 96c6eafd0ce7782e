"""What the doctor looks at in the sources: a check returns a detail, or raises."""

import time
from datetime import timedelta
from typing import Any

import psycopg2
import sqlalchemy as sa
from dlt.sources.helpers.requests import Client

from pipelines.errors import Refusal
from pipelines.postgres import TABLES  # noqa: TID251  the doctor is no door: it looks through each
from pipelines.postgres_address import DRIVER, parameters
from pipelines.postgres_sessions import check, pin, read_back
from pipelines.snapshot import OPEN_TRANSACTIONS, SERVER, SHOWS_ACTIVITY, hidden_line
from pipelines.visit import Visit

POLICIES = sa.text("""
    SELECT c.relname, quote_ident(current_user)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relname = ANY(:tables) AND row_security_active(c.oid)
    ORDER BY 1
""")
RELATIONS = sa.text("""
    SELECT c.relname, current_user, has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
""")


def postgres_settings(visit: Visit) -> str:
    """Tell where the settings point, without the password."""
    found = _address(visit)
    place = found.get("service") or f"{found.get('host', found.get('hostaddr'))}:{found.get('port', 5432)}"
    return f"{found.get('user', '')}@{place}/{found.get('dbname', '')}"


def postgres_login(visit: Visit) -> str:
    """Log in and return the server's version."""
    return f"PostgreSQL {_select(visit, sa.text('SHOW server_version'))[0][0].split()[0]}"


def postgres_grants(visit: Visit) -> str:
    """Find every table of TABLES, and the right to read it."""
    schema = visit.settings("postgres").schema
    relations, quote = _relations(visit), _engine(visit).dialect.identifier_preparer.quote
    for table in TABLES:
        relation = f"{quote(schema)}.{quote(table)}"
        if table not in relations:
            mend = "restore it, or take its line out of TABLES in pipelines/postgres.py"
            raise Refusal(f"Postgres has no table {relation}; {mend}")
        _, role, is_schema_usable, is_readable, _ = relations[table]
        if not is_schema_usable:
            raise Refusal(f"{role} may not look into {schema}; GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)};")
        if not is_readable:
            raise Refusal(f"{role} may not read {relation}; GRANT SELECT ON {relation} TO {quote(role)};")
    return f"{len(TABLES)} tables"


def postgres_cursors(visit: Visit) -> str:
    """Find the cursor and the key of every table among its columns."""
    relations = _relations(visit)
    for table, description in TABLES.items():
        for column in filter(None, (description["cursor"], *description["key"])):
            if column not in relations[table][-1]:
                raise Refusal(f"{table} has no column {column}; restore it, or mend TABLES in pipelines/postgres.py")
    return "every cursor and key is there"


def postgres_clock(visit: Visit) -> str:
    """Compare the server's clock with this machine's: the cursor is a time of the server's."""
    before = time.time()
    ((theirs, zone),) = _select(
        visit, sa.text("SELECT extract(epoch FROM clock_timestamp()), current_setting('TimeZone')")
    )
    after, theirs = time.time(), float(theirs)
    skew = max(before - theirs, theirs - after, 0.0)
    if skew >= 60:
        raise Refusal(f"the server's clock is {skew:.0f} s away from this machine's; `timedatectl` on both, mend NTP")
    return f"{zone}, less than {skew + 1:.0f} s apart"


def postgres_primary(visit: Visit) -> str:
    """Find the server that is written to: a standby does not see who writes on it."""
    if _server(visit)[1]:
        raise Refusal("this is a standby, which does not see the primary's open transactions; read from the primary")
    return "no standby"


def postgres_transactions(visit: Visit) -> str:
    """Find the right to see other sessions' transactions, and tell the oldest: rows changed since it began wait."""
    clock, _, role, sees_all = _server(visit)
    if not sees_all:
        role = _engine(visit).dialect.identifier_preparer.quote(role)
        raise Refusal(f"{role} does not see open transactions; GRANT pg_read_all_stats TO {role}; as a superuser")
    readers = list(visit.snapshot_settings().readers)
    with _engine(visit).connect() as connection:
        open_ones = connection.exec_driver_sql(OPEN_TRANSACTIONS, {"readers": readers}).all()
        hidden = [one for one in open_ones if one.is_hidden]
        if hidden:
            command = connection.exec_driver_sql(SHOWS_ACTIVITY, {"role": hidden[0].usename}).scalar()
            raise Refusal(hidden_line(hidden[0], command))
    if not open_ones:
        return "none is open"
    one = open_ones[0]
    age = max(clock - one.began, timedelta(0)).total_seconds()
    who = f"{one.application_name or 'no name'}, {one.state}, {one.kind}"
    return f"the oldest open one is {age:.0f} s old: process {one.pid} ({who})"


def postgres_sessions(visit: Visit) -> str:
    """Set what a load sets in each session, and find it set; find no row policy that would hide rows."""
    settings = visit.snapshot_settings()
    schema = visit.settings("postgres").schema
    with _engine(visit).connect() as connection:
        connection.exec_driver_sql("set transaction read only")
        connection.exec_driver_sql(pin(settings.search_path))
        server = check(tuple(connection.exec_driver_sql(read_back(settings.search_path)).one()))
        policies = connection.execute(POLICIES, {"schema": schema, "tables": list(TABLES)}).all()
    if policies:
        tables, role = ", ".join(table for table, _ in policies), policies[0][1]
        raise Refusal(f"row security hides rows of {tables} from {role}; ALTER ROLE {role} BYPASSRLS; as a superuser")
    return f"settings stay as they are set; the database's encoding is {server.encoding}"


def saas_settings(visit: Visit) -> str:
    """Tell where the settings point."""
    return visit.settings("saas").base_url


def saas_reachable(visit: Visit) -> str:
    """Get any answer at all, without the token."""
    answer = _client(raise_for_status=False).get(visit.settings("saas").base_url)
    return f"answers in {answer.elapsed.total_seconds() * 1000:.0f} ms"


def saas_endpoint(visit: Visit, endpoint: str) -> str:
    """Ask for one object with the token."""
    found = visit.settings("saas")
    headers = {"Authorization": f"Bearer {found.api_key}"}
    address = f"{found.base_url.rstrip('/')}/v1/{endpoint}"
    answer = _client().get(address, headers=headers, params={"limit": 1}).json()
    return f"token accepted, {len(answer['data'])} object"


def _address(visit: Visit) -> dict[str, str]:
    """Return libpq's parameters of the address, as a load has them."""
    return parameters(visit.snapshot_settings().credentials.to_url()) | {"connect_timeout": "10"}


def _engine(visit: Visit) -> sa.Engine:
    address = _address(visit)
    return sa.create_engine(f"{DRIVER}://", poolclass=sa.NullPool, creator=lambda: psycopg2.connect(**address))


def _select(visit: Visit, query: sa.TextClause, **values: str) -> list[Any]:
    with _engine(visit).connect() as connection:
        return list(connection.execute(query, values))


def _relations(visit: Visit) -> dict[str, Any]:
    return {row[0]: row for row in _select(visit, RELATIONS, schema=visit.settings("postgres").schema)}


def _server(visit: Visit) -> Any:
    """Return the server's clock, whether it is a standby, our role, and whether that sees every session."""
    with _engine(visit).connect() as connection:
        return connection.exec_driver_sql(SERVER).one()


def _client(raise_for_status: bool = True) -> Client:
    return Client(request_timeout=10, request_max_attempts=1, raise_for_status=raise_for_status)
