"""The address of Postgres as libpq reads it, for psycopg2 and for DuckDB's scanner.

The password may hold any character. Several hosts, IPv6, unix sockets and every parameter of libpq are passed on; a
parameter that one of the drivers does not know is refused by name.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg2
import sqlalchemy as sa
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import ConnectionStringCredentials, configspec
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from psycopg2.extensions import make_dsn, parse_dsn
from typing_extensions import override

from exactly_once.errors import PipelineError

DRIVER = "postgresql+psycopg2"  # SQLAlchemy 2.1 takes a plain postgresql:// for psycopg 3
# A connection whose peer is gone ends after two minutes; the system's own limit is two hours.
DEFAULTS = {
    "connect_timeout": "30",
    "keepalives": "1",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "passfile": "/dev/null/none",  # a password of ~/.pgpass is not one of these settings
}
OF_SESSION = ("host", "hostaddr", "port", "dbname", "user", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl")
RESERVED = ("replication", "fallback_application_name")  # parameters that an address cannot set


class Password(str):
    """A password as it is: dlt strips the blanks at its ends."""

    __slots__ = ()

    @override
    def strip(self, chars: str | None = None) -> "Password":
        """Return the password."""
        return self


@configspec(init=False)
class PostgresCredentials(ConnectionStringCredentials):
    """dlt's credentials of a Postgres, read as libpq reads them; an error is one line and shows no password."""

    def parse_native_representation(self, native_value: Any) -> None:
        """Take an address as text.

        Raises:
            PipelineError: it is malformed.
        """
        url = parse(native_value)
        self.update({name: value for name, value in url._asdict().items() if value is not None})
        self.query = {name: list(value) if isinstance(value, tuple) else value for name, value in url.query.items()}

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, Password(value) if name == "password" and isinstance(value, str) else value)

    def on_resolved(self) -> None:
        """Check what was set piece by piece."""
        self.drivername = self.drivername or DRIVER
        parameters(self.to_url())

    def to_url(self) -> sa.URL:  # type: ignore[override]  # dlt's shim of this class is none of SQLAlchemy's to mypy
        """Return SQLAlchemy's form of the address; several hosts are several parameters `host`."""
        query = {name: _text(value) for name, value in self.get_query().items() if value is not None}
        return sa.URL.create(self.drivername, self.username, self.password, self.host, self.port, self.database, query)


def parse(address: Any) -> sa.URL:
    """Return an address of Postgres as SQLAlchemy has it, with libpq's forms for several hosts and sockets.

    Raises:
        PipelineError: it is malformed; the line shows no part of it, because any part may belong to the password.
    """
    text = address.strip() if isinstance(address, str) else ""
    scheme = re.match(r"postgres(?:ql)?(?:\+\w+)?://", text)
    if not scheme:
        raise malformed("it does not begin with postgresql://")
    with suppress(sa.exc.ArgumentError, ValueError):
        url = sa.make_url(text).set(drivername=DRIVER)
        if not set("[]%") & set(url.host or ""):
            return url
    # Several hosts with a port each, several of IPv6, or a socket's folder: libpq's own forms.
    try:
        found = parse_dsn("postgresql://" + text[scheme.end() :])
    except psycopg2.ProgrammingError:
        raise malformed("its host, port or parameters cannot be read") from None
    user, password, database = (found.pop(name, None) for name in ("user", "password", "dbname"))
    return sa.URL.create(DRIVER, user, password, database=database, query=found)


def parameters(url: sa.URL) -> dict[str, str]:
    """Return libpq's parameters for an address, with limits for a peer that is gone.

    Raises:
        PipelineError: the address is malformed, or has a parameter that libpq does not know.
    """
    plain = {"user": url.username, "password": url.password, "dbname": url.database, "host": url.host, "port": url.port}
    found = {name: str(value) for name, value in plain.items() if value is not None}
    for name, value in url.query.items():
        if name == "host" and (isinstance(value, tuple) or ":" in value):
            found |= _hosts((value,) if isinstance(value, str) else value)
        elif isinstance(value, tuple):
            raise malformed(f"the parameter {name} is there more than once")
        elif name in RESERVED:
            raise malformed(f"the parameter {name} cannot be set")
        else:
            found[name] = value
    hosts, ports = found.get("host", ""), found.get("port", "").split(",")
    if not hosts and not found.keys() & {"hostaddr", "service"}:
        raise malformed("it has no host")
    if "@" in hosts:
        raise malformed("its password holds an @")
    if not all(port.isdigit() and 0 < int(port) < 65536 for port in ports if port):
        raise malformed("its port is not a number from 1 to 65535")
    if len(ports) > 1 and len(ports) != len(hosts.split(",")):
        raise malformed("it has several ports, but not one for each host")
    # libpq takes the first server that answers, which may be a standby: a load reads the primary.
    several = {"target_session_attrs": "primary"} if "," in hosts + found.get("hostaddr", "") else {}
    found = {**DEFAULTS, **several, **found, "client_encoding": "UTF8"}
    try:
        make_dsn(**found)
    except (psycopg2.ProgrammingError, TypeError) as error:
        named = re.search(r'connection option "(\w+)"', str(error))
        what = f"the parameter {named.group(1)} is unknown" if named else "its parameters cannot be read"
        raise malformed(what) from None
    return found


def session_parameters(connection: sa.Connection) -> dict[str, str]:
    """Return libpq's parameters of an engine's open session: its URL lacks `connect_args`, and what `creator` knows.

    Raises:
        PipelineError: neither the driver nor the URL says the address.
    """
    info: Any = getattr(connection.connection.dbapi_connection, "info", None)  # of psycopg2 and psycopg 3
    if info is None:
        return parameters(connection.engine.url)
    known = info.get_parameters() if hasattr(info, "get_parameters") else info.dsn_parameters
    found = {name: known[name] for name in OF_SESSION if known.get(name)} | {"password": info.password or ""}
    given = parameters(connection.engine.url) if connection.engine.url.host else DEFAULTS
    return {**given, **{name: value for name, value in found.items() if value}, "client_encoding": "UTF8"}


def connection_string(values: dict[str, str]) -> str:
    """Return parameters as libpq's keyword/value connection string."""
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in values.items()}
    return " ".join(f"{name}='{value}'" for name, value in quoted.items())


def malformed(what: str) -> PipelineError:
    """Return the error of an address, without any part of it."""
    return PipelineError(
        f"The address of Postgres is malformed: {what}. Set {_setting()} to "
        "postgresql://<user>:<password>@<host>:5432/<database>, where @ : / ? # % and blanks in the password are "
        "percent-encoded (@ is %40)."
    )


def _setting() -> str:
    """Return the variable of the credentials that dlt resolves now; outside of a source, of one called postgres."""
    sections = Container()[ConfigSectionContext].sections or ("sources", "postgres")
    return "__".join((*sections, "credentials")).upper()


def _hosts(pairs: Sequence[str]) -> dict[str, str]:
    """Return hosts and ports of SQLAlchemy's form: `host=h1:5432&host=h2:5432`, IPv6 in brackets or alone."""
    pattern = re.compile(r"\[(.+)\](?::(\d*))?|([^:]+):(.*)|(.*)")
    found = [match.groups() for match in map(pattern.fullmatch, pairs) if match]  # each pair matches
    hosts = [in_brackets or named or alone for in_brackets, _, named, _, alone in found]
    ports = [first or second or "" for _, first, _, second, _ in found]
    return {"host": ",".join(hosts), **({"port": ",".join(ports)} if any(ports) else {})}


def _text(value: Any) -> str | tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else str(value)
