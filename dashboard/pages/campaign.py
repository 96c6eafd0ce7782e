"""One campaign: its funnel and the hours of its opens."""

from dataclasses import replace

from dashboard import queries
from dashboard.mart import Row
from dashboard.page_spec import PageContext, PageSpec, without_rows
from dashboard.rendering import charts
from dashboard.rendering.components import Figure, Page, Section, Table
from dashboard.rendering.formatting import count, format_day, percent_of, plural, usd


def render(context: PageContext) -> Page:
    """Return the outcomes of one campaign's messages, and when people opened them."""
    mart, filters, campaign_id = context.mart, context.filters, context.campaign_id
    page = Page("campaign", "One campaign", context.status.notices())
    rows = [] if campaign_id is None else mart.rows(queries.campaign(campaign_id))
    if campaign_id is None or not rows:
        return without_rows(page, filters, "No campaign was sent")
    row, revenue = rows[0], mart.row(queries.campaign_revenue(campaign_id))
    return replace(
        page,
        title=f"{row['campaign_name']}, {row['account_name']}",
        figures=_figures(row, revenue),
        sections=[_funnel(row), _hours(mart.rows(queries.campaign_hours(campaign_id)))],
    )


PAGE = PageSpec("Campaign", 2, render, has_campaign_picker=True)


def _figures(row: Row, revenue: Row) -> list[Figure]:
    sent, delivered = row["sent_count"], row["delivered_count"]
    sent_note = f"on {format_day(row['sent_at'].date())}" if row["sent_at"] else "not finished yet"
    rates = [
        Figure(label, percent_of(row[column], whole), plural(row[column], "message"), of=of)
        for label, column, whole, of in (
            ("Delivered", "delivered_count", sent, "of sent"),
            ("Opened by people", "unique_open_count", delivered, "of delivered"),
            ("Clicked", "unique_click_count", delivered, "of delivered"),
        )
    ]
    return [
        Figure("Sent", count(sent), sent_note),
        *rates,
        Figure(
            "Revenue",
            usd(revenue["attributed_usd"]),
            f"attributed to {plural(revenue['invoice_count'], 'paid invoice')}",
        ),
    ]


def _funnel(row: Row) -> Section:
    sent, delivered, opened = row["sent_count"], row["delivered_count"], row["unique_open_count"]
    # Each rate has the denominator that docs/marts.md defines, as on the other pages.
    steps = [
        ("Sent", sent, sent, ""),
        ("Delivered", delivered, sent, "of sent"),
        ("Opened by people", opened, delivered, "of delivered"),
        ("Clicked", row["unique_click_count"], delivered, "of delivered"),
    ]
    funnel = [
        {
            "step": name,
            "count": number,
            "text": f"{count(number)} ({percent_of(number, whole)} {of})" if of else count(number),
        }
        for name, number, whole, of in steps
    ]
    description = "Funnel: " + "; ".join(f"{each['step']} {each['text']}" for each in funnel) + "."
    return Section(
        f"People opened {count(opened)} of {count(sent)} messages",
        charts.horizontal_bars(funnel, "step", "count", "text", description),
        f"Bounced: {count(row['hard_bounce_count'] + row['soft_bounce_count'])}. "
        f"Reported as spam: {count(row['complaint_count'])}. "
        f"Unsubscribed: {count(row['unsubscribe_count'])}. "
        f"Opened by machines: {count(row['unique_machine_open_count'])}, some also by people.",
        Table(
            ("Step", "Messages", "Rate", "Is a share"),
            [(name, count(n), percent_of(n, whole), of or "of sent") for name, n, whole, of in steps],
        ),
    )


def _hours(hours: list[Row]) -> Section:
    if not hours:
        return Section("No opens yet.")
    best = max(hours, key=lambda row: row["human_open_count"])
    when = f"{charts.WEEKDAYS[best['day_of_week'] - 1]} at {best['hour_of_day']:02}:00 UTC"
    days = [
        (name, count(sum(row["human_open_count"] for row in ours)), count(sum(row["click_count"] for row in ours)))
        for number, name in enumerate(charts.WEEKDAYS, 1)
        for ours in [[row for row in hours if row["day_of_week"] == number]]
    ]
    return Section(
        f"Most opens by people: {when}",
        charts.week_heat_map(
            hours,
            "human_open_count",
            f"Heat map: opens by people for each weekday and hour; "
            f"most on {when}, {count(best['human_open_count'])} opens.",
        ),
        "Opens by people, including repeated opens, by weekday and hour.",
        Table(("Weekday", "Opens by people", "Clicks"), days),
    )
