"""Build what the app shows: header, pages and marimo's own elements; the cells of app.py only connect them."""

from collections.abc import Callable
from html import escape
from typing import Any

import marimo as mo

from dashboard.mart import MartUnavailable, current_mart
from dashboard.pages import PAGES, render_page
from dashboard.queries import Filters
from dashboard.rendering.components import Table, raw_value, stylesheet
from dashboard.status import read_status

START_PAGE = next(iter(PAGES))
ADDRESSES = {name: "#/" if name == START_PAGE else f"#/{name}" for name in PAGES}


def routes(catch_all: str) -> list[tuple[str, str]]:
    """Return each page's name and address; any other address (`catch_all`) shows the start page."""
    return [*ADDRESSES.items(), (START_PAGE, catch_all)]


def data_version() -> Any:
    """Return a value that changes when the warehouse may have changed, or when its status reads differently."""
    try:
        state = read_status(current_mart())
        return current_mart().version(), state.summary(), tuple(notice.text for notice in state.notices())
    except MartUnavailable as away:
        return str(away)


def header(current: str) -> str:
    """Return the header of a page: the links to all pages, and the status of the data."""
    links = "".join(
        f'<a href="{ADDRESSES[name]}"{" aria-current=page" if name == current else ""}>{escape(page.title)}</a>'
        for name, page in PAGES.items()
    )
    try:
        line = read_status(current_mart()).html()
    except MartUnavailable:
        line = ""
    return f'<header><h1>MailBlaze</h1><nav aria-label="Pages">{links}</nav>{line}</header>'


def campaign_picker(name: str, campaign: mo.ui.dropdown) -> str:
    """Return the campaign picker, for the pages that have one."""
    if not PAGES[name].has_campaign_picker:
        return ""
    return f'<div class="picker">{campaign}</div>'


def page_renderer(name: str, filters: Filters, campaign_id: int | None) -> Callable[[], mo.Html]:
    """Return a function that renders a page, for marimo to call when the page is shown."""

    def render() -> mo.Html:
        page = render_page(name, filters, campaign_id).html(lambda chart: mo.as_html(chart).text, sortable_table)
        # A lazy element is in a shadow root, which the app's style sheet does not reach.
        return mo.Html(f"<style>{stylesheet()}</style>{page}")

    return render


def sortable_table(table: Table) -> tuple[str, str]:
    """Return a table and link of marimo: a click on a column's name sorts by the values behind the texts."""
    rows, texts = table.shown_rows(), {}
    for column, name in enumerate(table.columns):
        texts[name] = {raw_value(row[column]): str(row[column]) for row in rows}
    widget = mo.ui.table(
        [{name: raw_value(row[column]) for column, name in enumerate(table.columns)} for row in rows],
        pagination=False,
        selection=None,
        show_column_summaries=False,
        show_data_types=False,
        show_download=False,
        show_search=False,
        format_mapping={name: (lambda value, known=known: known.get(value, value)) for name, known in texts.items()},
        text_justify_columns=dict.fromkeys(table.columns[1:], "right"),
        max_height=420,
    )
    link = mo.download(table.csv().encode(), table.file_name, "text/csv", label="Download as CSV")
    return f'<div class="sortable">{widget}</div>', f"{link}"
