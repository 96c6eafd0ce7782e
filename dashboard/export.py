"""Write all pages as one HTML file that needs no server, network or script: `make dashboard-html`.

marimo's own export loads scripts from a CDN and leaves lazy elements empty. This export writes the same pages with each
chart as SVG, for a wide screen and for a phone.
"""

from exactly_once.process import interrupts

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C never shows a traceback
    interrupts.watch("✗ Interrupted: type make dashboard-html again")

import argparse
import os
import re
import sys
from dataclasses import replace
from html import escape
from pathlib import Path

import altair as alt
import vl_convert

from dashboard import queries
from dashboard.filters import build_filters
from dashboard.mart import MartUnavailable, current_mart
from dashboard.page_spec import PageContext
from dashboard.pages import PAGES
from dashboard.rendering.components import stylesheet
from dashboard.status import DataStatus, format_age, format_utc, read_status

WIDTHS = {"wide": 960, "narrow": 320}
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>MailBlaze</title>'
)


def draw_chart(chart: alt.Chart | alt.LayerChart) -> str:
    """Return a chart as two SVGs with their text alternative; style.css shows the one that fits."""
    return "".join(f'<div class="{name}">{_svg(chart, width)}</div>' for name, width in WIDTHS.items())


def _svg(chart: alt.Chart | alt.LayerChart, width: int) -> str:
    specification = (
        chart.properties(width=width).properties(autosize={"type": "fit-x", "contains": "padding"}).to_dict()
    )
    label = escape(specification["description"], quote=True)
    svg = vl_convert.vegalite_to_svg(specification)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{label}" ', svg, count=1)


def render_document(days: int = 90) -> str:
    """Return the HTML document: every page, for all regions and accounts, and the newest campaign.

    Raises:
        MartUnavailable: MART cannot be read.
    """
    mart = current_mart()
    status = replace(read_status(mart), is_static=True)
    filters = build_filters(None, None, days)
    campaign_id = next((row["campaign_id"] for row in mart.rows(queries.campaigns(filters))), None)
    # Not `render_page`: its notice of a temporary error would stay in the file until the next build.
    context = PageContext(mart, filters, status, campaign_id)
    pages = [page.render(context) for page in PAGES.values()]
    links = "".join(f'<a href="#{name}">{escape(page.title)}</a>' for name, page in PAGES.items())
    body = "".join(f'<div id="{page.name}">{page.html(draw_chart)}</div>' for page in pages)
    return (
        f'{HEAD}<style>{stylesheet()}</style></head><body><div class="dashboard"><header><h1>MailBlaze</h1>'
        f'<nav aria-label="Pages">{links}</nav><p class="as-of">As of {format_utc(status.now)}</p>'
        f"{status.html()}"
        f'<p class="status">The last {days} days of data, all regions and accounts. {_update_note(status)}</p>'
        f"</header>{body}</div></body></html>\n"
    )


def _update_note(status: DataStatus) -> str:
    if status.is_demo:
        return "This page is a static file: it changes when a run writes it again."
    return (
        "This page is a static file and does not show its age. Each run that loads rows writes it again. With hourly "
        f"runs, a time more than {format_age(status.max_age)} ago means that no run has loaded rows since."
    )


def main() -> int:
    """Write the file; return the exit code: 1 if MART cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--days", type=int, default=90, help="length of the period (90)")
    arguments = parser.parse_args()
    try:
        text = render_document(arguments.days)
    except MartUnavailable as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    os.umask(0o077)  # the file has the names of customers
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    arguments.file.write_text(text)
    print(f"{arguments.file}: {len(text) / 1000:,.0f} kB")
    return 0


if __name__ == "__main__":
    with interrupts.body():
        sys.exit(main())
