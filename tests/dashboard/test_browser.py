"""The dashboard in a real Chromium: pages, filters, a phone, and the page without a server."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from tests.dashboard.conftest import FILE, ROOT, dashboard
from tests.dashboard.mart_file import NEWEST, make

PAGES = ("overview", "campaign", "deliverability", "lists", "data")
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
        chart.locator("svg.marks").wait_for()  # Vega's; a spinner stands there before
    return article


def figure(article, label):
    return article.locator(f'.figure[data-figure="{label}"] .value').inner_text()


def query(warehouse, text):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(text).fetchone()[0]


def keep(page, name):
    """Write a picture for README.md where `SCREENSHOTS` names a folder."""
    if SCREENSHOTS:
        height = page.locator(".window:visible").bounding_box()["height"]
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
    assert page.locator(".status:visible").inner_text().startswith("Complete through 30 Jun 2026, 13:34 UTC")
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
    assert figure(article, "Messages sent") == f"{query(warehouse, sent.format('2026-04-02', '')):,}"

    page.get_by_label("Region").locator("visible=true").select_option("us")
    in_us = f"{query(warehouse, sent.format('2026-04-02', IN_US)):,}"
    article.locator(".value", has_text=in_us).wait_for()

    page.get_by_label("Period").locator("visible=true").select_option("Last 30 days")
    soon = f"{query(warehouse, sent.format('2026-06-01', IN_US)):,}"
    article.locator(".value", has_text=soon).wait_for()

    # An address may ask for the same.
    other = shown(visit(f"{app}/?region=us&period=Last 30 days#/"), "overview")
    assert figure(other, "Messages sent") == soon


def test_the_picker_chooses_a_campaign(app, visit, warehouse):
    page = visit(f"{app}/#/campaign")
    shown(page, "campaign")
    page.locator(".picker:visible").get_by_role("button").click()
    page.get_by_role("option").filter(has_text="Campaign 77").click()
    article = page.locator('article[data-page="campaign"]')
    article.locator("h2", has_text="Campaign 77").wait_for()
    sent = query(warehouse, "select sent_count from MART.rpt_campaign_performance where campaign_id = 77")
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
        ({"late": timedelta(days=2)}, "Stale: the newest e-mail event is 2 days older than the last load."),
        (None, "There is no warehouse yet: `make run` makes one."),
    ],
    ids=["empty", "stale", "none"],
)
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
    page = visit(document.as_uri(), offline=True, viewport=PHONE)
    assert page.locator("article").count() == len(PAGES)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator(".chart svg[aria-label]:visible").count() == page.locator(".chart").count() > 5
    sent = query(warehouse, "select sum(sent_count) from MART.rpt_daily_engagement where sent_on >= '2026-04-02'")
    assert figure(page.locator('article[data-page="overview"]'), "Messages sent") == f"{sent:,}"


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
