"""The transactions that are open on a server, and what a load says of them.

A row becomes visible when its transaction commits, but its cursor says when the transaction began.
"""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from exactly_once.postgres.connection.session_settings import MARKED
from exactly_once.source_info import SourceInfo

# The start of each open transaction, as far back as now() in it can be:
# - now() of every transaction in one message is the message's arrival, which is query_start. Between two of them
#   xact_start is NULL. A procedure alone in its message gets a later now() after each of its own commits.
# - A session with track_activities off shows neither: its transaction may have begun when it connected. So may that of
#   a session which switched it on within a transaction.
# - Autovacuum and a walsender that streams write no row of a table; a parallel worker ends before its leader. Sessions
#   of loads read only, and so do declared applications, unless they hold a transaction id.
# The kind is one word: a statement's text may hold data.
OPEN_TRANSACTIONS = rf"""
select pid, case when is_hidden then backend_start else began end as began, coalesce(state, backend_type) as state,
    application_name, upper(substring(query from '[[:alpha:]]+')) as kind, usename, is_hidden,
    application_name = any(%(apps)s) as is_declared
from (
    select *,
        state = 'disabled' or xact_start is null and (
            state like 'idle in transaction%%' or state = 'active' and coalesce(backend_xid, backend_xmin) is not null
        ) as is_hidden,
        case
            when backend_type not in ('client backend', 'walsender') then xact_start
            when state = 'fastpath function call' then coalesce(xact_start, query_start)
            when state <> 'active' then xact_start
            when query ~* '^\s*call\s[^;]*;?\s*$'
                and octet_length(query) < pg_size_bytes(current_setting('track_activity_query_size')) - 1
                then xact_start
            else least(xact_start, query_start)
        end as began
    from pg_stat_activity
    where pid <> pg_backend_pid() and backend_type not in ('autovacuum worker', 'parallel worker')
        and (datname = current_database() or datname is null and backend_type <> 'walsender')
        and pid not in (select pid from pg_stat_replication where state <> 'startup')
        and (backend_xid is not null or application_name <> all(%(apps)s) and pid not in ({MARKED}))
) as sessions
where is_hidden or began is not null
order by began
"""
PREPARED = "select gid from pg_prepared_xacts where database = current_database() order by prepared limit 1"
# What makes a session show its activity: the setting of its role, of the database, or of the server.
SHOWS_ACTIVITY = """
select case
    when exists (
        select from pg_db_role_setting join pg_roles on pg_roles.oid = setrole
        where rolname = %(role)s and setconfig && array['track_activities=off', 'track_activities=false']
    ) then format('ALTER ROLE %%I SET track_activities = on', %(role)s)
    when exists (
        select from pg_db_role_setting join pg_database on pg_database.oid = setdatabase
        where datname = current_database() and setrole = 0
            and setconfig && array['track_activities=off', 'track_activities=false']
    ) then format('ALTER DATABASE %%I SET track_activities = on', current_database())
    when current_setting('track_activities')::boolean
        then format('ALTER ROLE %%I SET track_activities = on', %(role)s)
    else 'ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();'
end
"""
# Rows that keep the cursors which they had elsewhere.
FOREIGN_CURSORS = """
select 'the subscription ' || subname from pg_subscription
where subenabled and subdbid = (select oid from pg_database where datname = current_database())
union all
select 'session_replication_role = replica of ' || coalesce('role ' || rolname, 'the database')
from pg_db_role_setting left join pg_roles on pg_roles.oid = setrole
where setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and setconfig && array['session_replication_role=replica', 'session_replication_role=local']
order by 1
"""


def open_transactions(connection: sa.Connection, read_only_apps: Sequence[str]) -> list[Any]:
    """Return the open transactions, oldest first, as rows of OPEN_TRANSACTIONS."""
    return list(connection.exec_driver_sql(OPEN_TRANSACTIONS, {"apps": list(read_only_apps)}))


def prepared_transaction(connection: sa.Connection) -> str | None:
    """Return the name of the oldest prepared transaction, or None."""
    return connection.exec_driver_sql(PREPARED).scalar()


def foreign_cursor_writers(connection: sa.Connection) -> Sequence[str]:
    """Return what writes rows with the cursors that another server gave them, in words."""
    return connection.exec_driver_sql(FOREIGN_CURSORS).scalars().all()


def show_activity_command(connection: sa.Connection, role: str) -> str:
    """Return the SQL that makes new sessions of a role show their transactions."""
    return str(connection.exec_driver_sql(SHOWS_ACTIVITY, {"role": role}).scalar())


def describe(one: Any, clock: datetime) -> str:
    """Return a row of OPEN_TRANSACTIONS in words, without the text of its statement."""
    age = max(clock - one.began, timedelta(0)).total_seconds()
    who = f"process {one.pid} ({one.application_name or 'no name'}, "
    if one.is_hidden:
        return f"{who}role {one.usename}) hides its transactions and is connected for {age:.0f} s"
    return f"{who}{one.state}, last statement {one.kind}) has had a transaction open for {age:.0f} s"


def hidden_line(one: Any, command: str) -> str:
    """Return the line about a session that hides its transactions, with the command that makes it show them."""
    return (
        f"Postgres does not show the transactions of process {one.pid} ({one.application_name or 'no name'}, role "
        f"{one.usename}): its track_activities is off, and rows that it commits late would be lost. As a superuser, "
        f"type {command} and SELECT pg_terminate_backend({one.pid}); then run again."
    )


def warn(info: SourceInfo, line: str) -> None:
    """Print a warning about a source on standard error."""
    print(f"⚠ {info.label}: {line}.", file=sys.stderr)
