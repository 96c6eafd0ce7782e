"""The data themselves: how new, how whole, what they cost."""

from dataclasses import replace

from dashboard import charts, queries, steps
from dashboard.blocks import Figure, Page, Section, Shown, Table
from dashboard.mart import Mart
from dashboard.queries import Filters
from dashboard.status import Status, loaded_at, moment
from dashboard.words import count, day, maybe, share, usd


def data(mart: Mart, filters: Filters, status: Status, campaign_id: int | None = None) -> Page:
    """The data themselves: how new, how whole, and what they cost."""
    page = Page("data", "The state of the data", status.notices())
    whole = mart.row(queries.completeness(filters))
    restated = steps.marked(mart.rows(queries.restatements(filters)), filters.step, filters.first_day, status)
    costs = mart.rows(queries.cost(filters))
    sent = whole["sent_count"]
    spent = float(sum(row["cost_usd"] for row in costs))
    added = sum(row["added_count"] for row in restated)
    figures = [
        Figure(
            "Newest event",
            day(status.complete_through) if status.complete_through else "none",
            f"{status.complete_through:%H:%M} UTC; last load ended {moment(status.loaded_at)}"
            if status.complete_through and status.loaded_at
            else "nothing was loaded",
        ),
        Figure(
            "No end known",
            share(whole["pending_count"], sent),
            f"{count(whole['pending_count'])} messages neither delivered nor bounced",
            of="of sent",
        ),
        Figure("Came late", count(added), "events of days that had been reported"),
        Figure("Cost", usd(spent, 2), "by the warehouse's meter" if costs else "nothing is metered here"),
    ]
    sections = [
        Section(
            f"{count(sum(row['row_count'] for row in status.tables))} rows are behind these pages",
            note="Each table of RAW: complete up to its newest change (UTC), which the load beside it brought. "
            "Its source was loaded when the newest load of any of the source's tables ended.",
            table=Table(
                ("Table", "Rows", "Deleted at source", "Newest change", "Newest load began", "Source loaded"),
                [
                    (
                        row["table_name"],
                        count(row["row_count"]),
                        count(row["deleted_row_count"]),
                        maybe(row["newest_change_at"]),
                        maybe(loaded_at(row["newest_load_id"])),
                        maybe(row.get("source_loaded_at")),
                    )
                    for row in status.tables
                ],
            ),
        )
    ]
    if whole["unknown_account_count"]:
        share_unknown = share(whole["unknown_account_count"], sent, 2)
        sections.append(Section(f"{share_unknown} of sent messages belong to no account that we know"))
    sections.append(
        Section(
            f"{count(added)} events came after their day had been reported",
            charts.bars(
                restated, {"added_count": "came late"},
                f"Bars: events that came after their day had been reported, by {filters.step} of happening.",
                step=filters.step,
            ),
            "Figures of these days were restated. By the day of happening, of all regions and accounts."
            + steps.said(restated, filters.step),
            Table(
                (filters.step.capitalize(), "Events", "Loads"),
                [(steps.label(row), count(row["added_count"]), count(row["load_count"])) for row in restated],
            ),
        )
        if restated
        else Section("No figure of this period was restated", note="No event came after its day had been reported.")
    )  # fmt: skip
    if costs:
        shown = [row | {"text": usd(row["cost_usd"], 2), "value": float(row["cost_usd"])} for row in costs]
        sections.append(
            Section(
                f"{costs[0]['pipeline']} cost most: {usd(costs[0]['cost_usd'], 2)}",
                charts.across(
                    shown, "pipeline", "value", "text",
                    "Bars, US dollars by pipeline: " + "; ".join(f"{row['pipeline']} {row['text']}" for row in shown),
                ),
                "By the day on which it was done, of all regions and accounts, at the price of a credit in prices.csv.",
                Table(
                    ("Pipeline", "US dollars", "Credits", "Rows"),
                    [
                        (
                            row["pipeline"],
                            usd(row["cost_usd"], 2),
                            Shown(f"{float(row['credits']):,.3f}", row["credits"]),
                            count(row["row_count"]),
                        )
                        for row in costs
                    ],
                ),
            )
        )  # fmt: skip
    else:
        sections.append(Section("No costs to show", note="The ledger holds Snowflake's meter; DuckDB has none."))
    return replace(page, figures=figures, sections=sections)
