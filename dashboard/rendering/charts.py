"""Charts in one style.

The colours are Okabe and Ito's, which differ for every kind of colour vision. Series that share a chart also differ by
dash or position, and a legend names them.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from dashboard.rendering.time_steps import INCOMPLETE, step_label

BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#007A5A", "#6B7280"
INK, RULE = "#374151", "#E5E7EB"
HEAT_COLORS = ["#EEF4F8", "#9CC7E0", "#3D8FC0", "#0072B2", "#003A5C"]
ZERO = "datum.value == 0 ? '0' : datum.label"
DASHES = [[1, 0], [6, 3], [2, 2]]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
HEIGHT = 220
NO_MENU = {"embedOptions": {"actions": False, "renderer": "svg"}}

Rows = Sequence[dict[str, Any]]
Chart = alt.Chart | alt.LayerChart


def lines(rows: Rows, series: dict[str, str], description: str, number: str = ".0%", day: str = "starts_on") -> Chart:
    """Return a line for each of `series` (column: label) over days; `number` is a format of d3."""
    long = [
        {"day": f"{row[day]}T00:00:00", "from": _starts_on(row, day), "series": name, "value": row[column]}
        for row in rows
        for column, name in series.items()
        if row[column] is not None
    ]
    names = list(series.values())
    colors = alt.Scale(domain=names, range=[BLUE, GREY, VERMILION][: len(names)])
    chart = (
        alt.Chart(alt.Data(values=long))
        .mark_line(strokeWidth=2.5, point={"size": 28, "filled": True})
        .encode(
            x=_days(rows, day),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=number, tickCount=4), scale=alt.Scale(zero=True)),
            color=alt.Color("series:N", scale=colors, sort=names, legend=_legend("stroke")),
            strokeDash=alt.StrokeDash(
                "series:N", scale=alt.Scale(domain=names, range=DASHES[: len(names)]), sort=names
            ),
            tooltip=[_start_tooltip(), alt.Tooltip("series:N", title="series"), _value_tooltip(number)],
        )
    )
    return _styled(chart, description)


def bars(rows: Rows, series: dict[str, str], description: str, number: str = ",.0f", step: str = "week") -> Chart:
    """Return bars over days, weeks or months (`step`), stacked if there are several series."""
    long = [
        {
            "day": row["starts_on"].isoformat(),
            "from": _starts_on(row, "starts_on"),
            "is_complete": not row.get(INCOMPLETE),
            "series": name,
            "value": row[column],
            "order": order,
        }
        for row in rows
        for order, (column, name) in enumerate(series.items())
    ]
    names = list(series.values())
    width = {"band": 0.7}
    legend = _legend() if len(names) > 1 else None
    chart = (
        alt.Chart(alt.Data(values=long))
        .mark_bar(width=width, cornerRadiusEnd=2, stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("day:O", title=None, axis=_ordinal_days(long, step), sort="ascending"),
            y=alt.Y("value:Q", title=None, stack="zero", axis=alt.Axis(format="~s", tickCount=4, labelExpr=ZERO)),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=names, range=[BLUE, VERMILION, GREY][: len(names)]),
                sort=names,
                legend=legend,
            ),
            # Incomplete steps are pale; the note below the title lists them.
            opacity=alt.condition("datum.is_complete", alt.value(1), alt.value(0.5)),
            order="order:Q",
            tooltip=[_start_tooltip(), alt.Tooltip("series:N", title="series"), _value_tooltip(number)],
        )
    )
    return _styled(chart, description)


def horizontal_bars(  # noqa: PLR0913  a column for each part of a bar
    rows: Rows, name: str, value: str, text: str, description: str, color: str = BLUE
) -> Chart:
    """Return a bar for each row, in their order, with its name and `text` above it; fits the width of a phone."""
    data = [{"name": row[name], "value": row[value], "text": row[text]} for row in rows]
    order = [row["name"] for row in data]
    top = max([row["value"] for row in data] + [0]) or 1
    rows_apart = alt.Scale(paddingInner=0.62, paddingOuter=0.4, align=1)
    base = alt.Chart(alt.Data(values=data)).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=None, scale=rows_apart),
    )
    bar = base.mark_bar(color=color, cornerRadiusEnd=2).encode(
        x=alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domain=[0, top])),
        tooltip=[alt.Tooltip("name:N", title="name"), alt.Tooltip("text:N", title="value")],
    )
    label = base.mark_text(align="left", baseline="bottom", dy=-9, color=INK, fontSize=13, x=0).encode(text="label:N")
    label = label.transform_calculate(label="datum.name + '  ·  ' + datum.text")
    return _styled(bar + label, description, height=44 * len(data) + 12)


def week_heat_map(rows: Rows, value: str, description: str) -> Chart:
    """Return a heat map of weekdays and hours; hours without a row are zero."""
    known = {(row["day_of_week"], row["hour_of_day"]): row[value] for row in rows}
    data = [
        {"weekday": WEEKDAYS[day - 1], "hour": hour, "value": known.get((day, hour), 0)}
        for day in range(1, 8)
        for hour in range(24)
    ]
    chart = (
        alt.Chart(alt.Data(values=data))
        .mark_rect(stroke="white", strokeWidth=1)
        .encode(
            x=alt.X(
                "hour:O",
                title="hour of the day, UTC",
                axis=alt.Axis(values=list(range(0, 24, 3)), labelAngle=0, grid=False),
            ),
            y=alt.Y("weekday:O", sort=WEEKDAYS, title=None, axis=alt.Axis(grid=False)),
            color=alt.Color(
                "value:Q",
                scale=alt.Scale(range=HEAT_COLORS, domainMin=0),
                legend=alt.Legend(
                    title=None, orient="top", gradientLength=140, gradientThickness=8, tickCount=3, format="~s"
                ),
            ),
            tooltip=["weekday:N", "hour:O", _value_tooltip(",.0f")],
        )
    )
    return _styled(chart, description)


def step_curve(rows: Rows, x: str, y: str, description: str, x_title: str) -> Chart:
    """Return a step curve of shares (1 is all)."""
    data = [{"x": row[x], "y": row[y]} for row in rows]
    low = min([row["y"] for row in data] + [1.0])
    chart = (
        alt.Chart(alt.Data(values=data))
        .mark_line(interpolate="step-after", strokeWidth=2.5, color=BLUE, point={"size": 36, "color": BLUE})
        .encode(
            x=alt.X("x:Q", title=x_title, axis=alt.Axis(tickMinStep=1, format="d", grid=False)),
            y=alt.Y(
                "y:Q",
                title=None,
                axis=alt.Axis(format=".0%", tickCount=5),
                scale=alt.Scale(domain=[low - (1 - low) * 0.5 if low > 0.5 else 0.0, 1.0]),
            ),
            tooltip=[alt.Tooltip("x:Q", title="month"), alt.Tooltip("y:Q", title="still on the list", format=".1%")],
        )
    )
    return _styled(chart, description)


def _styled(chart: Chart, description: str, height: int = HEIGHT) -> Chart:
    return (
        chart.properties(width="container", height=height, background="transparent")
        .properties(description=description, usermeta=NO_MENU)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=INK, domainColor=RULE, tickColor=RULE, gridColor=RULE,
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelFont=FONT, titleFont=FONT,
        )
        .configure_legend(labelColor=INK, labelFontSize=12.5, labelFont=FONT, symbolStrokeWidth=2.5)
        .configure_text(font=FONT)
    )  # fmt: skip


FONT = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"


def _days(rows: Rows, day: str) -> alt.X:
    days = sorted({row[day] for row in rows})
    shown = [alt.DateTime(year=one.year, month=one.month, date=one.day) for one in days[:: max(1, -(-len(days) // 6))]]
    return alt.X("day:T", title=None, axis=alt.Axis(values=shown, format="%-d %b", grid=False, labelOverlap=True))


def _ordinal_days(long: Rows, step: str) -> alt.Axis:
    days = sorted({row["day"] for row in long})
    every = max(1, -(-len(days) // 6))
    return alt.Axis(
        values=days[::every], labelAngle=0, grid=False, labelOverlap=True,
        labelExpr=f"timeFormat(toDate(datum.value + 'T00:00:00'), '{'%b' if step == 'month' else '%-d %b'}')",
    )  # fmt: skip


def _legend(symbol: str = "square") -> alt.Legend:
    return alt.Legend(
        title=None,
        orient="top",
        direction="horizontal",
        columns=3,
        labelLimit=220,
        symbolType=symbol,
        symbolSize=400 if symbol == "stroke" else 90,
        columnPadding=8,
    )


def _starts_on(row: dict[str, Any], day: str) -> str:
    return step_label({INCOMPLETE: ""} | row, day)


def _start_tooltip() -> alt.Tooltip:
    return alt.Tooltip("from:N", title="from")


def _value_tooltip(number: str) -> alt.Tooltip:
    return alt.Tooltip("value:Q", title="value", format=number)
