"""Who stays on the lists: growth, losses and survival."""

from dataclasses import replace

from dashboard import charts, queries, steps
from dashboard.blocks import Figure, Page, Section, Table
from dashboard.mart import Mart, Row
from dashboard.queries import Filters
from dashboard.status import Status
from dashboard.words import count, day, percent, with_nothing

ESTIMATE = (
    "Kaplan and Meier's estimate over all memberships, whenever they began: those that go on count as long as they "
    "have been seen."
)


def lists(mart: Mart, filters: Filters, status: Status, campaign_id: int | None = None) -> Page:
    """Who joins, who leaves, and how long they stay."""
    page = Page("lists", "Who stays on the lists", status.notices())
    months = steps.marked(mart.rows(queries.list_months(filters)), "month", None, status, "month_starts_on")
    curve = survive(mart.rows(queries.survival(filters)))
    if not months and not curve:
        return with_nothing(page, filters, "No list had a member")
    sections, figures = [], []
    if months:
        sums = {
            name: sum(row[f"{name}_count"] for row in months)
            for name in ("joined", "unsubscribed", "cleaned", "deleted")
        }
        gone = sums["unsubscribed"] + sums["cleaned"] + sums["deleted"]
        since = f"since {months[0]['month_starts_on']:%B %Y}"
        figures = [
            Figure("Members", count(months[-1]["member_count"]), _until(months[-1], status)),
            Figure("Joined", count(sums["joined"]), since),
            Figure("Left", count(gone), f"{since}; {count(sums['unsubscribed'])} of them withdrew"),
        ]
        flows = [
            {
                "starts_on": row["month_starts_on"],
                steps.CUT: row[steps.CUT],
                "joined": row["joined_count"],
                "withdrew": -row["unsubscribed_count"],
                "other": -(row["cleaned_count"] + row["deleted_count"]),
            }
            for row in months
        ]
        sections.append(
            Section(
                f"{count(sums['joined'])} joined and {count(gone)} left",
                charts.bars(
                    flows,
                    {"joined": "joined", "withdrew": "withdrew", "other": "bounced or deleted"},
                    f"Bars by month: {count(sums['joined'])} memberships began, above the line; "
                    f"{count(gone)} ended, below it.",
                    step="month",
                ),
                "Memberships that began (above the line) and ended (below it), in the months that the period touches."
                + steps.said(months, "month", "month_starts_on"),
                Table(
                    ("Month", "Joined", "Withdrew", "Bounced", "Deleted", "Members"),
                    [
                        (
                            steps.label(row, "month_starts_on", "%b %Y"),
                            *(
                                count(row[f"{name}_count"])
                                for name in ("joined", "unsubscribed", "cleaned", "deleted", "member")
                            ),
                        )
                        for row in months
                    ],
                ),
            )
        )
    if curve:
        last = curve[-1]
        figures.append(
            Figure("Still there", percent(last["survival"]), f"after {last['months']} months", of="of who joined")
        )
        sections.append(
            Section(
                f"Of a hundred who join, {last['survival'] * 100:.0f} are still there after {last['months']} months",
                charts.steps(
                    curve,
                    "months",
                    "survival",
                    "Curve: share of memberships that go on, by months since joining; "
                    f"{percent(last['survival'])} after {last['months']} months.",
                    "months of thirty days since joining",
                ),
                ESTIMATE + (" The axis does not begin at zero." if last["survival"] > 0.5 else ""),
                Table(
                    ("Months since joining", "Seen so far", "Left in the month", "Still there, of who joined"),
                    [
                        (count(row["months"]), count(row["at_risk"]), count(row["left"]), percent(row["survival"]))
                        for row in curve
                        if row["months"]
                    ],
                ),
            )
        )  # fmt: skip
    shrinking = [row for row in mart.rows(queries.lists_that_shrink(filters)) if row["left_count"]]
    if shrinking:
        sections.append(
            Section(
                f"{shrinking[0]['list_name']} lost most members",
                note=f"The {len(shrinking)} lists that lost most, in the months that the period touches.",
                table=Table(
                    ("List", "Joined", "Left", "Net"),
                    [
                        (
                            row["list_name"],
                            count(row["joined_count"]),
                            count(row["left_count"]),
                            count(row["net_growth_count"], "+,"),
                        )
                        for row in shrinking
                    ],
                ),
            )
        )
    return replace(page, figures=figures, sections=sections)


def _until(month: Row, status: Status) -> str:
    if month[steps.CUT] and status.last_day:
        return f"on {day(status.last_day)}"
    return f"at the end of {month['month_starts_on']:%B %Y}"


def survive(rows: list[Row]) -> list[Row]:
    """Return Kaplan and Meier's curve, from (0, 1.0) on, of memberships at risk and left by month since joining."""
    alive, curve = 1.0, [{"months": 0, "survival": 1.0, "at_risk": 0, "left": 0}] if rows else []
    for row in rows:
        at_risk, left = int(row["at_risk_count"]), int(row["left_count"])
        alive *= 1 - left / at_risk if at_risk else 1
        curve.append({"months": int(row["month_number"]) + 1, "survival": alive, "at_risk": at_risk, "left": left})
    return curve
