"""What a module in dashboard/pages declares, and what pages have in common."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dashboard.mart import Mart
from dashboard.queries import Filters
from dashboard.rendering.components import Notice, Page
from dashboard.rendering.formatting import format_day
from dashboard.status import DataStatus


@dataclass(frozen=True)
class PageContext:
    """What a page is rendered from; `campaign_id` is None if no campaign is selected."""

    mart: Mart
    filters: Filters
    status: DataStatus
    campaign_id: int | None = None


@dataclass(frozen=True)
class PageSpec:
    """One page, which a module in dashboard/pages declares as PAGE; the module's name is its name in the address.

    `title` is its link, `order` its place among the links (the lowest is the start page). `render` raises
    MartUnavailable if MART cannot be read. A page with `has_campaign_picker` is about one campaign.
    """

    title: str
    order: int
    render: Callable[[PageContext], Page]
    has_campaign_picker: bool = False


def without_rows(page: Page, filters: Filters, reason: str = "No messages were sent") -> Page:
    """Return a page with the notice that the filters leave no rows; an empty warehouse already has its notice."""
    if any("empty" in notice.text for notice in page.notices):
        return page
    who = ""
    if filters.account_id is not None:
        who = "by this account "
    elif filters.region:
        who = f"in region {filters.region} "
    days = f"from {format_day(filters.first_day)} to {format_day(filters.last_day)}"
    text = f"{reason} {who}{days}. Choose a longer period or another filter."
    return replace(page, notices=[*page.notices, Notice(text)])
