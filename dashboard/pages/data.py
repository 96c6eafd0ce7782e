"""The data themselves: how new, how complete, and what they cost."""

from dataclasses import replace

from dashboard import queries
from dashboard.mart import Row
from dashboard.page_spec import PageContext, PageSpec
from dashboard.rendering import charts
from dashboard.rendering.components import Figure, FormattedValue, Page, Section, Table
from dashboard.rendering.formatting import count, format_day, format_utc, percent_of, plural, time_or_dash, usd
from dashboard.rendering.time_steps import incomplete_note, mark_incomplete, step_label
from dashboard.status import DataStatus, load_started_at


def render(context: PageContext) -> Page:
    """Return how new and complete the data are, which days changed later, and the cost of each pipeline."""
    mart, filters, status = context.mart, context.filters, context.status
    whole = mart.row(queries.completeness(filters))
    days = mart.rows(queries.restatements(filters))
    restated = mark_incomplete(days, filters.step, filters.first_day, status.complete_through)
    costs = mart.rows(queries.cost(filters))
    sections = [_tables(status)]
    if whole["unknown_account_count"]:
        unknown = percent_of(whole["unknown_account_count"], whole["sent_count"], 2)
        sections.append(Section(f"{unknown} of sent messages belong to an unknown account"))
    sections += [_restatements(restated, filters.step), _costs(costs)]
    page = Page("data", "The state of the data", status.notices())
    return replace(page, figures=_figures(whole, restated, costs, status), sections=sections)


PAGE = PageSpec("Data", 5, render)


def _figures(whole: Row, restated: list[Row], costs: list[Row], status: DataStatus) -> list[Figure]:
    newest, loaded_at = status.complete_through, status.loaded_at
    spent = float(sum(row["cost_usd"] for row in costs))
    return [
        Figure(
            "Newest event",
            format_day(newest) if newest else "none",
            f"{newest:%H:%M} UTC; last load ended {format_utc(loaded_at)}" if newest and loaded_at else "no load yet",
        ),
        Figure(
            "Outcome unknown",
            percent_of(whole["pending_count"], whole["sent_count"]),
            f"{plural(whole['pending_count'], 'message')} neither delivered nor bounced",
            of="of sent",
        ),
        Figure("Late events", count(sum(row["added_count"] for row in restated)), "added to days already reported"),
        Figure("Cost", usd(spent, 2), "by the warehouse's metering" if costs else "not metered on this warehouse"),
    ]


def _tables(status: DataStatus) -> Section:
    rows = [
        (
            row["table_name"],
            count(row["row_count"]),
            count(row["deleted_row_count"]),
            time_or_dash(row["newest_change_at"]),
            time_or_dash(load_started_at(row["newest_load_id"])),
            time_or_dash(row.get("source_loaded_at")),
        )
        for row in status.tables
    ]
    return Section(
        f"These pages are based on {count(sum(row['row_count'] for row in status.tables))} rows",
        note="Each table of RAW, its newest change (UTC), and the load that brought it. "
        "A source is loaded when the newest load of any of its tables has ended.",
        table=Table(
            ("Table", "Rows", "Deleted at source", "Newest change", "Newest load began", "Source loaded"), rows
        ),
    )


def _restatements(restated: list[Row], step: str) -> Section:
    if not restated:
        return Section("No figure of this period was restated", note="No event arrived after its day was reported.")
    return Section(
        f"{count(sum(row['added_count'] for row in restated))} events arrived after their day was reported",
        charts.bars(
            restated,
            {"added_count": "late events"},
            f"Bars: events that arrived after their day was reported, by {step} of the event.",
            step=step,
        ),
        f"Figures of these days were restated. By {step} of the event, for all regions and accounts."
        + incomplete_note(restated, step),
        Table(
            (step.capitalize(), "Events", "Loads"),
            [(step_label(row), count(row["added_count"]), count(row["load_count"])) for row in restated],
        ),
    )


def _costs(costs: list[Row]) -> Section:
    if not costs:
        return Section("No costs to show", note="Costs come from Snowflake's metering; DuckDB has none.")
    bars = [row | {"text": usd(row["cost_usd"], 2), "value": float(row["cost_usd"])} for row in costs]
    listed = "; ".join(f"{row['pipeline']} {row['text']}" for row in bars)
    return Section(
        f"{costs[0]['pipeline']} has the highest cost: {usd(costs[0]['cost_usd'], 2)}",
        charts.horizontal_bars(bars, "pipeline", "value", "text", f"Bars, US dollars by pipeline: {listed}"),
        "By the day of the work, for all regions and accounts, at the price of a credit in prices.csv.",
        Table(
            ("Pipeline", "US dollars", "Credits", "Rows"),
            [
                (
                    row["pipeline"],
                    usd(row["cost_usd"], 2),
                    FormattedValue(f"{float(row['credits']):,.3f}", row["credits"]),
                    count(row["row_count"]),
                )
                for row in costs
            ],
        ),
    )
