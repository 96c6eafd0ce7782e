"""What several tests of the pipelines share."""

import pytest

from tests.pipelines.tables import keep


@pytest.fixture
def few_tables(monkeypatch) -> None:
    """Keep three tables of Postgres, for tests of what is the same for each: a load takes half of the time."""
    keep(monkeypatch, "accounts", "lists", "contacts")
