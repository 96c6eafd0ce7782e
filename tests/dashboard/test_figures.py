"""Figures are what SQL says on the same file; what MART cannot say now is one line."""

import json
import re
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dashboard import pages as pages_package
from dashboard import queries
from dashboard.filters import read_address
from dashboard.mart import MartUnavailable, bind_positional, connection_settings, duckdb_mart, snowflake_mart
from dashboard.page_spec import PageContext
from dashboard.pages import PAGES, campaign, deliverability, lists, overview
from dashboard.pages.lists import survival_curve
from dashboard.queries import Filters
from dashboard.rendering.components import Table
from dashboard.rendering.formatting import count, percent, plural, points, usd
from dashboard.status import read_status
from pipelines.runs.run_record import RunRecord
from tests.dashboard.conftest import as_demo
from tests.dashboard.every_query import every_query
from tests.dashboard.mart_file import HOSTILE, NEWEST, make

DBT_MODELS = Path(__file__).parents[2] / "dbt/models"
LAST = NEWEST.date()
QUARTER = Filters(LAST - timedelta(days=89), LAST)
EVERY_FILTER = [QUARTER, replace(QUARTER, region="us"), replace(QUARTER, region="eu", account_id=1)]


ASKED = [
    ({}, ("All regions", "All accounts", "Last 90 days")),
    ({"region": "us", "account": "Nowak", "period": "Last 7 days"}, ("us", "Nowak", "Last 7 days")),
    ({"region": ["us", "eu"], "period": ["", "Last 7 days"]}, ("us", "All accounts", "Last 7 days")),
    ({"region": ["nowhere", "eu", "us"]}, ("eu", "All accounts", "Last 90 days")),
    ({"region": "", "account": "", "period": ""}, ("All regions", "All accounts", "Last 90 days")),
    ({"region": [], "account": None, "period": 7}, ("All regions", "All accounts", "Last 90 days")),
    ({"region[]": "eu", "Region": "eu", "": "eu", "__class__": "x"}, ("All regions", "All accounts", "Last 90 days")),
    ({"region": "x" * 10**6, "account": ["\0", {"a": 1}, "Nowak"]}, ("All regions", "Nowak", "Last 90 days")),
]


@pytest.mark.parametrize(("address", "expected"), ASKED, ids=range(len(ASKED)))
def test_an_address_gets_the_first_of_its_values_that_is_offered(mart, monkeypatch, address, expected):
    monkeypatch.setattr("dashboard.filters.current_mart", lambda: mart)
    requested = read_address(address)
    assert (requested.region, requested.account, requested.period) == expected


@pytest.fixture
def mart(warehouse):
    return duckdb_mart(warehouse)


def sql(warehouse, text):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(text).fetchall()


def render(page, mart, filters, status, campaign_id=None):
    return page.render(PageContext(mart, filters, status, campaign_id))


def figures(page):
    return {figure.label: figure.value for figure in page.figures}


def where(filters, day="sent_on"):
    account = f"and account_id = {filters.account_id}" if filters.account_id is not None else ""
    region = f"and region = '{filters.region}'" if filters.region else ""
    return f"where {day} >= '{filters.first_day}' and {day} <= '{filters.last_day}' {region} {account}"


@pytest.mark.parametrize("filters", EVERY_FILTER, ids=["all", "region", "account"])
def test_the_overview_says_what_sql_says(mart, warehouse, filters):
    [(sent, opened, clicked)] = sql(
        warehouse,
        "select sum(sent_count), 100.0 * sum(unique_open_count) / sum(delivered_count), "
        f"100.0 * sum(unique_click_count) / sum(delivered_count) from MART.rpt_daily_engagement {where(filters)}",
    )
    since_ever = replace(filters, first_day=date(2000, 1, 1))
    [(mrr,)] = sql(
        warehouse, f"select sum(change_usd) from MART.fct_mrr_movements {where(since_ever, 'month_starts_on')}"
    )
    assert figures(render(overview, mart, filters, read_status(mart))) == {
        "Messages sent": f"{sent:,}",
        "Opened by people": f"{opened:.1f} %",
        "Clicked": f"{clicked:.1f} %",
        "Recurring revenue": f"${mrr:,.0f}",
    }


def test_invoices_that_are_void_are_not_billed(mart, warehouse):
    [(billed, paid)] = sql(
        warehouse,
        "select sum(subtotal_usd), sum(subtotal_usd) filter (invoice_status = 'paid') from MART.fct_invoices "
        f"{where(QUARTER, 'issued_on')} and invoice_status in ('paid', 'open', 'uncollectible')",
    )
    found = mart.row(queries.billed(QUARTER))
    assert (found["billed_usd"], found["paid_usd"]) == (float(billed), float(paid))


def test_trends_add_up_to_the_figures(mart):
    for step_days in (7, 90, 365):
        filters = replace(QUARTER, first_day=LAST - timedelta(days=step_days - 1))
        trend = mart.rows(queries.engagement_trend(filters))
        assert sum(row["sent_count"] for row in trend) == mart.row(queries.engagement(filters))["sent_count"] > 0
        assert len(trend) <= 31


def test_a_campaign_says_what_sql_says(mart, warehouse):
    [(sent, delivered, opened)] = sql(
        warehouse,
        "select sent_count, delivered_count, unique_open_count from MART.rpt_campaign_performance "
        "where campaign_id = 90",
    )
    page = render(campaign, mart, QUARTER, read_status(mart), 90)
    assert page.title.startswith("Campaign 90, ")
    assert page.sections[0].table.rows[:3] == [
        ("Sent", f"{sent:,}", "100.0 %", "of sent"),
        ("Delivered", f"{delivered:,}", f"{100 * delivered / sent:.1f} %", "of sent"),
        ("Opened by people", f"{opened:,}", f"{100 * opened / delivered:.1f} %", "of delivered"),
    ]
    [(best,)] = sql(warehouse, "select max(human_open_count) from MART.rpt_campaign_hours where campaign_id = 90")
    assert f"{best} opens" in page.sections[1].chart.to_dict()["description"]


@pytest.mark.parametrize("filters", EVERY_FILTER, ids=["all", "region", "account"])
def test_deliverability_says_what_sql_says(mart, warehouse, filters):
    page = render(deliverability, mart, filters, read_status(mart))
    if filters.account_id is None:
        text = "100.0 * sum(delivered_count) / sum(sent_count) from MART.rpt_deliverability " + where(filters)
    else:
        text = "100.0 * count(*) filter (message_outcome = 'delivered') / count(*) from MART.fct_messages " + where(
            replace(filters, region=None)
        )
    [(delivered,)] = sql(warehouse, f"select {text}")
    assert figures(page)["Delivered"] == f"{delivered:.1f} %"
    [(breaches,)] = sql(
        warehouse, f"select count(*) from MART.rpt_suppression_breaches {where(filters, 'cast(sent_at as date)')}"
    )
    assert figures(page)["Suppression breaches"] == f"{breaches:,}"


def test_survival_is_kaplan_and_meiers():
    # By hand: of 100 ten leave, of the 50 that are left to be seen ten leave; 0.9, then 0.9 * 0.8.
    rows = [
        {"month_number": 0, "at_risk_count": 100, "left_count": 10},
        {"month_number": 1, "at_risk_count": 50, "left_count": 10},
    ]
    assert [round(row["survival"], 6) for row in survival_curve(rows)] == [1.0, 0.9, 0.72]
    assert survival_curve([]) == []


def test_survival_is_that_of_the_mart():
    """For one account the page's curve is dbt's own: rpt_list_survival by its unit test."""
    (unit_test,) = [
        test
        for file in DBT_MODELS.rglob("*.yml")
        for test in yaml.safe_load(file.read_text()).get("unit_tests", [])
        if test["model"] == "rpt_list_survival"
    ]
    rows = unit_test["expect"]["rows"]
    accounts = {row["account_id"] for row in rows}
    assert len(accounts) > 1
    for account in accounts:
        own = [row for row in rows if row["account_id"] == account]
        curve = [round(step["survival"], 6) for step in survival_curve(own)][1:]
        assert curve == [float(row["survival_rate"]) for row in own]


def test_each_module_of_the_pages_is_a_page_in_its_order(monkeypatch):
    files = {path.stem for path in Path(pages_package.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(PAGES) == files
    assert list(PAGES) == sorted(PAGES, key=lambda name: PAGES[name].order)
    assert len({page.title for page in PAGES.values()}) == len(PAGES)
    monkeypatch.setattr(lists, "PAGE", replace(PAGES["lists"], order=PAGES["overview"].order))
    with pytest.raises(TypeError, match="the pages lists, overview have the same order"):
        pages_package._find_pages()
    monkeypatch.delattr(lists, "PAGE")
    with pytest.raises(TypeError, match=r"dashboard/pages/lists\.py declares no PAGE"):
        pages_package._find_pages()


def test_sums_of_money_and_counts_are_plain_english(mart, warehouse):
    [(gained, lost)] = sql(
        warehouse,
        "select sum(change_usd) filter (change_usd > 0), -sum(change_usd) filter (change_usd < 0) "
        "from MART.fct_mrr_movements where month_starts_on >= '2026-04-01'",
    )
    page = render(overview, mart, QUARTER, read_status(mart))
    assert f"${gained:,.0f} MRR gained, ${lost:,.0f} lost" in [section.title for section in page.sections]
    assert [figure.note for figure in page.figures][-1].endswith("since the beginning of April")
    revenue = render(campaign, mart, QUARTER, read_status(mart), 90).figures[-1]
    assert revenue.note == "attributed to 1 paid invoice"
    assert plural(3, "paid invoice") == "3 paid invoices"


def test_a_period_before_the_first_week_of_sending_is_no_comparison(mart):
    state = read_status(mart)
    assert state.previous_period(QUARTER) == "the previous 90 days"
    assert state.previous_period(replace(QUARTER, first_day=LAST - timedelta(days=179))) is None
    assert points((1, 2), (1, 4), None)[0] == "no complete earlier period to compare with"
    assert points((1, 2), (1, 4), "the previous day") == ("▲ up 25.0 points from the previous day", "good")
    assert points((1, 2), (1, 4), "the previous day", good=-1)[1] == "bad"


def test_every_query_adds_up_or_has_a_limit_and_reads_mart_alone(mart):
    found = list(every_query(QUARTER, 90))
    assert len(found) > 15
    for name, query in found:
        read = set(re.findall(r"\b(?:from|join) ([\w.]+)", query.sql))
        assert {table for table in read if not table.startswith("MART.")} <= {"months", "running"}, name
        assert re.search(r"\b(sum|count|min)\(| limit \d+$|where campaign_id = \$campaign_id", query.sql), name
        assert 1 <= len(mart.rows(query)) <= queries.ACCOUNT_LIMIT, name


def test_values_are_bound(mart):
    injected = replace(QUARTER, region="eu' or '1' = '1")
    assert "'1'" not in bind_positional(queries.engagement(injected))[0]
    assert mart.row(queries.engagement(injected))["sent_count"] == 0


def test_text_of_the_warehouse_is_escaped(mart):
    page = render(campaign, mart, QUARTER, read_status(mart), next(
        row["campaign_id"] for row in mart.rows(queries.campaigns(replace(QUARTER, region="apac")))
    ))  # fmt: skip
    html = page.html(lambda chart: "")
    assert "&lt;script&gt;" in html
    assert HOSTILE not in html


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_warehouse_says_so(tmp_path, name):
    mart = duckdb_mart(make(tmp_path / "empty.duckdb", is_empty=True))
    page = render(PAGES[name], mart, QUARTER, read_status(mart), None)
    assert page.notices[0].text.startswith("The warehouse is empty")
    assert read_status(mart).summary() == "No e-mail event has been loaded yet"


@pytest.mark.parametrize("name", ["overview", "campaign", "deliverability"])
def test_a_filter_that_leaves_nothing_says_so(mart, name):
    nobody = replace(QUARTER, first_day=date(2020, 1, 1), last_day=date(2020, 1, 31), region="eu")
    page = render(PAGES[name], mart, nobody, read_status(mart), None)
    assert "in region eu from 1 Jan 2020 to 31 Jan 2020" in page.notices[-1].text
    assert not page.sections


NOW = datetime.now(UTC).replace(tzinfo=None)
WEEK = timedelta(days=7, hours=3)
FIRST_OF_JUNE = NEWEST - timedelta(days=29)


@pytest.mark.parametrize("name", PAGES)
def test_a_platform_that_stopped_a_week_ago_says_so(tmp_path, name):
    old = duckdb_mart(make(tmp_path / "old.duckdb", newest=NOW - WEEK))
    page = render(PAGES[name], old, QUARTER, read_status(old), 90)
    at = NOW - WEEK + timedelta(hours=1)
    assert page.notices[0].text == (
        f"Stale: the last load ended 7 days ago, on {at.day} {at:%b %Y, %H:%M} UTC; the limit is 2 hours. "
        "`make status` on the platform's machine shows the cause."
    )
    assert read_status(old).summary().endswith("UTC, 7 days ago")


def test_a_platform_that_goes_on_says_nothing(tmp_path):
    mart = duckdb_mart(make(tmp_path / "new.duckdb", newest=NOW - timedelta(hours=2)))
    assert render(overview, mart, QUARTER, read_status(mart)).notices == []
    assert read_status(mart).summary().startswith("Complete through ")
    assert read_status(mart).summary().endswith(", an hour ago")


def test_a_source_without_new_events_says_so(tmp_path):
    mart = duckdb_mart(make(tmp_path / "old.duckdb", newest=NOW - WEEK, late=timedelta(days=7, hours=2)))
    assert [notice.text for notice in read_status(mart).notices()] == [
        "Stale: the newest e-mail event is 7 days older than the last load."
    ]


def record(folder, number, **more):
    """Write the record of a run as the flow does."""
    path = folder / "runs" / "local" / f"2026112{number}T101500000000-{number}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    ended_at = (NOW - timedelta(hours=1)).replace(tzinfo=UTC).isoformat(timespec="milliseconds")
    kept = RunRecord(
        str(number), "flow", "python flows/elt.py", "local", ["postgres", "saas"], "host", 1, None, None, ended_at,
        ended_at=ended_at, result="ok",
    )  # fmt: skip
    path.write_text(json.dumps(asdict(kept) | more))


def test_a_run_that_found_nothing_new_is_a_good_run(tmp_path):
    mart = duckdb_mart(make(tmp_path / "quiet.duckdb", newest=NOW - timedelta(hours=20)))
    assert [notice.text[:33] for notice in read_status(mart).notices()] == ["Stale: the last load ended 19 hou"]
    record(tmp_path, 1)
    # What came after it was no good run, or no run of the whole.
    record(tmp_path, 2, result="failed")
    record(tmp_path, 3, result=None, ended_at=None)
    record(tmp_path, 4, kind="load")
    (tmp_path / "runs/local/20261125T101500000000-5.json").write_text("{")
    assert read_status(mart).notices() == []
    assert "· last good run ended " in read_status(mart).summary()


@pytest.mark.parametrize(
    ("hours", "is_stale"), [("24", False), ("0.5", True), ("", True), ("soon", True), ("-1", True)]
)
def test_how_old_the_last_run_may_be_is_a_setting(tmp_path, monkeypatch, hours, is_stale):
    monkeypatch.setenv("MAILBLAZE_MAX_AGE_HOURS", hours)
    mart = duckdb_mart(make(tmp_path / "old.duckdb", newest=NOW - timedelta(hours=7)))
    assert bool(read_status(mart).notices()) == is_stale


def test_demo_data_alarm_nobody_and_say_what_they_are(mart, tmp_path):
    as_demo(tmp_path)
    assert read_status(mart).notices() == []
    assert (
        read_status(mart).summary().startswith("Demo data, complete through 30 Jun 2026, 13:34 UTC · last load ended ")
    )


OWN = {
    "shell": {"SOURCES__POSTGRES__CREDENTIALS": "postgresql://reader@db.example/mailblaze"},
    "shell, a part": {"SOURCES__POSTGRES__CREDENTIALS__HOST": "db.example"},
    "shell, the API": {"SOURCES__SAAS__BASE_URL": "https://api.example"},
    "another environment": {"MAILBLAZE_ENV": "dev"},
}


@pytest.mark.parametrize("settings", OWN.values(), ids=OWN)
def test_ones_own_sources_are_no_demo(mart, tmp_path, monkeypatch, settings):
    as_demo(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert read_status(mart).notices()[0].text.startswith("Stale: ")


def test_ones_own_sources_in_the_secrets_are_no_demo(mart, tmp_path, monkeypatch):
    as_demo(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dlt").mkdir()
    secrets = tmp_path / ".dlt/secrets.toml"
    secrets.write_text('[sources.saas]\napi_key = "token"\n')
    assert read_status(mart).is_demo
    secrets.write_text('[sources.saas]\nbase_url = "https://api.example"\n')
    assert not read_status(mart).is_demo
    secrets.write_text("[sources")
    assert read_status(mart).is_demo


def test_a_mart_of_an_earlier_version_says_when_its_last_load_began(tmp_path):
    path = make(tmp_path / "earlier.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("alter table MART.rpt_data_status drop column source_loaded_at")
    assert read_status(duckdb_mart(path)).loaded_at == NEWEST + timedelta(minutes=59)


@pytest.mark.parametrize("name", PAGES)
def test_every_share_says_of_what(mart, name):
    """Of sent or of delivered, as docs/marts.md has it, in figures, titles, notes and columns."""
    page = render(PAGES[name], mart, QUARTER, read_status(mart), 90)
    shares = [figure for figure in page.figures if figure.value.endswith("%")]
    assert all(figure.of.startswith("of ") for figure in shares)
    assert page.name == "data" or shares
    for section in page.sections:
        if section.table and section.table.columns[0] != "Step":
            for number, column in enumerate(section.table.columns):
                if any(row[number].endswith("%") for row in section.table.rows):
                    assert ", of " in column, column


def test_one_campaigns_rates_are_those_of_every_page(mart):
    page = render(campaign, mart, QUARTER, read_status(mart), 90)
    said = {figure.label: (figure.value, figure.of) for figure in page.figures}
    for name, _, rate, of in page.sections[0].table.rows[1:]:
        assert said[name] == (rate, of)
        assert f"({rate} {of})" in page.sections[0].chart.to_dict()["description"]


@pytest.mark.parametrize(
    ("newest", "first_day", "cut", "note"),
    [
        (NEWEST, date(2026, 4, 2), ["30 Mar 2026 (4 days)", "29 Jun 2026 (2 days)"], "weeks: 30 Mar 2026 (4 days), 29"),
        (NEWEST, date(2026, 4, 5), ["30 Mar 2026 (1 day)", "29 Jun 2026 (2 days)"], "weeks: 30 Mar 2026 (1 day), 29"),
        (NEWEST, date(2026, 6, 20), ["30 Jun 2026 (until 13:34 UTC)"], "days: 30 Jun 2026 (until 13:34 UTC)."),
        # The first message was sent 200 days before the newest.
        (NEWEST, date(2025, 7, 1), ["1 Dec 2025 (20 days)"], "months: Dec 2025 (20 days)."),
        (FIRST_OF_JUNE, date(2025, 7, 1), ["1 Nov 2025 (18 days)", "1 Jun 2026 (1 day)"], "months: Nov 2025 (18"),
    ],
)  # fmt: skip
def test_what_is_not_a_whole_step_is_marked(tmp_path, newest, first_day, cut, note):
    mart = duckdb_mart(make(tmp_path / "cut.duckdb", newest=newest))
    page = render(overview, mart, Filters(first_day, newest.date()), read_status(mart))
    for section in page.sections[:2]:  # what was sent, and what became of it
        assert [row[0] for row in section.table.rows if "(" in row[0]] == cut
        assert f" Incomplete {note}" in section.note
    pale = {row["from"] for row in page.sections[0].chart.to_dict()["data"]["values"] if not row["is_complete"]}
    assert pale == set(cut)


def test_months_of_lists_and_revenue_that_go_on_are_marked(tmp_path):
    mart = duckdb_mart(make(tmp_path / "cut.duckdb", newest=NEWEST - timedelta(days=60)))
    filters = Filters(date(2026, 2, 10), date(2026, 5, 1))
    for page in (render(overview, mart, filters, read_status(mart)), render(lists, mart, filters, read_status(mart))):
        tables = [section.table for section in page.sections if section.table and section.table.columns[0] == "Month"]
        assert [[row[0] for row in table.rows if "(" in row[0]] for table in tables] == [["May 2026 (1 day)"]]
    assert page.figures[0].note == "on 1 May 2026"


def test_a_file_holds_values_and_nothing_that_a_spreadsheet_runs():
    table = Table(("Who", "Share"), [("=cmd()", percent(0.25)), ("Nowak", count(1234)), ("-", usd(-12.5))])
    assert table.csv().splitlines() == ["Who,Share", "'=cmd(),0.25", "Nowak,1234", "'-,-12.5"]
    assert usd(-12.5, 2) == "-$12.50"


def test_a_long_table_says_what_it_leaves_out():
    table = Table(("Month", "Members"), [(str(number), count(number)) for number in range(61)])
    html = table.html_with_link(None)
    assert html.count("<tr>") == 61
    assert "Showing the last 60 of 61 rows; the file has all." in html
    assert len(table.csv().splitlines()) == 62


HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def test_while_a_load_holds_the_file_the_last_figures_stand(tmp_path):
    path = make(tmp_path / "held.duckdb")
    as_demo(tmp_path)  # so that its age is no matter
    seen, fresh = duckdb_mart(path), duckdb_mart(path)
    before = figures(render(overview, seen, QUARTER, read_status(seen)))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as load:
        assert load.stdout.readline() == "held\n"
        path.touch()  # as a load that writes does
        page = render(overview, seen, QUARTER, read_status(seen))
        assert figures(page) == before
        assert page.notices[0].text == "A load is running; these figures are from before it."
        with pytest.raises(MartUnavailable, match="A load is writing to the warehouse: try again in a minute"):
            fresh.rows(queries.data_status())
        load.stdin.close()
    assert render(overview, seen, QUARTER, read_status(seen)).notices == []


def test_a_load_can_write_between_two_queries(tmp_path):
    path = make(tmp_path / "shared.duckdb")
    mart = duckdb_mart(path)
    sent = mart.row(queries.engagement(QUARTER))["sent_count"]
    with duckdb.connect(str(path)) as load:  # refused if a query's connection were still open
        load.execute("update MART.rpt_daily_engagement set sent_count = sent_count + 1 where sent_on = '2026-06-30'")
    assert mart.row(queries.engagement(QUARTER))["sent_count"] == sent + 1


def test_a_file_that_has_not_changed_is_not_opened(tmp_path):
    path = make(tmp_path / "still.duckdb")
    mart = duckdb_mart(path)
    rows = mart.rows(queries.data_status())
    assert mart.rows(queries.data_status()) is rows


def test_what_is_missing_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(MartUnavailable, match="There is no warehouse yet: `make run` makes one"):
        duckdb_mart(tmp_path / "none.duckdb").rows(queries.data_status())
    duckdb.connect(str(tmp_path / "bare.duckdb")).close()
    with pytest.raises(MartUnavailable, match="MART is not built yet, type `make dbt`"):
        duckdb_mart(tmp_path / "bare.duckdb").rows(queries.data_status())
    for name in ("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH", "SNOWFLAKE_REPORTER_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MartUnavailable, match="A setting is missing: SNOWFLAKE_ACCOUNT"):
        snowflake_mart("DP_MAILBLAZE_DEMO_DEV_DB").rows(queries.data_status())


def test_snowflake_is_entered_as_the_reporter_by_a_key(tmp_path, monkeypatch):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    monkeypatch.setenv("SNOWFLAKE_ACCOUNT", "acct")
    monkeypatch.setenv("SNOWFLAKE_REPORTER_PRIVATE_KEY", key.private_bytes(*form).decode())
    monkeypatch.delenv("SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH", raising=False)
    session = connection_settings("DP_MAILBLAZE_DEMO_DEV_DB")
    assert (session["user"], session["role"], session["warehouse"]) == ("REPORTER_SVC", "REPORTER", "REPORT_WH")
    assert serialization.load_der_private_key(session["private_key"], None).private_numbers() == key.private_numbers()
    assert "password" not in session
    monkeypatch.setenv("SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH", str(tmp_path / "none.p8"))
    with pytest.raises(MartUnavailable, match="names no file"):
        connection_settings("DP_MAILBLAZE_DEMO_DEV_DB")
