"""The tables of docs/cost.md, each between its markers; no figure on that page is typed by hand."""

import csv
import re
from collections.abc import Callable, Iterable

from tools.cost.assumptions import Assumptions, table
from tools.cost.month import (
    BUILDS,
    GB,
    PRICES,
    Bill,
    Measured,
    Prices,
    Volume,
    bill,
    build_seconds,
    credits_of,
    seconds_of,
    with_every_test,
)

EVENTS = {"1 M": 1e6, "100 M": 1e8, "10 B": 1e10}
MONTHS = (1, 12)
WHOLE, OF_DAYS = (
    ("events", "messages", "base"),
    ("event_days", "message_days"),
)  # reads, as tests/tools/statements.py counts
LAST = MONTHS[-1]


def filled(page: str, prices: Prices, measured: Measured) -> str:
    """Return the page with every table written again."""
    for name, block in BLOCKS.items():
        page = _with_block(page, name, block(prices, measured))
    return page


def _with_block(page: str, name: str, text: str) -> str:
    """Return the page with a text between the markers of a block."""
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    page, found = marked.subn(lambda marks: f"{marks[1]}{text}\n{marks[2]}", page)
    if not found:
        raise ValueError(f"docs/cost.md has no markers {name!r}")
    return page


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]], numbers_from: int = 1) -> str:
    """Return a table; the columns from `numbers_from` on are aligned to the right."""
    head = list(head)
    ruler = "|".join("---:" if place >= numbers_from else "---" for place in range(len(head)))
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], f"|{ruler}|", *lines[1:]])


def usd(value: float) -> str:
    """Return dollars; what is less than a cent says so."""
    return "< 0.01" if 0 < value < 0.005 else f"{value:,.0f}" if value >= 1000 else f"{value:,.2f}"


def _bills(prices: Prices, measured: Measured) -> dict[tuple[str, int], Bill]:
    return {
        (name, month): bill(Volume(events, month, Assumptions(), measured), prices)
        for name, events in EVENTS.items()
        for month in MONTHS
    }


def answer(prices: Prices, measured: Measured) -> str:
    """Return the sums."""
    bills, limit = _bills(prices, measured), Assumptions().monthly_credits

    def row(label: str, of: Callable[[Bill, float], str]) -> list[str]:
        return [label, *(of(one, EVENTS[name]) for (name, _), one in bills.items())]

    snowflake = ("LOAD_WH", "TRANSFORM_WH", "REPORT_WH", "cloud services", "Snowflake tables", "time travel, fail-safe")
    return markdown(
        ["e-mail events a month", *(f"{name}, month {month}" for name, month in bills)],
        [
            row("**USD a month**", lambda one, _: f"**{usd(one.usd)}**"),
            row("of them Snowflake", lambda one, _: usd(sum(x.usd for x in one.lines if x.name in snowflake))),
            row("of them AWS", lambda one, _: usd(sum(x.usd for x in one.lines if x.name not in snowflake))),
            row("USD for 1 M events", lambda one, events: usd(one.usd / events * 1e6)),
            row("credits", lambda one, _: f"{one.credits:,.0f}"),
            row(f"the monitor's {limit:g} credits last", lambda one, _: _lasting(limit / one.credits)),
        ],
    )


def _lasting(months: float) -> str:
    return "all month" if months >= 1 else f"{months * Assumptions().days:,.1f} days"


def lines(prices: Prices, measured: Measured) -> str:
    """Return every line of every bill; the quantities are those of the last month."""
    bills = _bills(prices, measured)
    shown = [
        [line.name, *(usd(one.lines[place].usd) for one in bills.values())]
        for place, line in enumerate(bills["1 M", LAST].lines)
    ]
    return markdown(["USD a month", *(f"{name}, month {month}" for name, month in bills)], shown)


def quantities(prices: Prices, measured: Measured) -> str:
    """Return what the lines of the last month are counted from."""
    bills = {name: one for (name, month), one in _bills(prices, measured).items() if month == LAST}
    rows = [
        [line.name, *(one.lines[place].quantity for one in bills.values())]
        for place, line in enumerate(bills["1 M"].lines)
    ]
    return markdown([f"month {LAST}", *bills], rows, 9)


def fit(prices: Prices, measured: Measured) -> str:
    """Return whether a run ends before the next is due, and what it takes for that."""
    rows = []
    for (name, month), one in _bills(prices, measured).items():
        interval = 86400 / Assumptions().loads_per_day
        took = one.reading + one.seconds.load + one.seconds.build
        sizes = [size or "none is fast enough" for size in (one.load_size, one.build_size)]
        rows.append(
            [
                f"{name}, month {month}",
                f"{one.reading:,.0f}",
                f"{one.seconds.load:,.0f}",
                f"{one.seconds.build:,.0f}",
                "fits" if took <= interval and {*sizes} == {"XS"} else f"{took / interval:,.1f} x the interval",
                *sizes,
                f"{one.vcpu:g}",
            ]
        )
    head = ["", "reading s", "load s on XS", "build s on XS", "on XS", "LOAD_WH", "TRANSFORM_WH", "worker vCPU"]
    return markdown(head, rows)


def idle(prices: Prices, measured: Measured) -> str:
    """Return what runs with nothing new start, and what a month of such runs costs in credits, at a million events."""
    a, small = Assumptions(), Volume(1e6, LAST, Assumptions(), measured)
    asked = measured["idle_flow"]
    nightly, first = measured["statements"][BUILDS[1]]["warehouse"], measured["statements"][BUILDS[0]]["warehouse"]
    rest = a.loads_per_day - a.idle_builds
    starts = [
        ("LOAD_WH", a.loads_per_day, asked["LOAD_WH"], asked["LOAD_WH"] * a.statement_seconds),
        ("TRANSFORM_WH: the nightly build", 1, nightly + 1, build_seconds(small, BUILDS[1])),
        ("TRANSFORM_WH: the first of a new worker", a.idle_builds - 1, first + 1, build_seconds(small, BUILDS[0])),
        ("TRANSFORM_WH: all other runs", rest, asked["TRANSFORM_WH"], asked["TRANSFORM_WH"] * a.statement_seconds),
        ("REPORT_WH", a.loads_per_day, asked["REPORT_WH"], asked["REPORT_WH"] * a.statement_seconds),
    ]
    rows = []
    for name, runs, statements, seconds in starts:
        billed = max(60, seconds + a.suspend) if statements else 0
        credits = credits_of(runs * a.days, seconds, a.suspend, "XS") if statements else 0
        numbers = [f"{runs:g}", f"{statements}", f"{billed:,.0f}", f"{credits:,.1f}"]
        rows.append([name, *numbers, usd(credits * prices["snowflake_credit"])])
    head = ["nothing new", "runs a day", "statements that start it", "s billed a run", "credits a month", "USD"]
    return markdown(head, rows)


def dev(_: Prices, measured: Measured) -> str:
    """Return the credits of a month in dev, as estimated."""
    a, small = Assumptions(), Volume(1e6, LAST, Assumptions(), measured)
    runs, seconds = a.dev_runs * a.dev_days, seconds_of(small)
    used = {
        "LOAD_WH, every run with news": credits_of(runs, seconds.load, a.suspend, "XS"),
        "TRANSFORM_WH, every run with news": credits_of(runs, seconds.build, a.suspend, "XS"),
        "smoke runs, both warehouses": 2 * credits_of(a.smoke_runs, a.smoke_minutes * 60, a.suspend, "XS"),
    }
    rows = [[name, f"{credits:,.1f}"] for name, credits in used.items()]
    rows += [["sum", f"{sum(used.values()):,.1f}"], ["dev's resource monitor", f"{a.dev_credits:g}"]]
    return markdown(["dev, estimated", "credits a month"], rows)


def changes(prices: Prices, measured: Measured) -> str:
    """Return what the last month costs under other assumptions."""

    def costs(act: Callable[[Volume], Bill]) -> list[str]:
        return [_sized(act(Volume(events, LAST, Assumptions(), measured))) for events in EVENTS.values()]

    def every_test(v: Volume) -> Bill:
        return bill(Volume(v.events, v.month, v.assumptions, with_every_test(measured)), prices)

    rows = {
        "as deployed: every hour": lambda v: bill(v, prices),
        "every 15 minutes": lambda v: bill(v.under(loads_per_day=96), prices),
        "every 6 hours": lambda v: bill(v.under(loads_per_day=4), prices),
        "once a day": lambda v: bill(v.under(loads_per_day=1), prices),
        "a run takes twice the seconds": lambda v: bill(v, prices, seconds_of(v).times(2)),
        "a run takes half the seconds": lambda v: bill(v, prices, seconds_of(v).times(0.5)),
        "every run runs every test": every_test,
        "runs read two months of events, not two weeks": lambda v: bill(v.under(touched_days=61), prices),
        "no bucket key": lambda v: bill(v.under(kms_share=1), prices),
        "a fifth of the visits": lambda v: bill(v.under(reports=52), prices),
    }
    return markdown([f"month {LAST}, USD", *EVENTS], [[label, *costs(act)] for label, act in rows.items()])


def _sized(one: Bill) -> str:
    slow = "" if one.load_size and one.build_size else ", too slow"
    return f"{usd(one.usd)} ({one.load_size or '6XL'}, {one.build_size or '6XL'}{slow})"


def left_out(prices: Prices, measured: Measured) -> str:
    """Return the price of the way out of the worker's network, which is not in the sums."""
    rows = []
    for name, events in EVENTS.items():
        v = Volume(events, LAST, Assumptions(), measured)
        gb = (v.event_bytes + v.other_bytes) * v.runs / GB
        gateway = 730 * prices["nat_hour"]
        rows.append([name, usd(gateway), f"{gb:,.1f} GB", usd(gb * prices["nat_gb"])])
    return markdown(["events a month", "a NAT gateway", "lake files a month", "through it"], rows)


def listed_prices(prices: Prices, _: Measured) -> str:
    """Return the seed as a table."""
    with PRICES.open(newline="") as file:
        rows = [
            [row["price_name"], f"{prices[row['price_name']]:g}", row["per"], row["as_of"] or "memory", row["source"]]
            for row in csv.DictReader(file)
        ]
    return markdown(["price", "USD", "for a", "as of", "vendor's page"], rows, 9)


def assumed(_: Prices, __: Measured) -> str:
    """Return the assumptions with their reasons."""
    return markdown(["assumption", "value", "unit", "reason"], table(Assumptions()), 9)


def measurements(_: Prices, measured: Measured) -> str:
    """Return what was measured, and by which command."""
    scales = {name.removeprefix("scale_"): part for name, part in measured.items() if name.startswith("scale_")}
    columns = [_of_scale(scale) for scale in scales.values()]
    rows = [[label, *(column[label] for column in columns)] for label in columns[0]]
    first = markdown(["`python -m tools.cost.measure`", *(f"scale {name}" for name in scales)], rows)
    sent = [
        [
            step,
            *(f"{counts[kind]:,}" for kind in ("sent", "warehouse")),
            *("; ".join(f"{counts['reads'][kind]}" for kind in kinds) for kinds in (WHOLE, OF_DAYS)),
            "; ".join(f"{counts['reads_of_tests'][kind]}" for kind in WHOLE),
        ]
        for step, counts in measured["statements"].items()
    ]
    head = [
        "`pytest tests/tools/statements.py`",
        "statements",
        "need a warehouse",
        "whole reads",
        "reads of days",
        "whole reads by tests",
    ]
    return first + "\n\n" + markdown(head, sent)


def _of_scale(scale: Measured) -> dict[str, str]:
    first, day, tables = scale["first"], scale["day"], scale["tables"]
    per_contact = first["postgres"]["bytes"] / scale["postgres_rows"]["postgres_contacts"]
    small = day["saas"]["bytes"] - day["saas"]["event_bytes"] + day["postgres"]["bytes"]
    steps = [[scale[step][name] for name in ("postgres", "saas")] for step in ("first", "day", "idle")]

    def each(of: Callable[[Measured], int]) -> str:
        return "; ".join(str(sum(map(of, step))) for step in steps)

    def asked(*kinds: str) -> str:
        return each(lambda load: sum(load["requests"].get(kind, 0) for kind in kinds))

    return {
        "events: first load; a day": f"{first['events']:,}; {day['events']:,}",
        "lake's bytes of an event: first load; a day": "; ".join(
            f"{step['saas']['event_bytes'] / step['events']:.1f}" for step in (first, day)
        ),
        "lake's bytes of all else, of an event of a day": f"{small / day['events']:.1f}",
        "changed rows of Postgres, of an event of a day": f"{day['postgres']['rows'] / day['events']:.2f}",
        "first load's bytes of Postgres, of a contact": f"{per_contact:.0f}",
        "zstd Parquet's bytes of an event in RAW; in the fact; of a message": "; ".join(
            f"{table['bytes'] / table['rows']:.1f}" for table in tables.values()
        ),
        "messages of an event": f"{tables['messages']['rows'] / tables['raw']['rows']:.3f}",
        "files: first load; a day; nothing new": each(lambda load: load["files"]),
        "PUT and LIST: first load; a day; nothing new": asked("PUT", "LEASE", "LIST"),
        "GET and HEAD: first load; a day; nothing new": asked("GET", "HEAD"),
    }


BLOCKS: dict[str, Callable[[Prices, Measured], str]] = {
    "answer": answer,
    "lines": lines,
    "quantities": quantities,
    "fit": fit,
    "idle": idle,
    "dev": dev,
    "changes": changes,
    "left-out": left_out,
    "prices": listed_prices,
    "assumptions": assumed,
    "measurements": measurements,
}
