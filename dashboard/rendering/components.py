"""The components of a page and their HTML; every text from the warehouse is escaped here."""

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

ChartRenderer = Callable[[alt.Chart | alt.LayerChart], str]
MAX_SHOWN_ROWS = 60
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a text with such a prefix as a formula


class FormattedValue(str):
    """A text that keeps the value that it was formatted from: tables sort by it, and CSV files contain it."""

    value: Any

    def __new__(cls, text: str, value: Any) -> "FormattedValue":
        """Return the text with its value."""
        formatted = super().__new__(cls, text)
        formatted.value = value
        return formatted


def raw_value(cell: str) -> Any:
    """Return the value that a table's cell was formatted from, or a plain text itself."""
    return cell.value if isinstance(cell, FormattedValue) else cell


@dataclass(frozen=True)
class Figure:
    """One number: its label, its formatted value, and a note below it.

    `tone` is good, bad or calm; the note says it in words and by a mark, so that the colour adds nothing. `of` is what
    a share is a share of.
    """

    label: str
    value: str
    note: str = ""
    tone: str = "calm"
    of: str = ""

    def html(self) -> str:
        """Return the figure as HTML."""
        label = f"{self.label}, {self.of}" if self.of else self.label
        return (
            f'<div class="figure" data-figure="{escape(self.label)}"><div class="label">{escape(label)}</div>'
            f'<div class="value">{escape(self.value)}</div>'
            f'<div class="change {self.tone}">{escape(self.note)}</div></div>'
        )


@dataclass(frozen=True)
class Table:
    """Rows of text under column names; all but the first column are aligned to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def file_name(self) -> str:
        """The name of its CSV file, from the first three columns: "week-sent-delivered.csv"."""
        return re.sub("[^a-z0-9]+", "-", "-".join(self.columns[:3]).lower()).strip("-") + ".csv"

    def shown_rows(self) -> Sequence[Sequence[str]]:
        """Return the rows that a page shows: the last MAX_SHOWN_ROWS."""
        return self.rows[-MAX_SHOWN_ROWS:]

    def csv(self) -> str:
        """Return all rows as CSV: unformatted values, and no text that a spreadsheet would run."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        for row in self.rows:
            values = [raw_value(cell) for cell in row]
            writer.writerow(
                [
                    f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_PREFIXES) else value
                    for value in values
                ]
            )
        return text.getvalue()

    def html(self) -> str:
        """Return a plain table in a scrolling box."""
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
        """Return a link to the CSV file as a data: URL, which needs no server."""
        address = f"data:text/csv;charset=utf-8,{quote(self.csv())}"
        return f'<a download="{self.file_name}" href="{address}">Download as CSV</a>'

    def html_with_link(self, render_table: "TableRenderer | None") -> str:
        """Return the table, the link to its CSV file, and hints about hidden rows and columns.

        `render_table` renders the table and the link; without it, they are a plain table and a data: URL.
        """
        table, link = render_table(self) if render_table else (self.html(), self.link())
        count, columns = len(self.rows), len(self.columns)
        is_cut = count > MAX_SHOWN_ROWS
        left_out = f"Showing the last {MAX_SHOWN_ROWS} of {count:,} rows; the file has all. " if is_cut else ""
        hint = f'<p class="hint">{columns} columns: scroll sideways for the rest →</p>' if columns > 2 else ""
        return f'{hint}{table}<div class="file">{left_out}{link}</div>'


TableRenderer = Callable[[Table], tuple[str, str]]  # returns a table and the link to its file


@dataclass(frozen=True)
class Section:
    """A chart under a sentence as its title, with a note and its figures as a table.

    The table makes the chart accessible and is collapsed; without a chart it is open.
    """

    title: str
    chart: alt.Chart | alt.LayerChart | None = None
    note: str = ""
    table: Table | None = None

    def html(self, render_chart: ChartRenderer, render_table: TableRenderer | None) -> str:
        """Return the section as HTML."""
        chart = f'<div class="chart">{render_chart(self.chart)}</div>' if self.chart else ""
        table = self.table.html_with_link(render_table) if self.table and self.table.rows else ""
        if table and chart:
            table = f"<details><summary>The figures as a table</summary>{table}</details>"
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return f"<section><h3>{escape(self.title)}</h3>{note}{chart}{table}</section>"


@dataclass(frozen=True)
class Notice:
    """One line above everything else: no data, old data, a running load."""

    text: str
    kind: str = "quiet"

    def html(self) -> str:
        """Return the notice as HTML."""
        return f'<p class="notice {self.kind}" role="status">{escape(self.text)}</p>'


@dataclass(frozen=True)
class Page:
    """A page: its name in the address, its title, notices, figures and sections."""

    name: str
    title: str
    notices: Sequence[Notice] = ()
    figures: Sequence[Figure] = ()
    sections: Sequence[Section] = field(default=())

    def html(self, render_chart: ChartRenderer, render_table: TableRenderer | None = None) -> str:
        """Return the page's HTML; the two functions render its charts and tables for the app or the export."""
        figures = "".join(figure.html() for figure in self.figures)
        parts = [
            f"<h2>{escape(self.title)}</h2>",
            *(notice.html() for notice in self.notices),
            f'<div class="figures">{figures}</div>' if figures else "",
            *(section.html(render_chart, render_table) for section in self.sections),
        ]
        return f'<article class="page" data-page="{self.name}">{"".join(parts)}</article>'


@cache
def stylesheet() -> str:
    """Return the style sheet of the app and the export."""
    return Path(__file__).parents[1].joinpath("style.css").read_text()
