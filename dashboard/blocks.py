"""What a page is made of, and how it becomes HTML; every text from the warehouse is escaped here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

import altair as alt

Draw = Callable[[alt.Chart | alt.LayerChart], str]
SHOWN_ROWS = 60


@dataclass(frozen=True)
class Figure:
    """One number: its label, its value as text, a sentence below it, and how it moved.

    `mood` is good, bad or calm; it is said in words and by a mark, and only then by a colour.
    """

    label: str
    value: str
    note: str = ""
    mood: str = "calm"

    def html(self) -> str:
        return (
            f'<div class="figure" data-figure="{escape(self.label)}"><div class="label">{escape(self.label)}</div>'
            f'<div class="value">{escape(self.value)}</div>'
            f'<div class="change {self.mood}">{escape(self.note)}</div></div>'
        )


@dataclass(frozen=True)
class Table:
    """Rows of text under names; numbers stand right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    def html(self) -> str:
        if not self.rows:
            return ""
        kinds = ["text" if index == 0 else "number" for index in range(len(self.columns))]
        head = "".join(
            f'<th scope="col" class="{kind}">{escape(name)}</th>'
            for kind, name in zip(kinds, self.columns, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(f'<td class="{kind}">{escape(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))
            + "</tr>"
            for row in self.rows[-SHOWN_ROWS:]
        )
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return (
            f'<div class="rows" tabindex="0"><table>{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )


@dataclass(frozen=True)
class Section:
    """A sentence as a title, a chart under it, what it means, and its figures as a table.

    The table is what the chart says to whoever does not see it; without a chart it stands open.
    """

    title: str
    chart: alt.Chart | alt.LayerChart | None = None
    note: str = ""
    table: Table | None = None

    def html(self, draw: Draw) -> str:
        chart = f'<div class="chart">{draw(self.chart)}</div>' if self.chart else ""
        table = self.table.html() if self.table else ""
        if table and chart:
            table = f"<details><summary>The figures as a table</summary>{table}</details>"
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return f"<section><h3>{escape(self.title)}</h3>{note}{chart}{table}</section>"


@dataclass(frozen=True)
class Notice:
    """One line that stands before everything else: nothing to show, old data, a load at work."""

    text: str
    kind: str = "quiet"

    def html(self) -> str:
        return f'<p class="notice {self.kind}" role="status">{escape(self.text)}</p>'


@dataclass(frozen=True)
class Page:
    """A page: its name in the address, its title, notices, figures and sections."""

    name: str
    title: str
    notices: Sequence[Notice] = ()
    figures: Sequence[Figure] = ()
    sections: Sequence[Section] = field(default=())

    def html(self, draw: Draw) -> str:
        """Return the page; `draw` turns a chart into HTML for where it is shown."""
        figures = "".join(figure.html() for figure in self.figures)
        parts = [
            f"<h2>{escape(self.title)}</h2>",
            *(notice.html() for notice in self.notices),
            f'<div class="figures">{figures}</div>' if figures else "",
            *(section.html(draw) for section in self.sections),
        ]
        return f'<article class="page" data-page="{self.name}">{"".join(parts)}</article>'


@cache
def style() -> str:
    """Return the one style sheet."""
    return Path(__file__).with_name("style.css").read_text()
