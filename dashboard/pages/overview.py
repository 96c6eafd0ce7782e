"""How the mail is doing: sends, engagement and revenue."""

from dataclasses import replace

from dashboard import charts, queries, steps
from dashboard.blocks import Figure, Page, Section, Table
from dashboard.mart import Mart, Row
from dashboard.queries import Filters
from dashboard.status import Status
from dashboard.words import change, count, day, percent, points, ratio, share, usd, with_nothing


def overview(mart: Mart, filters: Filters, status: Status, campaign_id: int | None = None) -> Page:
    """Sends, engagement and revenue over the period, beside the period before."""
    now, before = mart.row(queries.engagement(filters)), mart.row(queries.engagement(filters.before()))
    money = mart.row(queries.billed(filters))
    months = steps.marked(mart.rows(queries.recurring(filters)), "month", None, status, "month_starts_on")
    page = Page("overview", "How the mail is doing", status.notices())
    if not now["sent_count"] and not money["invoice_count"]:
        return with_nothing(page, filters)
    than = status.before(filters)
    figures = [
        Figure("Messages sent", count(now["sent_count"]), *change(now["sent_count"], before["sent_count"], than)),
        *(
            Figure(
                label,
                share(now[name], now["delivered_count"]),
                *points((now[name], now["delivered_count"]), (before[name], before["delivered_count"]), than),
                of="of delivered",
            )
            for label, name in (("Opened by people", "unique_open_count"), ("Clicked", "unique_click_count"))
        ),
    ]
    first_day = max([filters.first_day, *([status.first_day] if status.first_day else [])])
    trend = steps.marked(mart.rows(queries.engagement_trend(filters)), filters.step, first_day, status)
    sections = _engagement(trend, now, filters)
    if months:
        figures.append(_recurring_figure(months))
        sections.append(_recurring(months))
    income = steps.marked(mart.rows(queries.billed_trend(filters)), filters.step, filters.first_day, status)
    sections.append(_income(income, money, filters))
    return replace(page, figures=figures, sections=sections)


def _recurring_figure(months: list[Row]) -> Figure:
    moved = float(sum(row["won_usd"] + row["lost_usd"] for row in months))
    way = "▲ up" if moved > 0 else "▼ down"
    words = f"a month; {way} {usd(abs(moved))} since the begin of {months[0]['month_starts_on']:%B}"
    return Figure("Recurring revenue", usd(months[-1]["mrr_usd"]), words, "good" if moved > 0 else "bad")


def _recurring(months: list[Row]) -> Section:
    won, lost = sum(row["won_usd"] for row in months), sum(row["lost_usd"] for row in months)
    return Section(
        f"{usd(won)} of monthly revenue were won and {usd(-lost)} lost",
        charts.bars(
            [row | {"starts_on": row["month_starts_on"]} for row in months],
            {"won_usd": "won", "lost_usd": "lost"},
            f"Bars by month: {usd(won)} won above the line, {usd(-lost)} lost below it.",
            "$,.0f",
            "month",
        ),
        "Monthly recurring revenue in US dollars: new, expanded and won back above the line, "
        "contracted and churned below it." + steps.said(months, "month", "month_starts_on"),
        Table(
            ("Month", "Won", "Lost", "At the end"),
            [
                (
                    steps.label(row, "month_starts_on", "%b %Y"),
                    *(usd(row[name]) for name in ("won_usd", "lost_usd", "mrr_usd")),
                )
                for row in months
            ],
        ),
    )


def _engagement(trend: list[Row], now: Row, filters: Filters) -> list[Section]:
    if not trend:
        return [Section("Nothing was sent in this period.")]
    step, machine = filters.step, now["machine_only_open_count"]
    sent = Section(
        f"{count(now['sent_count'])} messages went out, and "
        f"{share(now['delivered_count'], now['sent_count'])} of them arrived",
        charts.bars(
            trend, {"sent_count": "sent"}, f"Bars: messages sent by {step}, from {day(trend[0]['starts_on'])} to "
            f"{day(trend[-1]['starts_on'])}; {count(now['sent_count'])} in all.",
            step=step,
        ),
        f"Messages sent by {step}.{steps.said(trend, step)}",
        Table(
            (step.capitalize(), "Sent", "Delivered"),
            [(steps.label(row), count(row["sent_count"]), count(row["delivered_count"])) for row in trend],
        ),
    )  # fmt: skip
    rates = [
        {
            "starts_on": row["starts_on"],
            steps.CUT: row[steps.CUT],
            "people": ratio(row["unique_open_count"], row["delivered_count"]),
            "machines": ratio(row["machine_only_open_count"], row["delivered_count"]),
            "clicks": ratio(row["unique_click_count"], row["delivered_count"]),
        }
        for row in trend
    ]
    opened = Section(
        f"People opened {share(now['unique_open_count'], now['delivered_count'])} of what arrived; "
        f"machines alone another {share(machine, now['delivered_count'])}",
        charts.lines(
            rates,
            {"people": "people opened", "machines": "only machines", "clicks": "clicked"},
            f"Lines by {step}: the share of delivered messages opened by people, opened by machines only, and clicked.",
        ),
        "Shares of delivered messages. What privacy proxies and scanners open may be unread: it is counted apart."
        + steps.said(rates, step),
        Table(
            (
                step.capitalize(),
                "Opened by people, of delivered",
                "By machines only, of delivered",
                "Clicked, of delivered",
            ),
            [(steps.label(row), *(percent(row[name]) for name in ("people", "machines", "clicks"))) for row in rates],
        ),
    )
    return [sent, opened]


def _income(income: list[Row], money: Row, filters: Filters) -> Section:
    if not income:
        return Section("No invoice was issued in this period.")
    step = filters.step
    return Section(
        f"{usd(money['billed_usd'])} were billed, {share(money['paid_usd'], money['billed_usd'])} of it is paid",
        charts.bars(
            income,
            {"paid_usd": "paid", "unpaid_usd": "not paid yet"},
            f"Bars: US dollars billed before tax by {step} of issue, paid and not paid yet.",
            "$,.0f",
            step,
        ),
        f"US dollars before tax, by {step} of issue.{steps.said(income, step)}",
        Table(
            (f"{step.capitalize()} of issue", "Paid", "Not paid yet"),
            [(steps.label(row), usd(row["paid_usd"]), usd(row["unpaid_usd"])) for row in income],
        ),
    )
