"""Gap-free reads of Postgres: one snapshot for all tables, cursor windows up to its low watermark, values exact.

The names below are public, each imported when it is first used. `table_loader` also registers a backend of dlt's
`sql_table`. The rest belongs to this package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exactly_once.postgres.checks import PostgresChecks
    from exactly_once.postgres.connection.address import PostgresCredentials
    from exactly_once.postgres.connection.session_settings import SEARCH_PATH
    from exactly_once.postgres.snapshot import Snapshot, SnapshotOptions
    from exactly_once.postgres.source import CONTRACT, SourceOptions, postgres_resources
    from exactly_once.postgres.tables.spec import Table, tables_by_name

__all__ = [
    "CONTRACT",
    "SEARCH_PATH",
    "PostgresChecks",
    "PostgresCredentials",
    "Snapshot",
    "SnapshotOptions",
    "SourceOptions",
    "Table",
    "postgres_resources",
    "tables_by_name",
]

_MODULES = {
    "CONTRACT": "source",
    "PostgresChecks": "checks",
    "PostgresCredentials": "connection.address",
    "SEARCH_PATH": "connection.session_settings",
    "Snapshot": "snapshot",
    "SnapshotOptions": "snapshot",
    "SourceOptions": "source",
    "Table": "tables.spec",
    "postgres_resources": "source",
    "tables_by_name": "tables.spec",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
