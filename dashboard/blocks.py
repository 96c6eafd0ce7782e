"""What a page is made of, and how it becomes HTML; every text from the warehouse is escaped here."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import altair as alt

Draw = Callable[[alt.Chart | alt.LayerChart], str]
SHOWN_ROWS = 60
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet takes a text for a formula


class Shown(str):
    """A text for a person that keeps the value it was made from: tables sort by it, and a CSV file has it."""

    value: Any

    def __new__(cls, text: str, value: Any) -> "Shown":
        made = super().__new__(cls, text)
        made.value = value
        return made


def value_of(cell: str) -> Any:
    """Return the value that a table's cell was made from: of a plain text, itself."""
    return cell.value if isinstance(cell, Shown) else cell


@dataclass(frozen=True)
class Figure:
    """One number: its label, its value as text, a sentence below it, and how it moved.

    `mood` is good, bad or calm; it is said in words and by a mark, and only then by a colour. `of` says what a share is
    a share of.
    """

    label: str
    value: str
    note: str = ""
    mood: str = "calm"
    of: str = ""

    def html(self) -> str:
        label = f"{self.label}, {self.of}" if self.of else self.label
        return (
            f'<div class="figure" data-figure="{escape(self.label)}"><div class="label">{escape(label)}</div>'
            f'<div class="value">{escape(self.value)}</div>'
            f'<div class="change {self.mood}">{escape(self.note)}</div></div>'
        )


@dataclass(frozen=True)
class Table:
    """Rows of text under names; numbers are on the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def file_name(self) -> str:
        """The name of its CSV file, from its first columns: "week-sent-delivered.csv"."""
        return re.sub("[^a-z0-9]+", "-", "-".join(self.columns[:3]).lower()).strip("-") + ".csv"

    def shown_rows(self) -> Sequence[Sequence[str]]:
        """Return the rows that a page shows: the last ones."""
        return self.rows[-SHOWN_ROWS:]

    def csv(self) -> str:
        """Return all rows as CSV: values as the warehouse has them, and no text that a spreadsheet would run."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        for row in self.rows:
            values = [value_of(cell) for cell in row]
            writer.writerow(
                [f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value for value in values]
            )
        return text.getvalue()

    def html(self) -> str:
        """Return a plain table that scrolls in its own box."""
        kinds = ["text" if index == 0 else "number" for index in range(len(self.columns))]
        head = "".join(
            f'<th scope="col" class="{kind}">{escape(name)}</th>'
            for kind, name in zip(kinds, self.columns, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(f'<td class="{kind}">{escape(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))
            + "</tr>"
            for row in self.shown_rows()
        )
        return (
            f'<div class="rows" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    def link(self) -> str:
        """Return a link to all rows that needs no server."""
        address = f"data:text/csv;charset=utf-8,{quote(self.csv())}"
        return f'<a download="{self.file_name}" href="{address}">Download as CSV</a>'

    def whole(self, show: "Show | None") -> str:
        """Return the table and its file's link, by `show` or as here, and what a reader does not see at once."""
        shown, link = show(self) if show else (self.html(), self.link())
        count, columns = len(self.rows), len(self.columns)
        left_out = f"The last {SHOWN_ROWS} of {count:,} rows; the file has all. " if count > SHOWN_ROWS else ""
        hint = f'<p class="hint">{columns} columns: what does not fit scrolls sideways →</p>' if columns > 2 else ""
        return f'{hint}{shown}<div class="file">{left_out}{link}</div>'


Show = Callable[[Table], tuple[str, str]]  # a table and the link to its file


@dataclass(frozen=True)
class Section:
    """A sentence as a title, a chart under it, what it means, and its figures as a table.

    The table is what the chart says to whoever does not see it; without a chart it is open.
    """

    title: str
    chart: alt.Chart | alt.LayerChart | None = None
    note: str = ""
    table: Table | None = None

    def html(self, draw: Draw, show: Show | None) -> str:
        chart = f'<div class="chart">{draw(self.chart)}</div>' if self.chart else ""
        table = self.table.whole(show) if self.table and self.table.rows else ""
        if table and chart:
            table = f"<details><summary>The figures as a table</summary>{table}</details>"
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return f"<section><h3>{escape(self.title)}</h3>{note}{chart}{table}</section>"


@dataclass(frozen=True)
class Notice:
    """One line before everything else: nothing to show, old data, a load at work."""

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

    def html(self, draw: Draw, show: Show | None = None) -> str:
        """Return the page; `draw` and `show` turn a chart and a table into HTML for where they are shown."""
        figures = "".join(figure.html() for figure in self.figures)
        parts = [
            f"<h2>{escape(self.title)}</h2>",
            *(notice.html() for notice in self.notices),
            f'<div class="figures">{figures}</div>' if figures else "",
            *(section.html(draw, show) for section in self.sections),
        ]
        return f'<article class="page" data-page="{self.name}">{"".join(parts)}</article>'


@cache
def style() -> str:
    """Return the one style sheet."""
    return Path(__file__).with_name("style.css").read_text()
