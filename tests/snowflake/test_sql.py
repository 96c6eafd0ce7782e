"""The SQL that is sent, checked against Snowflake's rules: DuckDB accepts SQL that Snowflake refuses.

Golden files show how an upgrade of dlt or dbt, or a changed model, changes the SQL; `make golden` writes them.
"""

import os
import re
from collections import Counter
from difflib import unified_diff
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from tests.snowflake.statements import models_built, normalised, sent_by
from tests.snowflake.warehouses import ROOT

GOLDEN = Path(__file__).parent / "golden"

# What sqlglot does not know or the lint flags, and Snowflake accepts. Each line has its reason.
KNOWN_FUNCTIONS = {
    "TO_TIMESTAMP_NTZ",  # Snowflake's own; dbt's snapshots call it
    "POLICY_REFERENCES",  # a table function of INFORMATION_SCHEMA
    "SYSTEM$ABORT_TRANSACTION",  # of a run that was killed
}
KNOWN_COMMANDS = (
    r"ALTER SESSION SET QUERY_TAG",
    r"ALTER TABLE \S+\s+DROP CLUSTERING KEY",  # dlt sends it with each new column: RAW is not clustered
    r"ALTER\s+(TABLE|VIEW) \S+ ALTER\s.*\bCOMMENT\b",  # dbt's persisted docs
    r"SHOW USER FUNCTIONS",  # dbt lists a schema
    r"SHOW OBJECTS",
    r"SHOW TRANSACTIONS",
)
KNOWN_NAMES = (
    r"\w+__dbt_tmp",  # dbt quotes the temporary table of a snapshot on creation and on use alike
    r"actual_or_expected",  # a column of dbt's unit tests
)


@pytest.fixture(scope="module")
def statements(history) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {"dlt": [], "dbt": []}
    for sender, statement in sent_by(history.statements):
        sent[sender].append(statement)
    return {sender: normalised(texts) for sender, texts in sent.items()}


def test_nothing_is_made_with_copy_grants():
    """With it, a table gets no future grants, which are the only read grants of REPORTER and TRANSFORMER."""
    files = [GOLDEN / "dbt.sql", GOLDEN / "dlt.sql", ROOT / "dbt" / "dbt_project.yml"]
    files += [*(ROOT / "dbt" / "models").rglob("*"), *(ROOT / "terraform").rglob("*.tf")]
    said = re.compile(r"^\s*\+?copy_grants\b|^copy grants\b|copy_grants\s*=", re.IGNORECASE | re.MULTILINE)
    assert [file.name for file in files if file.is_file() and said.search(file.read_text())] == []


@pytest.mark.parametrize("sender", ["dlt", "dbt"])
def test_the_sql_is_the_golden_one(statements, sender):
    path = GOLDEN / f"{sender}.sql"
    sent = models_built(statements[sender]) if sender == "dbt" else statements[sender]
    text = ";\n\n".join(sent) + ";\n"
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)
    difference = list(
        unified_diff(path.read_text().splitlines(), text.splitlines(), path.name, "sent", lineterm="", n=1)
    )
    shown = "\n".join(line[:200] for line in difference[:40])
    assert not difference, f"{sender} sends other SQL than before: read the difference, then `make golden`\n{shown}"


def test_the_lint_finds_nothing_that_is_not_allowed(statements):
    assert lint(statements["dlt"] + statements["dbt"]) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("select list_transform(a, x -> x + 1) from t", "LIST_TRANSFORM"),
        ('select "lower" from t', "lower"),
        ("select from from", "does not parse"),
    ],
)
def test_the_lint_finds_what_is_planted(statement, finding):
    assert any(finding in found for found in lint([statement]))


def lint(statements: list[str]) -> list[str]:
    """Return what Snowflake would refuse: unknown functions, quoted names in lower case, syntax errors."""
    found: Counter[str] = Counter()
    for statement in statements:
        try:
            trees = sqlglot.parse(statement, read="snowflake")
        except sqlglot.errors.SqlglotError as error:
            found[f"does not parse: {str(error).splitlines()[0][:80]} in {statement[:60]!r}"] += 1
            continue
        for tree in filter(None, trees):
            found.update(_findings(tree))
    return sorted(found)


def _findings(tree: exp.Expression) -> list[str]:
    found = []
    if isinstance(tree, exp.Command) and not _is_known(tree.sql("snowflake"), KNOWN_COMMANDS):
        found.append(f"not modelled: {tree.sql('snowflake')[:60]}")
    functions = {function.name.upper() for function in tree.find_all(exp.Anonymous)} - KNOWN_FUNCTIONS
    names = {name.name for name in tree.find_all(exp.Identifier) if name.args.get("quoted")}
    found += [f"unknown function: {name}" for name in functions]
    return found + [
        f"quoted and not upper case: {name}"
        for name in names
        if name != name.upper() and not _is_known(name, KNOWN_NAMES)
    ]


def _is_known(text: str, patterns: tuple[str, ...]) -> bool:
    return any(re.match(pattern, text, re.IGNORECASE | re.DOTALL) for pattern in patterns)
