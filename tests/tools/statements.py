"""Statements that a run sends to Snowflake: `pytest tests/tools/statements.py`, after `make .venv-snowflake/.ready`.

A first load, a business day, a load of its news and a build on them, and a whole flow with nothing new, by warehouse;
the counts go into tools/cost/measured.json. It is no test, so `make test` does not collect it.
"""

import json
import re
import shutil
from io import StringIO

import pytest
import sqlglot
from snowflake.connector.util_text import split_statements
from sqlglot import exp

from mock_services.commands import down, up
from mock_services.postgres.traffic import simulate_day
from mock_services.saas import store
from mock_services.saas.app import create_app
from tests.snowflake.conftest import offline  # noqa: F401  a fixture
from tests.snowflake.history import snowflake_settings
from tests.snowflake.statements import woken
from tests.snowflake.warehouses import Snowflake, write_key
from tests.support.platform import TOKEN, clone, serve
from tools.cost.month import MEASURED

# What asks for no warehouse: sessions, transactions, definitions and metadata are cloud services. Views of
# INFORMATION_SCHEMA do ask for one.
FREE = re.compile(
    r"(alter|begin|commit|rollback|show|use|describe|comment|drop|truncate|create schema)\b"
    r"|create or replace\s+(temporary )?view\b"
    r"|select '\w+', count|.*where false\s+limit 0",
    re.IGNORECASE | re.DOTALL,
)
NOISE = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
# Tables that grow. What is selected from a view is selected from its table. A unit test reads fixtures, __dbt__cte__...
GROWING = {
    "events": re.compile("^(saas_email_events|stg_saas__email_events|fct_email_events)$", re.IGNORECASE),
    "messages": re.compile("^(int_messages|fct_messages)$", re.IGNORECASE),
    "base": re.compile("^(?!__dbt__cte__).*(contacts|list_memberships)$", re.IGNORECASE),
}


@pytest.fixture
def side(offline, postgres_server, small_database, small_store, s3_server, tmp_path):  # noqa: F811
    clone(postgres_server, small_database, "counted")
    saas = tmp_path / "store.sqlite"
    shutil.copy(small_store, saas)
    with serve(create_app(saas, TOKEN)) as api:
        sources = {
            "SOURCES__POSTGRES__CREDENTIALS": postgres_server.url("counted"),
            "SOURCES__SAAS__BASE_URL": api,
            "SOURCES__SAAS__API_KEY": TOKEN,
            "DESTINATION__LAKE__CREDENTIALS__AWS_ACCESS_KEY_ID": "test",
            "DESTINATION__LAKE__CREDENTIALS__AWS_SECRET_ACCESS_KEY": "test",
            "DESTINATION__LAKE__CREDENTIALS__REGION_NAME": "us-east-1",
            "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": s3_server,
        }
        key = write_key(tmp_path)
        side = Snowflake("dev", tmp_path / "dev", sources | snowflake_settings(offline.port, key))
        side.server, side.saas_store = offline, saas
        yield side


def reads(statements: list[str]) -> dict[str, int]:
    """Return how often statements read each of the tables that grow.

    A read is of the whole table, or of what literals in its condition name: `..._days` are ranges of days, `new` are
    loads. count(*) alone is metadata.
    """
    found = dict.fromkeys((*GROWING, "event_days", "message_days", "new"), 0)
    for text in statements:
        for tree in sqlglot.parse(text, dialect="snowflake", error_level=sqlglot.ErrorLevel.IGNORE):
            for table in tree.find_all(exp.Table) if tree else ():
                kind = next((kind for kind, names in GROWING.items() if names.search(table.name)), None)
                if kind and table.db.upper() != "RAW_STAGING" and (what := _read(table, kind)):
                    found[what] += 1
    return found


def _read(table: exp.Table, kind: str) -> str | None:
    """Return the kind of one read of a table; None: a statement writes it, or it only counts its rows."""
    reader = table.find_ancestor(exp.Select, exp.Delete, exp.Update, exp.Merge, exp.Insert, exp.Create)
    if isinstance(reader, exp.Insert | exp.Create) or reader is None:
        return None
    if isinstance(reader, exp.Select) and not reader.args.get("where") and _counts_only(reader):
        return None
    condition = reader.args.get("where")
    if condition and isinstance(condition.this, exp.Boolean) and not condition.this.this:
        return None
    literals = [
        one for one in (condition.find_all(exp.GT, exp.GTE, exp.In) if condition else ()) if _is_own(one, reader)
    ]
    if kind == "base" or not any(_names_values(one) for one in literals):
        return kind
    if all("load_id" in one.this.name.lower() for one in literals if _names_values(one)):
        return "new"
    return {"events": "event_days", "messages": "message_days"}[kind]


def _is_own(condition: exp.Expression, reader: exp.Expression) -> bool:
    """Tell whether a condition is of this statement, and not of a query within its condition."""
    return condition.find_ancestor(exp.Select, exp.Delete, exp.Update, exp.Merge) is reader


def _names_values(condition: exp.Expression) -> bool:
    """Tell whether a column is compared with literals, which prune."""
    if isinstance(condition, exp.In):
        values = condition.expressions
        return isinstance(condition.this, exp.Column) and bool(values) and all(one.find(exp.Literal) for one in values)
    value = condition.expression
    is_literal = isinstance(value, exp.Literal) or (isinstance(value, exp.Cast) and isinstance(value.this, exp.Literal))
    return isinstance(condition.this, exp.Column) and is_literal


def _counts_only(reader: exp.Select) -> bool:
    return all(
        isinstance(one.unalias(), exp.Count) and isinstance(one.unalias().this, exp.Star) for one in reader.expressions
    )


def idle_flow(side, folder) -> dict[str, int]:
    """Return how many statements of a flow with nothing new start each warehouse; a flow that builds comes first."""
    up(folder, only=("prefect",), ports={})
    try:
        api = json.loads((folder / "services.json").read_text())["prefect_api_url"]
        side.settings |= {"PREFECT_API_URL": api, "MAILBLAZE_MONTHLY_CREDITS": "100"}
        side.run("python", "flows/elt.py")
        before = len(side.server.statements())
        side.run("python", "flows/elt.py")
    finally:
        down(folder)
    started = woken(side.server.statements()[before:])
    return {name: len(started.get(name, [])) for name in ("LOAD_WH", "TRANSFORM_WH", "REPORT_WH")}


def test_count(side, postgres_server, tmp_path):
    found = {}

    def step(name: str, *command: str) -> None:
        before = len(side.server.statements())
        side.run(*command)
        texts = [NOISE.sub("", entry["sql"]) for entry in side.server.statements()[before:]]
        sent = [part.strip() for text in texts for part, _ in split_statements(StringIO(text)) if part.strip("; \n")]
        paid = [text for text in sent if not FREE.match(text)]
        tests = [text for text in paid if "dbt_internal_test" in text]
        found[name] = {"sent": len(sent), "warehouse": len(paid), "reads": reads(paid), "reads_of_tests": reads(tests)}

    build = ("dbt", "build", "--project-dir", "dbt", "--profiles-dir", "dbt")
    for name in ("postgres", "saas"):
        step(f"first {name}", "python", f"pipelines/{name}.py")
    step("first build", *build)
    simulate_day(postgres_server.url("counted"))
    store.simulate_day(side.saas_store, 1)
    for name in ("postgres", "saas"):
        step(f"news {name}", "python", f"pipelines/{name}.py")
    step("hourly build", *build, "--selector", "hourly")
    simulate_day(postgres_server.url("counted"), 2)
    store.simulate_day(side.saas_store, 2)
    for name in ("postgres", "saas"):
        side.run("python", f"pipelines/{name}.py")
    step("daily build", *build)
    for name in ("postgres", "saas"):
        step(f"idle {name}", "python", f"pipelines/{name}.py")
    flow = idle_flow(side, tmp_path)
    measured = json.loads(MEASURED.read_text()) | {"statements": found, "idle_flow": flow}
    MEASURED.write_text(json.dumps(measured, indent=1) + "\n")
    assert found["idle saas"]["sent"] < found["news saas"]["sent"]
