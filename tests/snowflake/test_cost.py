"""The cost ledger over a simulated meter: who used how much, and the sum equals what was metered."""

from decimal import Decimal

import pytest

from tests.snowflake.metering import METERED

LEDGER = "MART.RPT_PIPELINE_COST"


@pytest.fixture(params=["snowflake", "duckdb"])
def warehouse(request, history):
    return getattr(history, request.param)


def test_the_ledger_adds_up_to_the_meter(warehouse):
    ((price,),) = warehouse.rows("select usd from INTERMEDIATE.PRICES where price_name = 'snowflake_credit'")[1]
    ((credits, usd),) = warehouse.rows(f"select sum(credits), sum(cost_usd) from {LEDGER}")[1]
    assert credits == Decimal(METERED)
    assert usd == Decimal(METERED) * price


def test_a_load_is_reported_by_table_with_its_files(warehouse):
    """Its statements ran 50 s of 50 s in an hour of 0.05 credits; rows and bytes are those of its two files."""
    row = (
        "select row_count, byte_count, file_count, statement_count, warehouse_seconds, metered_seconds, credits "
        f"from {LEDGER} where load_id = '1772445600.25' and pipeline = 'postgres' and table_name = 'postgres_contacts'"
    )
    assert warehouse.rows(row)[1] == [(6, 1500, 2, 2, Decimal(50), Decimal(50), Decimal("0.05"))]


def test_an_hour_that_was_metered_late_reached_its_day(warehouse):
    """The first build saw the statements and no metered hour; a statement that spans two hours is billed in both."""
    rows = dict(
        warehouse.rows(f"select pipeline, sum(credits) from {LEDGER} where warehouse_name = 'REPORT_WH' group by 1")[1]
    )
    assert rows == {"(other)": Decimal("0.05"), "(idle)": Decimal("0.005")}


def test_what_is_not_metered_yet_shows_as_such(warehouse):
    row = f"select warehouse_seconds, metered_seconds, credits from {LEDGER} where cost_on = cast('2026-03-03' as date)"
    assert warehouse.rows(row)[1] == [(Decimal(10), Decimal(0), Decimal(0))]
