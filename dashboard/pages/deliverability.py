"""Deliverability by mailbox provider and by sending domain."""

from dataclasses import replace

from dashboard import queries
from dashboard.mart import Row
from dashboard.page_spec import PageContext, PageSpec, without_rows
from dashboard.queries import LIST_LIMIT
from dashboard.rendering import charts
from dashboard.rendering.components import Figure, Page, Section, Table
from dashboard.rendering.formatting import count, percent, percent_of, points, ratio


def render(context: PageContext) -> Page:
    """Return what became of sent messages, by mailbox provider and by sending domain."""
    mart, filters, status = context.mart, context.filters, context.status
    page = Page("deliverability", "Deliverability", status.notices())
    now, before = mart.row(queries.deliverability(filters)), mart.row(queries.deliverability(filters.previous()))
    if not now["sent_count"]:
        return without_rows(page, filters)
    breaches = mart.rows(queries.suppression_breaches(filters))
    breach_count = sum(row["message_count"] for row in breaches)
    sections = [
        _bounces(mart.rows(queries.deliverability(filters, column)), column, label)
        for column, label in (("mailbox_provider", "Mailbox provider"), ("sending_domain", "Sending domain"))
    ]
    if breaches:
        sections.append(_breaches(breaches, breach_count))
    figures = [*_rate_figures(now, before, status.previous_period(filters)), _breach_figure(breach_count)]
    return replace(page, figures=figures, sections=sections)


PAGE = PageSpec("Deliverability", 3, render)


def _bounced(row: Row) -> int:
    return row["hard_bounce_count"] + row["soft_bounce_count"]


def _rate_figures(now: Row, before: Row, previous: str | None) -> list[Figure]:
    def figure(label: str, part: str, whole: str, good: int = 1, digits: int = 1) -> Figure:
        current, earlier = (
            (_bounced(row) if part == "bounced" else row[f"{part}_count"], row[f"{whole}_count"])
            for row in (now, before)
        )
        return Figure(label, percent_of(*current, digits), *points(current, earlier, previous, good), of=f"of {whole}")

    return [
        figure("Delivered", "delivered", "sent"),
        figure("Bounced", "bounced", "sent", good=-1),
        figure("Reported as spam", "complaint", "delivered", good=-1, digits=2),
    ]


def _breach_figure(breach_count: int) -> Figure:
    note = "messages to suppressed recipients" if breach_count else "no message to a suppressed recipient"
    return Figure("Suppression breaches", count(breach_count), note, "bad" if breach_count else "good")


def _breaches(breaches: list[Row], breach_count: int) -> Section:
    return Section(
        f"{count(breach_count)} messages were sent to suppressed recipients",
        note="By the rule that was broken: an unsubscribe, a spam report, a hard bounce, or another suppression.",
        table=Table(
            ("Rule", "Messages"),
            [(row["broken_rule"].replace("_", " "), count(row["message_count"])) for row in breaches],
        ),
    )


def _bounces(rows: list[Row], column: str, label: str) -> Section:
    rows = [
        row | {"name": row[column], "bounce_rate": rate, "text": f"{percent(rate)} of {count(row['sent_count'])} sent"}
        for row in rows
        for rate in [ratio(_bounced(row), row["sent_count"]) or 0.0]
    ]
    by_rate = sorted(rows, key=lambda row: -row["bounce_rate"])
    worst, by = by_rate[0], label.lower()
    name = worst["name"].capitalize() if column == "mailbox_provider" else worst["name"]
    listed = "; ".join(f"{row['name']} {percent(row['bounce_rate'])}" for row in by_rate)
    limit = f"; the {LIST_LIMIT} with the most messages." if len(rows) == LIST_LIMIT else "."
    return Section(
        f"{name} has the highest bounce rate: {percent(worst['bounce_rate'])} of sent",
        charts.horizontal_bars(
            by_rate,
            "name",
            "bounce_rate",
            "text",
            f"Bars: share of sent messages that bounced, by {by}: {listed}.",
            charts.VERMILION,
        ),
        f"Share of sent messages that bounced, hard or soft, by {by}{limit}",
        _bounce_table(rows, label),
    )


def _bounce_table(rows: list[Row], label: str) -> Table:
    columns = (
        label,
        "Sent",
        "Delivered, of sent",
        "Deferred, of sent",
        "Hard bounced, of sent",
        "Soft bounced, of sent",
        "Spam reports",
        "Spam reports, of delivered",
    )
    cells = [
        (
            row["name"],
            count(row["sent_count"]),
            *(
                percent_of(row[f"{outcome}_count"], row["sent_count"])
                for outcome in ("delivered", "deferred", "hard_bounce", "soft_bounce")
            ),
            count(row["complaint_count"]),
            percent_of(row["complaint_count"], row["delivered_count"], 2),
        )
        for row in rows
    ]
    return Table(columns, cells)
