"""One campaign: its funnel and its hours."""

from dataclasses import replace

from dashboard import charts, queries
from dashboard.blocks import Figure, Page, Section, Table
from dashboard.mart import Mart, Row
from dashboard.queries import Filters
from dashboard.status import Status
from dashboard.words import count, day, share, usd, with_nothing


def campaign(mart: Mart, filters: Filters, status: Status, campaign_id: int | None = None) -> Page:
    """One campaign: what became of its messages, and when people opened them."""
    page = Page("campaign", "One campaign", status.notices())
    rows = mart.rows(queries.campaign(campaign_id)) if campaign_id is not None else []
    if not rows:
        return with_nothing(page, filters, "No campaign was sent")
    row, revenue = rows[0], mart.row(queries.campaign_revenue(campaign_id))
    sent, delivered = row["sent_count"], row["delivered_count"]
    figures = [
        Figure("Sent", count(sent), f"on {day(row['sent_at'].date())}" if row["sent_at"] else "sending goes on"),
        Figure("Delivered", share(delivered, sent), f"{count(delivered)} messages", of="of sent"),
        Figure(
            "Opened by people",
            share(row["unique_open_count"], delivered),
            f"{count(row['unique_open_count'])} messages",
            of="of delivered",
        ),
        Figure(
            "Clicked",
            share(row["unique_click_count"], delivered),
            f"{count(row['unique_click_count'])} messages",
            of="of delivered",
        ),
        Figure(
            "Revenue",
            usd(revenue["attributed_usd"]),
            f"paid invoices that it has a part of: {count(revenue['invoice_count'])}",
        ),
    ]
    # Each rate is of what docs/marts.md says, as on the other pages.
    steps = [
        ("Sent", sent, sent, ""),
        ("Delivered", delivered, sent, "of sent"),
        ("Opened by people", row["unique_open_count"], delivered, "of delivered"),
        ("Clicked", row["unique_click_count"], delivered, "of delivered"),
    ]
    funnel = [
        {
            "step": name,
            "count": number,
            "text": f"{count(number)} ({share(number, whole)} {of})" if of else count(number),
        }
        for name, number, whole, of in steps
    ]
    lost = row["hard_bounce_count"] + row["soft_bounce_count"]
    sections = [
        Section(
            f"Of {count(sent)} messages, {count(row['unique_open_count'])} were opened by people",
            charts.across(
                funnel,
                "step",
                "count",
                "text",
                "Funnel: " + "; ".join(f"{row['step']} {row['text']}" for row in funnel) + ".",
            ),
            f"Bounced: {count(lost)}. Reported as spam: {count(row['complaint_count'])}. "
            f"Unsubscribed: {count(row['unsubscribe_count'])}. "
            f"Opened by machines: {count(row['unique_machine_open_count'])}, some of them by people, too.",
            Table(
                ("Step", "Messages", "Rate", "Is a share"),
                [(name, count(n), share(n, whole), of or "of sent") for name, n, whole, of in steps],
            ),
        ),
        _hours(mart.rows(queries.campaign_hours(campaign_id))),
    ]
    title = f"{row['campaign_name']}, {row['account_name']}"
    return replace(page, title=title, figures=figures, sections=sections)


def _hours(hours: list[Row]) -> Section:
    if not hours:
        return Section("Nobody has opened it yet.")
    best = max(hours, key=lambda row: row["human_open_count"])
    when = f"{charts.WEEKDAYS[best['day_of_week'] - 1]} at {best['hour_of_day']:02}:00 UTC"
    days = [
        (name, count(sum(row["human_open_count"] for row in ours)), count(sum(row["click_count"] for row in ours)))
        for number, name in enumerate(charts.WEEKDAYS, 1)
        for ours in [[row for row in hours if row["day_of_week"] == number]]
    ]
    return Section(
        f"People opened it most on {when}",
        charts.weeks_heat(
            hours,
            "human_open_count",
            f"Heat map: opens by people for each weekday and hour; "
            f"most on {when}, {count(best['human_open_count'])} opens.",
        ),
        "Opens by people, repeats included, by weekday and hour.",
        Table(("Weekday", "Opens by people", "Clicks"), days),
    )
