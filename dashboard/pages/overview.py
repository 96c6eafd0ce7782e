"""The start page: sends, engagement and revenue."""

from dataclasses import replace

from dashboard import queries
from dashboard.mart import Row
from dashboard.page_spec import PageContext, PageSpec, without_rows
from dashboard.queries import Filters
from dashboard.rendering import charts
from dashboard.rendering.components import Figure, Page, Section, Table
from dashboard.rendering.formatting import change, count, format_day, percent, percent_of, points, ratio, usd
from dashboard.rendering.time_steps import INCOMPLETE, incomplete_note, mark_incomplete, step_label


def render(context: PageContext) -> Page:
    """Return sends, engagement and revenue of the period, compared with the previous period."""
    mart, filters, status = context.mart, context.filters, context.status
    now, before = mart.row(queries.engagement(filters)), mart.row(queries.engagement(filters.previous()))
    billed = mart.row(queries.billed(filters))
    through = status.complete_through
    months = mark_incomplete(mart.rows(queries.mrr_months(filters)), "month", None, through, "month_starts_on")
    page = Page("overview", "Sends, engagement and revenue", status.notices())
    if not now["sent_count"] and not billed["invoice_count"]:
        return without_rows(page, filters)
    first_day = max([filters.first_day, *([status.first_day] if status.first_day else [])])
    trend = mark_incomplete(mart.rows(queries.engagement_trend(filters)), filters.step, first_day, through)
    figures = _engagement_figures(now, before, status.previous_period(filters))
    sections = [_sent(trend, now, filters), _opened(trend, now, filters)] if trend else [_nothing_sent()]
    if months:
        figures.append(_mrr_figure(months))
        sections.append(_mrr(months))
    invoices = mark_incomplete(mart.rows(queries.billed_trend(filters)), filters.step, filters.first_day, through)
    sections.append(_billed(invoices, billed, filters))
    return replace(page, figures=figures, sections=sections)


PAGE = PageSpec("Overview", 1, render)


def _engagement_figures(now: Row, before: Row, previous: str | None) -> list[Figure]:
    sent = Figure("Messages sent", count(now["sent_count"]), *change(now["sent_count"], before["sent_count"], previous))
    rates = [
        Figure(
            label,
            percent_of(now[column], now["delivered_count"]),
            *points((now[column], now["delivered_count"]), (before[column], before["delivered_count"]), previous),
            of="of delivered",
        )
        for label, column in (("Opened by people", "unique_open_count"), ("Clicked", "unique_click_count"))
    ]
    return [sent, *rates]


def _nothing_sent() -> Section:
    return Section("No messages were sent in this period.")


def _sent(trend: list[Row], now: Row, filters: Filters) -> Section:
    step = filters.step
    first, last = format_day(trend[0]["starts_on"]), format_day(trend[-1]["starts_on"])
    description = f"Bars: messages sent by {step}, from {first} to {last}; {count(now['sent_count'])} in total."
    return Section(
        f"{count(now['sent_count'])} messages sent, {percent_of(now['delivered_count'], now['sent_count'])} delivered",
        charts.bars(trend, {"sent_count": "sent"}, description, step=step),
        f"Messages sent by {step}.{incomplete_note(trend, step)}",
        Table(
            (step.capitalize(), "Sent", "Delivered"),
            [(step_label(row), count(row["sent_count"]), count(row["delivered_count"])) for row in trend],
        ),
    )


def _opened(trend: list[Row], now: Row, filters: Filters) -> Section:
    step = filters.step
    rates = [
        {
            "starts_on": row["starts_on"],
            INCOMPLETE: row[INCOMPLETE],
            "people": ratio(row["unique_open_count"], row["delivered_count"]),
            "machines": ratio(row["machine_only_open_count"], row["delivered_count"]),
            "clicks": ratio(row["unique_click_count"], row["delivered_count"]),
        }
        for row in trend
    ]
    return Section(
        f"People opened {percent_of(now['unique_open_count'], now['delivered_count'])} of delivered messages; "
        f"{percent_of(now['machine_only_open_count'], now['delivered_count'])} were opened by machines only",
        charts.lines(
            rates,
            {"people": "opened by people", "machines": "by machines only", "clicks": "clicked"},
            f"Lines by {step}: the share of delivered messages opened by people, opened by machines only, and clicked.",
        ),
        "Shares of delivered messages. Opens by privacy proxies and scanners are separate: the message may be unread."
        f"{incomplete_note(rates, step)}",
        Table(
            (
                step.capitalize(),
                "Opened by people, of delivered",
                "By machines only, of delivered",
                "Clicked, of delivered",
            ),
            [(step_label(row), *(percent(row[name]) for name in ("people", "machines", "clicks"))) for row in rates],
        ),
    )


def _mrr_figure(months: list[Row]) -> Figure:
    moved = float(sum(row["gained_usd"] + row["lost_usd"] for row in months))
    direction = "▲ up" if moved > 0 else "▼ down"
    note = f"a month; {direction} {usd(abs(moved))} since the beginning of {months[0]['month_starts_on']:%B}"
    return Figure("Recurring revenue", usd(months[-1]["mrr_usd"]), note, "good" if moved > 0 else "bad")


def _mrr(months: list[Row]) -> Section:
    gained, lost = sum(row["gained_usd"] for row in months), sum(row["lost_usd"] for row in months)
    return Section(
        f"{usd(gained)} MRR gained, {usd(-lost)} lost",
        charts.bars(
            [row | {"starts_on": row["month_starts_on"]} for row in months],
            {"gained_usd": "gained", "lost_usd": "lost"},
            f"Bars by month: {usd(gained)} gained above the line, {usd(-lost)} lost below it.",
            "$,.0f",
            "month",
        ),
        "Monthly recurring revenue in US dollars. Above the line: new, expanded, regained; below: contracted, churned."
        f"{incomplete_note(months, 'month', 'month_starts_on')}",
        Table(
            ("Month", "Gained", "Lost", "MRR at the end"),
            [
                (
                    step_label(row, "month_starts_on", "%b %Y"),
                    *(usd(row[name]) for name in ("gained_usd", "lost_usd", "mrr_usd")),
                )
                for row in months
            ],
        ),
    )


def _billed(trend: list[Row], billed: Row, filters: Filters) -> Section:
    if not trend:
        return Section("No invoices were issued in this period.")
    step = filters.step
    return Section(
        f"{usd(billed['billed_usd'])} billed, {percent_of(billed['paid_usd'], billed['billed_usd'])} of it paid",
        charts.bars(
            trend,
            {"paid_usd": "paid", "unpaid_usd": "unpaid"},
            f"Bars: US dollars billed before tax by {step} of issue, paid and unpaid.",
            "$,.0f",
            step,
        ),
        f"US dollars before tax, by {step} of issue.{incomplete_note(trend, step)}",
        Table(
            (f"{step.capitalize()} of issue", "Paid", "Unpaid"),
            [(step_label(row), usd(row["paid_usd"]), usd(row["unpaid_usd"])) for row in trend],
        ),
    )
