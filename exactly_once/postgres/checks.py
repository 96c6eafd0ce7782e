"""Checks of a Postgres source for a person who sets it up: settings, log-in, rights, tables, clock, transactions."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import Any

import psycopg2
import sqlalchemy as sa

from exactly_once.diagnostics.check import Check
from exactly_once.errors import PipelineError
from exactly_once.postgres.connection.address import DRIVER, parameters
from exactly_once.postgres.connection.open_transactions import (
    hidden_line,
    open_transactions,
    show_activity_command,
)
from exactly_once.postgres.connection.session_settings import check, pin, read_back
from exactly_once.postgres.snapshot import SERVER
from exactly_once.postgres.tables.catalog import CatalogTable, read_catalog, zone_settings
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.spec import Table, tables_by_name
from exactly_once.postgres.tables.table_checks import access_refusals, column_refusals, key_refusal, zone_refusal
from exactly_once.source_info import SourceInfo

SKEW = 60  # seconds that the clocks of the server and of this machine may differ
POLICIES = sa.text("""
    SELECT c.relname, quote_ident(current_user)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = ANY(:tables) AND row_security_active(c.oid)
    ORDER BY 1
""")


@dataclass
class PostgresChecks:
    """The checks of one source; each method returns a detail, or raises what is wrong with the next step.

    Args:
        info: of the source.
        tables: that it loads.
        source_settings: returns the settings of its `@dlt.source` function as a load resolves them: `schema`.
        snapshot_settings: returns those of its snapshot: `credentials`, `readers`, `search_path`.
    """

    info: SourceInfo
    tables: Iterable[Table]
    source_settings: Callable[[], Any]
    snapshot_settings: Callable[[], Any]

    def checks(self) -> list[Check]:
        """Return every check, in the order of a load."""
        name = self.info.name
        fix = f"correct {self.info.setting('credentials')} or .dlt/secrets.toml"
        settings, login, select = f"{name} settings", f"{name} log-in", f"{name} SELECT"
        return [
            Check(settings, self.address, ("environment",), fix),
            Check(login, self.login, (settings,), fix),
            Check(select, self.grants, (login,), fix),
            Check(f"{name} columns", self.cursors, (select,), fix),
            Check(f"{name} clock", self.clock, (login,), fix),
            Check(f"{name} primary", self.primary, (login,), fix),
            Check(f"{name} sessions", self.sessions, (login,), fix),
            Check(f"{name} transactions", self.transactions, (login,), fix),
        ]

    def address(self) -> str:
        """Return where the settings point, without the password."""
        found = self._address
        place = found.get("service") or f"{found.get('host', found.get('hostaddr'))}:{found.get('port', 5432)}"
        return f"{found.get('user', '')}@{place}/{found.get('dbname', '')}"

    def login(self) -> str:
        """Log in and return the server's version."""
        return f"PostgreSQL {self._rows(sa.text('SHOW server_version'))[0][0].split()[0]}"

    def grants(self) -> str:
        """Find every table, and the right to read it and every column that is not excluded."""
        (role,) = self._rows(sa.text("SELECT current_user"))[0]
        tables = self._catalog()
        for spec, found in tables:
            for complaint in access_refusals(spec, found, role, self.info):
                raise PipelineError(complaint)
        return f"{len(tables)} tables"

    def cursors(self) -> str:
        """Find the key and the cursor of every table fit for a load: there, unique, not NULL, of a fitting type."""
        tables = self._catalog()
        with self._engine.connect() as connection:
            zones = zone_settings(connection)
            for spec, found in tables:
                for complaint in column_refusals(spec, found, self.info):
                    raise PipelineError(complaint)
                table = SourceTable(spec, found, self.info)
                for complaint in filter(None, (zone_refusal(table, zones), key_refusal(connection, table))):
                    raise PipelineError(complaint)
        return "every cursor and key is there, and carries a load"

    def clock(self) -> str:
        """Compare the server's clock with this machine's: the cursor is a time of the server's."""
        before = time.time()
        query = sa.text("SELECT extract(epoch FROM clock_timestamp()), current_setting('TimeZone')")
        ((theirs, zone),) = self._rows(query)
        after, theirs = time.time(), float(theirs)
        skew = max(before - theirs, theirs - after, 0.0)
        if skew >= SKEW:
            raise PipelineError(
                f"the server's clock is {skew:.0f} s away from this machine's; `timedatectl` on both, correct NTP"
            )
        return f"{zone}, less than {skew + 1:.0f} s apart"

    def primary(self) -> str:
        """Find the primary: a standby does not see who writes on it."""
        if self._server()[1]:
            raise PipelineError(
                "this is a standby, which does not see the primary's open transactions; read from the primary"
            )
        return "no standby"

    def transactions(self) -> str:
        """Find the right to see other sessions' transactions, and return the oldest: rows changed since it wait."""
        now, _, role, sees_all = self._server()
        if not sees_all:
            role = self._engine.dialect.identifier_preparer.quote(role)
            raise PipelineError(
                f"{role} does not see open transactions; GRANT pg_read_all_stats TO {role}; as a superuser"
            )
        with self._engine.connect() as connection:
            found = open_transactions(connection, self.snapshot_settings().readers)
            hidden = [one for one in found if one.is_hidden]
            if hidden:
                raise PipelineError(hidden_line(hidden[0], show_activity_command(connection, hidden[0].usename)))
        if not found:
            return "none is open"
        one = found[0]
        age = max(now - one.began, timedelta(0)).total_seconds()
        who = f"{one.application_name or 'no name'}, {one.state}, {one.kind}"
        return f"the oldest open one is {age:.0f} s old: process {one.pid} ({who})"

    def sessions(self) -> str:
        """Set what a load sets in each session and read it back; find no row policy that hides rows."""
        search_path = self.snapshot_settings().search_path
        tables = [found.oid for _, found in self._catalog() if found.oid]
        with self._engine.connect() as connection:
            connection.exec_driver_sql("set transaction read only")
            connection.exec_driver_sql(pin(search_path))
            server = check(tuple(connection.exec_driver_sql(read_back(search_path)).one()), info=self.info)
            policies = connection.execute(POLICIES, {"tables": tables}).all()
        if policies:
            names, role = ", ".join(table for table, _ in policies), policies[0][1]
            raise PipelineError(
                f"row security hides rows of {names} from {role}; ALTER ROLE {role} BYPASSRLS; as a superuser"
            )
        return f"settings stay as they are set; the database's encoding is {server.encoding}"

    @cached_property
    def _address(self) -> dict[str, str]:
        """libpq's parameters of the address, as a load has them."""
        return parameters(self.snapshot_settings().credentials.to_url()) | {"connect_timeout": "10"}

    @cached_property
    def _engine(self) -> sa.Engine:
        return sa.create_engine(
            f"{DRIVER}://", poolclass=sa.NullPool, creator=partial(psycopg2.connect, **self._address)
        )

    def _rows(self, query: sa.TextClause) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(query))

    def _catalog(self) -> list[tuple[Table, CatalogTable]]:
        """Return each table with what the catalogue says of it."""
        schema, specs = self.source_settings().schema, tables_by_name(self.tables, self.info)
        with self._engine.connect() as connection:
            found = read_catalog(connection, [(spec.schema or schema, spec.source_name) for spec in specs.values()])
        return list(zip(specs.values(), found, strict=True))

    def _server(self) -> Any:
        """Return the server's clock, whether it is a standby, the role, and whether that sees every session."""
        with self._engine.connect() as connection:
            return connection.exec_driver_sql(SERVER).one()
