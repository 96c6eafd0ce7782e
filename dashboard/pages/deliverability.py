"""Who takes the mail: mailbox providers and sending domains."""

from dataclasses import replace

from dashboard import charts, queries
from dashboard.blocks import Figure, Page, Section, Table
from dashboard.mart import Mart, Row
from dashboard.queries import Filters
from dashboard.status import Status
from dashboard.words import count, percent, points, ratio, share, with_nothing


def deliverability(mart: Mart, filters: Filters, status: Status, campaign_id: int | None = None) -> Page:
    """Who takes the mail: by mailbox provider and by the domain that sends."""
    page = Page("deliverability", "Who takes the mail", status.notices())
    now, before = mart.row(queries.deliverability(filters)), mart.row(queries.deliverability(filters.before()))
    if not now["sent_count"]:
        return with_nothing(page, filters)
    than = status.before(filters)
    breaches = mart.rows(queries.suppression_breaches(filters))
    broken = sum(row["message_count"] for row in breaches)
    bounced = now["hard_bounce_count"] + now["soft_bounce_count"]
    figures = [
        Figure(
            "Delivered",
            share(now["delivered_count"], now["sent_count"]),
            *points(
                (now["delivered_count"], now["sent_count"]), (before["delivered_count"], before["sent_count"]), than
            ),
            of="of sent",
        ),
        Figure(
            "Bounced",
            share(bounced, now["sent_count"]),
            *points(
                (bounced, now["sent_count"]),
                (before["hard_bounce_count"] + before["soft_bounce_count"], before["sent_count"]),
                than,
                good=-1,
            ),
            of="of sent",
        ),
        Figure(
            "Reported as spam",
            share(now["complaint_count"], now["delivered_count"], 2),
            *points(
                (now["complaint_count"], now["delivered_count"]),
                (before["complaint_count"], before["delivered_count"]),
                than,
                good=-1,
            ),
            of="of delivered",
        ),
        Figure(
            "Sent against a rule",
            count(broken),
            "messages to people who must not be written to" if broken else "nobody was written to who must not be",
            "bad" if broken else "good",
        ),
    ]
    sections = [
        _takers(mart.rows(queries.deliverability(filters, "mailbox_provider")), "mailbox_provider", "Mailbox provider"),
        _takers(mart.rows(queries.deliverability(filters, "sending_domain")), "sending_domain", "Sending domain"),
    ]
    if breaches:
        sections.append(
            Section(
                f"{count(broken)} messages were sent although a rule forbade it",
                note="By the broken rule: an unsubscribe, a spam report, a hard bounce, or another suppression.",
                table=Table(
                    ("Rule", "Messages"),
                    [(row["broken_rule"].replace("_", " "), count(row["message_count"])) for row in breaches],
                ),
            )
        )
    return replace(page, figures=figures, sections=sections)


def _takers(rows: list[Row], key: str, name: str) -> Section:
    rows = [
        row | {"name": row[key], "bounce_rate": rate, "text": f"{percent(rate)} of {count(row['sent_count'])} sent"}
        for row in rows
        for rate in [ratio(row["hard_bounce_count"] + row["soft_bounce_count"], row["sent_count"]) or 0.0]
    ]
    worst = max(rows, key=lambda row: row["bounce_rate"])
    table = Table(
        (
            name,
            "Sent",
            "Delivered, of sent",
            "Deferred, of sent",
            "Hard bounced, of sent",
            "Soft bounced, of sent",
            "Spam reports",
            "Spam reports, of delivered",
        ),
        [
            (
                row[key],
                count(row["sent_count"]),
                *(
                    share(row[f"{what}_count"], row["sent_count"])
                    for what in ("delivered", "deferred", "hard_bounce", "soft_bounce")
                ),
                count(row["complaint_count"]),
                share(row["complaint_count"], row["delivered_count"], 2),
            )
            for row in rows
        ],
    )
    shown = sorted(rows, key=lambda row: -row["bounce_rate"])
    what = name.lower()
    return Section(
        f"Mail through {worst[key]} bounces most: {percent(worst['bounce_rate'])} of sent"
        if key == "sending_domain"
        else f"{worst[key].capitalize()} refuses most: {percent(worst['bounce_rate'])} of what was sent to it",
        charts.across(
            shown,
            "name",
            "bounce_rate",
            "text",
            f"Bars: share of sent messages that bounced, by {what}: "
            + "; ".join(f"{row['name']} {percent(row['bounce_rate'])}" for row in shown)
            + ".",
            charts.VERMILION,
        ),
        f"Share of sent messages that bounced, for good or for now, by {what}"
        + (f"; the {queries.LIST_LIMIT} that send most." if len(rows) == queries.LIST_LIMIT else "."),
        table,
    )
