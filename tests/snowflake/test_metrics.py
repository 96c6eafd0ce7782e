"""Each metric of dbt's semantic models equals the report's figure, on both warehouses."""

import json

import pytest

CAMPAIGNS = "select sum({}) from MART.RPT_CAMPAIGN_PERFORMANCE"
REPORTED = {
    "sent": CAMPAIGNS.format("sent_count"),
    "delivered": CAMPAIGNS.format("delivered_count"),
    "bounced": CAMPAIGNS.format("hard_bounce_count + soft_bounce_count"),
    "opened": CAMPAIGNS.format("unique_open_count"),
    "machine_opened": "select sum(machine_only_open_count) from MART.RPT_DAILY_ENGAGEMENT",
    "clicked": CAMPAIGNS.format("unique_click_count"),
    "complained": CAMPAIGNS.format("complaint_count"),
    "unsubscribed": CAMPAIGNS.format("unsubscribe_count"),
    "revenue_usd": "select sum(paid_usd) from MART.RPT_REVENUE_MONTHLY",
    "mrr_usd": "select closing_mrr_usd from MART.RPT_MRR order by month_starts_on desc limit 1",
}


@pytest.fixture(scope="module")
def manifest(history) -> dict:
    return json.loads((history.snowflake.folder / "target" / "manifest.json").read_text())


def measured(manifest: dict, measure: str) -> str:
    """Return the SQL of a measure over all rows of its model, or of the last month if it does not add up over time."""
    for model in manifest["semantic_models"].values():
        for one in model["measures"]:
            if one["name"] == measure:
                table = f"MART.{model['node_relation']['alias']}"
                last = one["non_additive_dimension"]
                only = f" where {last['name']} = (select max({last['name']}) from {table})" if last else ""
                return f"select {one['agg']}({one['expr'] or measure}) from {table}{only}"
    raise KeyError(measure)


def test_every_simple_metric_is_compared(manifest):
    simple = {metric["name"] for metric in manifest["metrics"].values() if metric["type"] == "simple"}
    assert simple == set(REPORTED)


@pytest.mark.parametrize("warehouse", ["snowflake", "duckdb"])
@pytest.mark.parametrize("metric", REPORTED)
def test_a_metric_is_what_the_report_says(history, manifest, metric, warehouse):
    measure = manifest["metrics"][f"metric.mailblaze.{metric}"]["type_params"]["measure"]["name"]
    ((measured_value,),) = getattr(history, warehouse).rows(measured(manifest, measure))[1]
    ((reported,),) = getattr(history, warehouse).rows(REPORTED[metric])[1]
    assert measured_value == reported
    assert measured_value > 0
