"""What the app shows: the header, the pages and marimo's own pieces; its cells only tie them together."""

from collections.abc import Callable
from html import escape
from typing import Any

import marimo as mo

from dashboard.blocks import style
from dashboard.mart import Away, mart
from dashboard.pages import TITLES, shown
from dashboard.queries import Filters
from dashboard.status import status

PLACES = {"overview": "#/", **{name: f"#/{name}" for name in TITLES if name != "overview"}}


def version() -> Any:
    """Return what differs once the warehouse may have changed."""
    try:
        return mart().version()
    except Away:
        return None


def header(current: str) -> str:
    """Return what stands on every page: the way to the others, and how far the data reach."""
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
        page = shown(name, filters, campaign_id).html(lambda chart: mo.as_html(chart).text)
        # What is made late stands in a shadow root, which the app's style does not reach.
        return mo.Html(f"<style>{style()}</style>{page}")

    return make
