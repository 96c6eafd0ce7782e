"""The dashboard's queries on the offline Snowflake, as REPORTER_SVC: they return what DuckDB returns."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from dashboard import queries
from dashboard.mart import duckdb_mart, snowflake_mart
from dashboard.queries import Filters
from tests.dashboard.every_query import every_query
from tests.snowflake.warehouses import DATABASE, write_key


@pytest.fixture
def marts(history, offline, tmp_path, monkeypatch):
    """MART of both warehouses."""
    settings = {
        "SNOWFLAKE_ACCOUNT": "acct",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(offline.port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH": str(write_key(tmp_path)),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return snowflake_mart(DATABASE), duckdb_mart(history.duckdb.folder / "dp_mailblaze_demo_ci_db.duckdb")


def test_every_query_answers_what_duckdb_answers(marts):
    snowflake, duckdb = marts
    newest = duckdb.row(queries.first_day())["first_day"]
    campaigns = duckdb.rows(queries.campaigns(Filters(date(2000, 1, 1), date(2100, 1, 1))))
    assert newest
    assert campaigns
    ours = {"newest_load_id", "source_loaded_at", "load_count"}  # they depend on the load
    year = Filters(newest, newest + timedelta(days=364))
    for filters in (year, replace(year, region="us"), replace(year, account_id=1)):
        for name, query in every_query(filters, campaigns[0]["campaign_id"]):
            answers = [
                [{column: value for column, value in row.items() if column not in ours} for row in mart.rows(query)]
                for mart in (snowflake, duckdb)
            ]
            assert answers[0] == answers[1], name
