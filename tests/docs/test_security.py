"""docs/security.md says of each control which test shows it: they are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()


def named() -> list[tuple[str, str]]:
    """Return (file, test or "") for each path in backticks; `…::` stands for the file before it."""
    found, last = [], ""
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]*(?:::\w+)?|…::\w+)`", PAGE):
        path, _, test = name.partition("::")
        last = last if path == "…" else path
        found.append((last, test))
    return found


def test_every_test_that_the_page_names_is_there():
    assert len(named()) > 30
    missing = [path for path, _ in named() if not (ROOT / path).exists()]
    missing += [test for path, test in named() if test and f"def {test}(" not in (ROOT / path).read_text()]
    assert missing == []


def test_every_control_names_what_shows_it():
    rows = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("|")]
    assert len(rows) > 25
    assert [row for row in rows if len(row) != 3 or not row[2].strip()] == []


@pytest.mark.integration
def test_the_page_names_each_table_of_mart_that_no_region_filters():
    models = (ROOT / "dbt" / "models" / "marts").rglob("*.sql")
    unfiltered = {path.stem for path in models if "row_access_policy=rows_of_region()" not in path.read_text()}
    said = PAGE.partition("### What no region filters")[2].partition("\n## ")[0].partition("\nA region is")[0]
    assert len(unfiltered) > 5
    assert set(re.findall(r"`((?:dim|fct|rpt)_\w+)`", said)) == unfiltered
