"""The five pages: each asks MART for what the filters leave, and says it in figures, charts and plain sentences."""

from collections.abc import Callable

from dashboard.blocks import Notice, Page
from dashboard.mart import Away, mart
from dashboard.pages.campaign import campaign
from dashboard.pages.data import data
from dashboard.pages.deliverability import deliverability
from dashboard.pages.lists import lists
from dashboard.pages.overview import overview
from dashboard.queries import Filters
from dashboard.status import status

MAKERS: dict[str, Callable[..., Page]] = {
    "overview": overview,
    "campaign": campaign,
    "deliverability": deliverability,
    "lists": lists,
    "data": data,
}
TITLES = {
    "overview": "Overview",
    "campaign": "Campaign",
    "deliverability": "Deliverability",
    "lists": "Lists",
    "data": "Data",
}


def shown(name: str, filters: Filters, campaign_id: int | None = None) -> Page:
    """Return a page, or one line that says why there is none: a reader sees no traceback."""
    try:
        return MAKERS[name](mart(), filters, status(mart()), campaign_id)
    except Away as away:
        return Page(name, "Nothing to show right now", [Notice(str(away), "warn")])
