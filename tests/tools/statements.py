"""Statements that a run sends to Snowflake: `pytest tests/tools/statements.py`, after `make .venv-snowflake/.ready`.

A first load, a business day, a load of its news and a build on them, and a whole flow with nothing new, by warehouse;
the counts go into tools/cost/measured.json. It is no test, so `make test` does not collect it.
"""

import json
import re
import shutil
from io import StringIO

import pytest
from snowflake.connector.util_text import split_statements

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
    r"(alter|begin|commit|rollback|show|use|describe|comment|drop|truncate|create schema|create or replace view)\b"
    r"|select '\w+', count|.*where false\s+limit 0",
    re.IGNORECASE | re.DOTALL,
)
# A unit test reads fixtures, not tables.
NOISE = re.compile(r"/\*.*?\*/|--[^\n]*|__dbt__cte__\w+", re.DOTALL)
# Which reads grow with the history. What is selected from a view is selected from its table.
WHOLE = r'\b(?:from|join)\s+(?!"?RAW_STAGING)[\w."]*?(?:{})"?(?!\w)'
READS = {
    "events": WHOLE.format("saas_email_events|stg_saas__email_events|fct_email_events"),
    "messages": WHOLE.format("int_messages|fct_messages"),
    "base": WHOLE.format("contacts|list_memberships"),
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
    """Return how often statements read each of the tables that grow, as a whole: nothing prunes by these keys."""
    found = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in READS.items()}
    return {kind: sum(len(pattern.findall(text)) for text in statements) for kind, pattern in found.items()}


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
