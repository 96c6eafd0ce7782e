"""The dashboard in a real Chromium: pages, filters, a phone, and the page without a server."""

import csv
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest

from dashboard.pages import PAGES
from tests.dashboard.conftest import FILE, ROOT, dashboard
from tests.dashboard.mart_file import NEWEST, make

NOW = datetime.now(UTC).replace(tzinfo=None)
WIDE, PHONE = {"width": 1180, "height": 900}, {"width": 390, "height": 844}
IN_US = "and region = 'us'"
SCREENSHOTS = os.environ.get("SCREENSHOTS")
FIRST = 30_000  # marimo's scripts are many, and a machine may be busy; no test asks how fast it was


@pytest.fixture
def visit(chromium):
    """Open addresses in a browser of their own each; whatever a page complains of fails the test."""
    contexts, complaints = [], []

    def open_(address, **more):
        context = chromium.new_context(**({"viewport": WIDE} | more))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(FIRST)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: complaints.append(request.url) if is_elsewhere(request.url) else None)
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def is_elsewhere(url):
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "file:"))


def shown(page, name):
    """Wait for a page with its charts and return its article."""
    article = page.locator(f'article[data-page="{name}"]')
    article.wait_for()
    for chart in article.locator(".chart").all():
        chart.locator("svg.marks").wait_for()  # Vega's; a spinner precedes it
    return article


def figure(article, label):
    return article.locator(f'.figure[data-figure="{label}"] .value').inner_text()


def ask(warehouse, text):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(text).fetchone()[0]


def keep(page, name):
    """Write a picture for the docs where `SCREENSHOTS` names a folder."""
    if SCREENSHOTS:
        height = page.locator(".dashboard:visible").bounding_box()["height"]
        width = page.viewport_size["width"]
        page.set_viewport_size({"width": width, "height": min(int(height), 1180)})
        path = Path(SCREENSHOTS) / f"dashboard_{name}.png"
        page.screenshot(path=path)
        assert path.stat().st_size < 200_000


@pytest.mark.parametrize("name", PAGES)
def test_each_page_shows_figures_and_charts_that_say_in_words_what_they_show(app, visit, name):
    page = visit(f"{app}/#/{name if name != 'overview' else ''}")
    article = shown(page, name)
    assert article.locator(".figure").count() >= 4
    said = page.locator(".status:visible").inner_text()
    assert said.startswith(
        "Demo data, complete through 30 Jun 2026, 13:34 UTC · last load ended 30 Jun 2026, 14:34 UTC"
    )
    assert re.search(r", (\d+ \w+|an hour|less than an hour) ago$", said)
    assert not article.locator(".notice").count()  # demo data are never stale
    assert (
        page.locator("nav a[aria-current]:visible").get_attribute("href").endswith(name if name != "overview" else "/")
    )
    assert "Traceback" not in page.locator("body").inner_text()
    charts = article.locator(".chart").all()
    assert charts
    for chart in charts:
        label = chart.locator("[aria-label]").first.get_attribute("aria-label")
        assert len(label) > 20
    assert article.locator("details table").count() == len(charts)
    keep(page, name)


def test_the_filters_change_the_figures(app, visit, warehouse):
    page = visit(f"{app}/#/")
    article = shown(page, "overview")
    sent = "select sum(sent_count) from MART.rpt_daily_engagement where sent_on between '{}' and '2026-06-30' {}"
    assert figure(article, "Messages sent") == f"{ask(warehouse, sent.format('2026-04-02', '')):,}"

    page.get_by_label("Region").locator("visible=true").select_option("us")
    in_us = f"{ask(warehouse, sent.format('2026-04-02', IN_US)):,}"
    article.locator(".value", has_text=in_us).wait_for()

    page.get_by_label("Period").locator("visible=true").select_option("Last 30 days")
    soon = f"{ask(warehouse, sent.format('2026-06-01', IN_US)):,}"
    article.locator(".value", has_text=soon).wait_for()

    # An address may ask for the same.
    other = shown(visit(f"{app}/?region=us&period=Last 30 days#/"), "overview")
    assert figure(other, "Messages sent") == soon


def addresses_of_docs():
    """Return what README and docs/dashboard.md tell people to open, without the host and port."""
    text = (ROOT / "README.md").read_text() + (ROOT / "docs/dashboard.md").read_text()
    found = [
        *re.findall(r"http://127\.0\.0\.1:2718([^\s,)`;]*)", text),
        *re.findall(r"`(/[?#][^`]*)`", text),
    ]
    return list(dict.fromkeys(address.rstrip(".:") for address in found))


def test_the_docs_say_where_the_dashboard_is():
    assert {"", "/#/lists"} <= set(addresses_of_docs())


@pytest.mark.parametrize("address", addresses_of_docs())
def test_an_address_of_the_docs_shows_its_page(app, visit, address):
    place = address.partition("#/")[2]
    shown(visit(f"{app}{address}"), place or "overview")


@pytest.mark.parametrize("address", ["/", "/#", "/#/nosuch", "/#lists", "/#/%zz", "/#/lists/more", "/?x=1"])
def test_any_other_address_shows_the_first_page(app, visit, address):
    page = visit(f"{app}{address}")
    shown(page, "overview")
    page.locator("nav a:visible", has_text="Lists").click()
    shown(page, "lists")


ODD = [
    "region=us&region=eu", "region=&region=nowhere&region=us", "region[]=eu&region=us&region[x]=1",
    "region=us&account=&period=",
    "region=us&account=nobody&period=Last 9 days", "region=us&%zz=%zz&x=%00", f"region=us&x={'y' * 6000}",
    "region=us&__proto__=1&file=other.py&session_id=1",
]  # fmt: skip


@pytest.mark.parametrize("query", ODD, ids=range(len(ODD)))
def test_odd_parameters_are_harmless(app, visit, warehouse, query):
    article = shown(visit(f"{app}/?{query}#/"), "overview")
    sent = f"select sum(sent_count) from MART.rpt_daily_engagement where sent_on >= '2026-04-02' {IN_US}"
    assert figure(article, "Messages sent") == f"{ask(warehouse, sent):,}"


def test_a_click_on_a_columns_name_sorts_by_values(app, visit):
    article = shown(visit(f"{app}/#/data"), "data")
    table = article.locator(".sortable").first
    rows = table.locator("tbody tr")

    def column(number):
        return [row.locator("td").nth(number).inner_text() for row in rows.all()]

    rows.nth(3).wait_for()
    name = table.locator("thead th").nth(1)
    name.click(position={"x": 6, "y": 12})
    rows.first.locator("td", has_text=re.compile("^3$")).wait_for()
    assert column(1) == ["3", "100", "50,000", "147,000"]
    name.click()
    rows.first.locator("td", has_text="147,000").wait_for()
    assert column(1) == ["147,000", "50,000", "100", "3"]


def downloaded(page, article, summary=None):
    if summary:
        summary.click()
    with page.expect_download() as event:
        article.locator(".file >> text=Download as CSV").locator("visible=true").first.click()
    with Path(event.value.path()).open(newline="") as file:
        return event.value.suggested_filename, list(csv.reader(file))


def test_a_table_can_be_downloaded(app, visit, warehouse):
    page = visit(f"{app}/#/data")
    name, (columns, *rows) = downloaded(page, shown(page, "data"))
    assert name == "table-rows-deleted-at-source.csv"
    assert columns[:2] == ["Table", "Rows"]
    assert ["saas_email_events", "147000"] in [row[:2] for row in rows]


def test_a_phone_is_told_of_columns_that_it_has_to_scroll_to_and_gets_there(app, visit):
    article = shown(visit(f"{app}/#/deliverability", viewport=PHONE), "deliverability")
    article.locator("summary").first.click()
    assert article.locator(".hint").first.inner_text() == "8 columns: scroll sideways for the rest →"
    last = article.locator(".sortable thead th").nth(7)
    last.scroll_into_view_if_needed()
    box = last.bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]


def test_the_picker_chooses_a_campaign(app, visit, warehouse):
    page = visit(f"{app}/#/campaign")
    shown(page, "campaign")
    page.locator(".picker:visible").get_by_role("button").click()
    page.get_by_role("option").filter(has_text="Campaign 77").click()
    article = page.locator('article[data-page="campaign"]')
    article.locator("h2", has_text="Campaign 77").wait_for()
    sent = ask(warehouse, "select sent_count from MART.rpt_campaign_performance where campaign_id = 77")
    assert figure(article, "Sent") == f"{sent:,}"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(app, visit, name):
    page = visit(f"{app}/#/{name if name != 'overview' else ''}", viewport=PHONE)
    article = shown(page, name)
    widest = "Math.max(document.documentElement.scrollWidth, document.querySelector('#App').scrollWidth)"
    assert page.evaluate(widest) <= PHONE["width"]
    for part in article.locator("h2, h3, .figure, .chart svg, summary").all():
        box = part.bounding_box()
        if box:
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
    if name == "campaign":
        keep(page, "phone")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"is_empty": True}, "The warehouse is empty: no e-mail event has been loaded yet."),
        ({"newest": NOW - timedelta(days=7, hours=3)}, "Stale: the last load ended 7 days ago, on "),
        ({"newest": NOW - timedelta(days=3, hours=2), "late": timedelta(days=3, hours=1)}, "Stale: the newest e-mail "
            "event is 3 days older than the last load."),
        (None, "There is no warehouse yet: `make run` makes one."),
    ],
    ids=["empty", "stopped", "no-events", "none"],
)  # fmt: skip
def test_what_there_is_not_is_said(visit, tmp_path, how, says):
    if how is not None:
        make(tmp_path / FILE, **how)
    with dashboard(tmp_path) as address:
        page = visit(f"{address}/#/")
        assert says in page.locator('article[data-page="overview"] .notice').first.inner_text()
        assert "Traceback" not in page.locator("body").inner_text()
        page.close()  # before its server goes, of which it would complain


def test_new_rows_show_by_themselves(visit, tmp_path):
    path = make(tmp_path / FILE, newest=NEWEST - timedelta(days=1))
    with dashboard(tmp_path) as address:
        page = visit(f"{address}/#/")
        shown(page, "overview")
        path.unlink()
        make(path)
        # The app looks every ten seconds.
        page.locator(".status:visible", has_text="30 Jun 2026, 13:34 UTC").wait_for()
        page.close()


@pytest.fixture(scope="module")
def document(data_dir, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("html") / "dashboard.html"
    settings = {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "dashboard.export", path], cwd=ROOT, env=os.environ | settings, check=True)
    return path


def test_the_page_without_a_server_has_every_page(visit, document, warehouse):
    text = document.read_text()
    assert "<script" not in text
    assert document.stat().st_mode & 0o077 == 0
    page = visit(document.as_uri(), offline=True, viewport=PHONE)
    # It cannot know how long ago it was written.
    said = page.locator("header").inner_text()
    assert re.search(rf"As of \d+ \w+ {NOW.year}, \d\d:\d\d UTC", said)
    assert not re.search(r"\bago\b", said)
    assert page.locator("article").count() == len(PAGES)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator(".chart svg[aria-label]:visible").count() == page.locator(".chart").count() > 5
    sent = ask(warehouse, "select sum(sent_count) from MART.rpt_daily_engagement where sent_on >= '2026-04-02'")
    assert figure(page.locator('article[data-page="overview"]'), "Messages sent") == f"{sent:,}"
    # Columns that do not fit are in a box that scrolls, and the page says so.
    table = page.locator('article[data-page="data"] .rows').first
    assert page.locator('article[data-page="data"] .hint').first.is_visible()
    table.evaluate("table => table.scrollLeft = 9999")
    box = table.locator("th").last.bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]
    files = [
        list(csv.reader(unquote(link.get_attribute("href").partition(",")[2]).splitlines()))
        for link in page.locator("a[download]").all()
    ]
    assert len(files) == page.locator("table").count() > 8
    assert ["saas_email_events", "147000"] in [row[:2] for rows in files for row in rows]


@pytest.mark.parametrize("place", ["", "#lists", "#nosuch"])
def test_every_address_of_the_page_without_a_server_shows_it(visit, document, place):
    page = visit(document.as_uri() + place, offline=True)
    name = place[1:] if place == "#lists" else "overview"
    page.wait_for_function(
        "name => { const top = document.querySelector(`article[data-page=${name}]`).getBoundingClientRect().top;"
        " return top > -5 && top < innerHeight; }", arg=name
    )  # fmt: skip


def test_a_page_without_a_server_that_was_old_when_it_was_written_says_so(visit, tmp_path):
    make(tmp_path / FILE, newest=NOW - timedelta(days=7, hours=3))
    settings = {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    path = tmp_path / "page.html"
    subprocess.run([sys.executable, "-m", "dashboard.export", path], cwd=ROOT, env=os.environ | settings, check=True)
    page = visit(path.as_uri(), offline=True)
    assert "the last load ended 7 days before this page was written, on" in page.locator(".notice").first.inner_text()
    assert "This page is a static file and does not show its age" in page.locator("header").inner_text()


def test_the_export_ends_in_one_line_where_there_is_nothing(tmp_path):
    settings = {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "dashboard.export", tmp_path / "page.html"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "✗ There is no warehouse yet: `make run` makes one.\n")
    assert not (tmp_path / "page.html").exists()


def test_the_export_writes_no_page_of_which_a_part_cannot_be_read(tmp_path, warehouse):
    part = tmp_path / warehouse.name
    shutil.copy(warehouse, part)
    with duckdb.connect(str(part)) as connection:
        connection.execute("drop table MART.rpt_list_survival")  # one of the five pages asks for it
    settings = {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "dashboard.export", tmp_path / "page.html"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("✗ MART is not built yet")
    assert not (tmp_path / "page.html").exists()
