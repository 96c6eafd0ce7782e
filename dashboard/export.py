"""All pages as one HTML file, to be read without a server, a network or a script: `make dashboard-html`.

marimo's own export loads its scripts from a CDN and leaves what is made late empty, so this writes the same pages
with each chart as SVG, once for a wide screen and once for a phone.
"""

from exactly_once import interrupts

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
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

from dashboard import choices, queries
from dashboard.blocks import style
from dashboard.mart import Away, mart
from dashboard.pages import MAKERS, TITLES
from dashboard.status import Status, age, moment, status

WIDTHS = {"wide": 960, "narrow": 320}
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>MailBlaze</title>'
)


def draw(chart: alt.Chart | alt.LayerChart) -> str:
    """Return a chart as two SVGs, of which style.css shows the one that fits, each with its text alternative."""
    return "".join(f'<div class="{name}">{_svg(chart, width)}</div>' for name, width in WIDTHS.items())


def _svg(chart: alt.Chart | alt.LayerChart, width: int) -> str:
    specification = (
        chart.properties(width=width).properties(autosize={"type": "fit-x", "contains": "padding"}).to_dict()
    )
    label = escape(specification["description"], quote=True)
    svg = vl_convert.vegalite_to_svg(specification)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{label}" ', svg, count=1)


def document(days: int = 90) -> str:
    """Return the document: every page for all regions and accounts, and the newest campaign.

    Raises:
        Away: MART cannot be read.
    """
    state = replace(status(mart()), is_static=True)
    filters = choices.filters(None, None, days)
    campaign_id = next((row["campaign_id"] for row in mart().rows(queries.campaigns(filters))), None)
    # Not `shown`: what the app says for a moment would stay in the file until the next build.
    pages = [make(mart(), filters, state, campaign_id) for make in MAKERS.values()]
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in TITLES.items())
    body = "".join(f'<div id="{page.name}">{page.html(draw)}</div>' for page in pages)
    return (
        f'{HEAD}<style>{style()}</style></head><body><div class="window"><header><h1>MailBlaze</h1>'
        f'<nav aria-label="Pages">{links}</nav><p class="as-of">As of {moment(state.now)}</p>'
        f"{state.html()}"
        f'<p class="status">The {days} days to then, all regions and accounts. {_promise(state)}</p>'
        f"</header>{body}</div></body></html>\n"
    )


def _promise(state: Status) -> str:
    if state.is_demo:
        return "This page is a file: it stays as it is until a run writes it again."
    return (
        "This page is a file and cannot say how old it is: a run that loads something writes it again, so that where "
        f"runs are hourly, a time more than {age(state.max_age)} back means that none has since."
    )


def main() -> int:
    """Write the file that is named; 1 and one line where MART cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--days", type=int, default=90, help="length of the period (90)")
    given = parser.parse_args()
    try:
        text = document(given.days)
    except Away as away:
        print(f"✗ {away}", file=sys.stderr)
        return 1
    os.umask(0o077)  # it names customers
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(text)
    print(f"{given.file}: {len(text) / 1000:,.0f} kB")
    return 0


if __name__ == "__main__":
    with interrupts.body():
        sys.exit(main())
