"""What the app shows: the header, the pages and marimo's own pieces; its cells only tie them together."""

from collections.abc import Callable
from html import escape
from typing import Any

import marimo as mo

from dashboard.blocks import Table, style, value_of
from dashboard.mart import Away, mart
from dashboard.pages import TITLES, shown
from dashboard.queries import Filters
from dashboard.status import status

PLACES = {"overview": "#/", **{name: f"#/{name}" for name in TITLES if name != "overview"}}


def places(any_other: str) -> list[tuple[str, str]]:
    """Return each page's name and its place in the address; whatever else an address says shows the first page."""
    return [*PLACES.items(), ("overview", any_other)]


def version() -> Any:
    """Return what differs once the warehouse may have changed, or once its state has to be said in other words."""
    try:
        state = status(mart())
        return mart().version(), state.line(), tuple(notice.text for notice in state.notices())
    except Away as away:
        return str(away)


def header(current: str) -> str:
    """Return the head of every page: the links to the others, and how far the data reach."""
    links = "".join(
        f'<a href="{PLACES[name]}"{" aria-current=page" if name == current else ""}>{escape(title)}</a>'
        for name, title in TITLES.items()
    )
    try:
        line = status(mart()).html()
    except Away:
        line = ""
    return f'<header><h1>MailBlaze</h1><nav aria-label="Pages">{links}</nav>{line}</header>'


def picker(campaign: mo.ui.dropdown) -> str:
    """Return the picker of campaigns for its page."""
    return f'<div class="picker">{campaign}</div>'


def maker(name: str, filters: Filters, campaign_id: int | None) -> Callable[[], mo.Html]:
    """Return what makes a page when it is looked at."""

    def make() -> mo.Html:
        page = shown(name, filters, campaign_id).html(lambda chart: mo.as_html(chart).text, sortable)
        # What is made late is in a shadow root, which the app's style does not reach.
        return mo.Html(f"<style>{style()}</style>{page}")

    return make


def sortable(table: Table) -> tuple[str, str]:
    """Return marimo's own table and link: a click on a column's name sorts by its values, shown as our texts."""
    rows, texts = table.shown_rows(), {}
    for column, name in enumerate(table.columns):
        texts[name] = {value_of(row[column]): str(row[column]) for row in rows}
    made = mo.ui.table(
        [{name: value_of(row[column]) for column, name in enumerate(table.columns)} for row in rows],
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
    return f'<div class="sortable">{made}</div>', f"{link}"
