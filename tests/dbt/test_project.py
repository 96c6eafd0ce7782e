"""What dbt's project promises beside test_project_rules.py: contracts, daily tests, no clock, exposures."""

import re

import pytest

from tests.dbt.project_manifest import ROOT, layer, nodes

pytestmark = pytest.mark.integration

EVENTS = (
    "stg_saas__email_events",
    "int_messages",
    "int_message_signs",
    "int_ruled_messages",
    "fct_email_events",
    "fct_messages",
)
COUNTING = {"every_message_is_reported"}  # a warehouse has the row count of a table as metadata


def test_every_mart_keeps_a_contract_with_types(manifest):
    marts = [model for model in nodes(manifest, "model").values() if layer(model) == "marts"]
    assert len(marts) > 20
    for model in marts:
        assert model["contract"]["enforced"], model["name"]
        assert model["columns"], model["name"]
        assert all(column["data_type"] for column in model["columns"].values()), model["name"]


def test_the_check_of_policies_looks_at_every_mart(manifest):
    sql = (ROOT / "dbt/tests/policies_are_where_they_are_declared.sql").read_text()
    marts = {model["name"] for model in nodes(manifest, "model").values() if layer(model) == "marts"}
    assert set(re.findall(r"'((?:dim|fct|rpt)_\w+)'", sql)) == marts


def test_what_reads_whole_tables_of_events_runs_once_a_day(manifest):
    events = {f"model.mailblaze.{name}" for name in EVENTS}
    tests = nodes(manifest, "test").values()
    reading = {test["name"] for test in tests if events & set(test["depends_on"]["nodes"])}
    assert {test["name"] for test in tests if "whole_table" in test["tags"]} == reading - COUNTING


def test_no_model_asks_what_time_it_is(manifest):
    """The same RAW gives the same figures at any time, so `make slim` shows the effect of the change alone."""
    asks = re.compile(
        r"\b(current_(date|time|timestamp)\b|(now|today|getdate|sysdate)\(|run_started_at\b)", re.IGNORECASE
    )
    ours = [
        node
        for node in manifest["macros"].values()
        if node["package_name"] == "mailblaze" and node["name"][:5] != "test_"
    ]
    texts = {node["name"]: node["macro_sql"] for node in ours}
    texts |= {node["name"]: node["raw_code"] for node in nodes(manifest, "model").values()}
    assert len(texts) > 50
    assert [name for name, text in texts.items() if asks.search(text)] == []


def test_the_dashboards_exposure_names_what_its_queries_read(manifest):
    read = set(re.findall(r"\b(?:dim|fct|rpt)_[a-z_]+", (ROOT / "dashboard/queries.py").read_text()))
    (exposure,) = manifest["exposures"].values()
    assert {name.rpartition(".")[2] for name in exposure["depends_on"]["nodes"]} == read
