"""The pages: each module here is one page, found by the PAGE that it declares; a new page is one new file.

Others use PAGES and `render_page`.
"""

import pkgutil
from collections import Counter
from importlib import import_module

from dashboard.mart import MartUnavailable, current_mart
from dashboard.page_spec import PageContext, PageSpec
from dashboard.queries import Filters
from dashboard.rendering.components import Notice, Page
from dashboard.status import read_status


def _find_pages() -> dict[str, PageSpec]:
    """Return the page of each module in this folder, by name, in their order.

    Raises:
        TypeError: a module declares no PAGE, or two pages have the same order.
    """
    found: dict[str, PageSpec] = {}
    for module in pkgutil.iter_modules(__path__):
        page = getattr(import_module(f"{__name__}.{module.name}"), "PAGE", None)
        if not isinstance(page, PageSpec):
            raise TypeError(f"dashboard/pages/{module.name}.py declares no PAGE = PageSpec(title, order, render)")
        found[module.name] = page
    orders = Counter(page.order for page in found.values())
    if shared := [name for name, page in found.items() if orders[page.order] > 1]:
        raise TypeError(f"the pages {', '.join(shared)} have the same order: give each its own")
    return dict(sorted(found.items(), key=lambda item: item[1].order))


PAGES = _find_pages()


def render_page(name: str, filters: Filters, campaign_id: int | None = None) -> Page:
    """Return a page; if MART cannot be read, a page that says why."""
    try:
        mart = current_mart()
        return PAGES[name].render(PageContext(mart, filters, read_status(mart), campaign_id))
    except MartUnavailable as error:
        return Page(name, "No data available", [Notice(str(error), "warn")])
