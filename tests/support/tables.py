"""Tables that a test declares in pipelines/postgres.py instead of MailBlaze's, or in addition."""

import pytest

from exactly_once.postgres.tables.spec import Table
from pipelines import postgres


def names() -> list[str]:
    """Return the names of the declared tables."""
    return [table.name for table in postgres.TABLES]


def keep(monkeypatch: pytest.MonkeyPatch, *kept: str) -> None:
    """Keep only some tables."""
    monkeypatch.setattr(postgres, "TABLES", tuple(table for table in postgres.TABLES if table.name in kept))


def declare(monkeypatch: pytest.MonkeyPatch, *tables: Table) -> None:
    """Declare more tables; an existing one is replaced."""
    new = {table.name: table for table in tables}
    monkeypatch.setattr(postgres, "TABLES", tuple(({table.name: table for table in postgres.TABLES} | new).values()))
