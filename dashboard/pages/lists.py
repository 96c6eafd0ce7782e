"""Lists: growth, losses, and how long members stay."""

from dataclasses import replace

from dashboard import queries
from dashboard.mart import Row
from dashboard.page_spec import PageContext, PageSpec, without_rows
from dashboard.rendering import charts
from dashboard.rendering.components import Figure, Page, Section, Table
from dashboard.rendering.formatting import count, format_day, percent
from dashboard.rendering.time_steps import INCOMPLETE, incomplete_note, mark_incomplete, step_label
from dashboard.status import DataStatus

MONTH = "month_starts_on"


def render(context: PageContext) -> Page:
    """Return how many members joined and left, and how long members stay."""
    mart, filters, status = context.mart, context.filters, context.status
    page = Page("lists", "List growth and survival", status.notices())
    months = mark_incomplete(mart.rows(queries.list_months(filters)), "month", None, status.complete_through, MONTH)
    curve = survival_curve(mart.rows(queries.survival(filters)))
    if not months and not curve:
        return without_rows(page, filters, "No list had members")
    sections, figures = [], []
    if months:
        sums = {
            name: sum(row[f"{name}_count"] for row in months)
            for name in ("joined", "unsubscribed", "cleaned", "deleted")
        }
        left = sums["unsubscribed"] + sums["cleaned"] + sums["deleted"]
        figures += _growth_figures(months, sums, left, status)
        sections.append(_growth(months, sums["joined"], left))
    if curve:
        last = curve[-1]
        note = f"after {last['months']} months"
        figures.append(Figure("Still on the list", percent(last["survival"]), note, of="of joined"))
        sections.append(_survival(curve))
    shrinking = [row for row in mart.rows(queries.shrinking_lists(filters)) if row["left_count"]]
    if shrinking:
        sections.append(_shrinking(shrinking))
    return replace(page, figures=figures, sections=sections)


PAGE = PageSpec("Lists", 4, render)


def _growth_figures(months: list[Row], sums: dict[str, int], left: int, status: DataStatus) -> list[Figure]:
    since = f"since {months[0][MONTH]:%B %Y}"
    return [
        Figure("Members", count(months[-1]["member_count"]), _members_as_of(months[-1], status)),
        Figure("Joined", count(sums["joined"]), since),
        Figure("Left", count(left), f"{since}; {count(sums['unsubscribed'])} unsubscribed"),
    ]


def _members_as_of(month: Row, status: DataStatus) -> str:
    if month[INCOMPLETE] and status.last_day:
        return f"on {format_day(status.last_day)}"
    return f"at the end of {month[MONTH]:%B %Y}"


def _growth(months: list[Row], joined: int, left: int) -> Section:
    rows = [
        {
            "starts_on": row[MONTH],
            INCOMPLETE: row[INCOMPLETE],
            "joined": row["joined_count"],
            "unsubscribed": -row["unsubscribed_count"],
            "other": -(row["cleaned_count"] + row["deleted_count"]),
        }
        for row in months
    ]
    columns = ("joined", "unsubscribed", "cleaned", "deleted", "member")
    return Section(
        f"{count(joined)} joined and {count(left)} left",
        charts.bars(
            rows,
            {"joined": "joined", "unsubscribed": "unsubscribed", "other": "bounced or deleted"},
            f"Bars by month: {count(joined)} memberships began, above the line; {count(left)} ended, below it.",
            step="month",
        ),
        "Memberships that began (above the line) and ended (below it), in the months of the period."
        + incomplete_note(months, "month", MONTH),
        Table(
            ("Month", "Joined", "Unsubscribed", "Bounced", "Deleted", "Members"),
            [
                (step_label(row, MONTH, "%b %Y"), *(count(row[f"{column}_count"]) for column in columns))
                for row in months
            ],
        ),
    )


def _survival(curve: list[Row]) -> Section:
    last = curve[-1]
    share, months = last["survival"], last["months"]
    return Section(
        f"Of 100 members who join, {share * 100:.0f} are still on the list after {months} months",
        charts.step_curve(
            curve,
            "months",
            "survival",
            f"Curve: share of members still on the list, by month since joining; {percent(share)} after {months}.",
            "months of thirty days since joining",
        ),
        "Kaplan-Meier estimate over all memberships, whenever they began; members still active are right-censored."
        + (" The axis does not begin at zero." if share > 0.5 else ""),
        Table(
            ("Months since joining", "At risk", "Left in the month", "Still on the list, of joined"),
            [
                (count(row["months"]), count(row["at_risk"]), count(row["left"]), percent(row["survival"]))
                for row in curve
                if row["months"]
            ],
        ),
    )


def _shrinking(lists: list[Row]) -> Section:
    return Section(
        f"{lists[0]['list_name']} lost the most members",
        note=f"The {len(lists)} lists that lost the most members in the months of the period.",
        table=Table(
            ("List", "Joined", "Left", "Net"),
            [
                (
                    row["list_name"],
                    count(row["joined_count"]),
                    count(row["left_count"]),
                    count(row["net_growth_count"], "+,"),
                )
                for row in lists
            ],
        ),
    )


def survival_curve(rows: list[Row]) -> list[Row]:
    """Return the Kaplan-Meier curve, from (0, 1.0) on, of summed at_risk_count and left_count by month since joining.

    rpt_list_survival has this curve for each account as survival_rate, which does not add up: the curve of several
    accounts follows from the sums. MART cannot have it, because each reader sees the rows of other regions. A test
    compares both on dbt's unit test of the model.
    """
    survival, curve = 1.0, [{"months": 0, "survival": 1.0, "at_risk": 0, "left": 0}] if rows else []
    for row in rows:
        at_risk, left = int(row["at_risk_count"]), int(row["left_count"])
        survival *= 1 - left / at_risk if at_risk else 1
        curve.append({"months": int(row["month_number"]) + 1, "survival": survival, "at_risk": at_risk, "left": left})
    return curve
