"""What several tests of the doors share."""

import pytest

from pipelines.postgres import TABLES


@pytest.fixture
def few_tables(monkeypatch) -> None:
    """Leave three tables in the door, for tests of what is the same for each: a load takes half of the time."""
    for name in TABLES.keys() - {"accounts", "lists", "contacts"}:
        monkeypatch.delitem(TABLES, name)
