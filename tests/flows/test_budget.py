"""The month's budget: the ledger's credits are compared with the setting before anything is loaded."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from exactly_once.errors import PipelineError
from flows import budget
from flows.budget import Spending, read_month


@pytest.fixture
def ledger(platform, monkeypatch):
    """The columns of dbt's ledger that a budget reads: 10 credits last month, 18 in this one."""
    today = datetime.now(UTC).date()
    first = today.replace(day=1)
    platform.raw("create schema MART")
    platform.raw("create table MART.rpt_pipeline_cost (cost_on date, credits decimal(18, 9), cost_usd decimal(18, 6))")
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 28)
    rows = f"('{before}', 10, 39), ('{first}', 17.5, 68.25), ('{first}', 0.5, 1.95)"
    platform.raw(f"insert into MART.rpt_pipeline_cost values {rows}")
    monkeypatch.setenv("MAILBLAZE_MONTHLY_CREDITS", "20")
    return first


def test_only_this_month_counts(ledger):
    spending = read_month()
    assert spending == Spending(Decimal(18), Decimal("70.2"), ledger, Decimal(20), spending.read_at)


def test_before_the_first_build_nothing_is_spent(platform, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_MONTHLY_CREDITS", "20")
    spending = read_month()
    assert spending == Spending(Decimal(0), Decimal(0), None, Decimal(20), spending.read_at)


def test_what_a_build_saves_is_known_to_the_next_run_on_any_machine(ledger, platform, monkeypatch):
    """It is saved in the lake beside the flow's lease, the only folder whose objects may be overwritten."""
    assert budget.load_saved().read_at is None
    budget.save(read_month())
    first = budget.load_saved()
    assert (first.credits, first.usd, first.last_day) == (Decimal(18), Decimal("70.2"), ledger)
    platform.raw("delete from MART.rpt_pipeline_cost")  # the ledger is not asked
    assert budget.load_saved() == first
    monkeypatch.setenv("MAILBLAZE_MONTHLY_CREDITS", "36")  # a raised budget counts at once
    assert (first.is_near, budget.load_saved().is_near) == (True, False)
    budget.save(read_month())
    assert budget.load_saved().credits == 0


def test_what_was_spent_last_month_stops_nothing(ledger, platform, monkeypatch):
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    budget.save(Spending(Decimal(100), Decimal(390), last_month.date(), Decimal(20), last_month))
    assert (budget.load_saved().credits, budget.load_saved().is_over) == (0, False)


def test_a_damaged_document_counts_as_none(ledger, platform):
    budget.flow_state("budget").write(b"{", None)
    assert budget.load_saved().read_at is None


@pytest.mark.parametrize(
    ("spent", "is_near", "is_over"),
    [("15.99", False, False), ("16", True, False), ("19.99", True, False), ("20", True, True)],
)
def test_four_fifths_are_near_and_all_is_over(spent, is_near, is_over):
    spending = Spending(Decimal(spent), Decimal(0), None, Decimal(20))
    assert (spending.is_near, spending.is_over) == (is_near, is_over)


@pytest.mark.parametrize("text", ["twenty", "0", "-1", "nan"])
def test_a_budget_that_is_none_is_refused_in_a_line(platform, monkeypatch, text):
    monkeypatch.setenv("MAILBLAZE_MONTHLY_CREDITS", text)
    with pytest.raises(PipelineError, match="is not a number above 0: set the month's credits, or unset it"):
        read_month()


def test_a_spent_budget_stops_the_flow_before_it_loads(ledger, platform, run_flow, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_MONTHLY_CREDITS", "18")
    budget.save(read_month())
    done = run_flow("--over-budget", "stop")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("✗")]
    assert "The month's budget is spent: 18.00 of 18 credits (100%, $70.20)" in line
    assert "--over-budget warn" in line
    assert platform.lake() == []
    assert platform.raw("select count(*) from duckdb_schemas() where schema_name = 'RAW'") == [(0,)]


@pytest.mark.slow
def test_a_spent_budget_warns_and_the_load_goes_on(ledger, platform, run_flow, prefect_api, monkeypatch):
    platform.write_services(prefect_api_url=prefect_api, saas_token="wrong")  # noqa: S106  it ends there, long before dbt
    monkeypatch.setenv("MAILBLAZE_MONTHLY_CREDITS", "18")
    budget.save(read_month())
    done = run_flow()
    assert "budget: 18.00 of 18 credits" in done.stderr
    assert "⚠" in done.stderr
    assert platform.raw("select count(*) from RAW.POSTGRES_ACCOUNTS")[0][0] > 0
