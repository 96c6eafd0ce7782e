"""The table of a bench: `python -m tools.bench.report [--write docs/speed.md]` reads the last one."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

LATEST = Path(".data/bench/latest.json")
HEAD = ("figure", "seconds", "rows/s", "MB/s", "peak MB", "ratio", "bar", "met")
# What is shown, the figure it comes from, the ratio beside it.
FIGURES = (
    ("the floor: binary COPY, thrown away", "floor", None),
    ("ours: source → lake → RAW", "ours", "ours_over_floor"),
    ("ours (load alone)", "ours", None),
    ("Parquet only: DuckDB's scanner, 2 streams", "engine_duckdb", "engine_duckdb_over_floor"),
    ("Parquet only: connectorx, a stream", "engine_connectorx", "engine_connectorx_over_floor"),
    ("Parquet only: ADBC, 2 streams", "engine_adbc", "engine_adbc_over_floor"),
    ("dlt, connectorx", "dlt_connectorx", "dlt_connectorx_over_ours"),
    ("Sling", "sling", "sling_over_ours"),
    ("dlt, pyarrow", "dlt_pyarrow", "dlt_pyarrow_over_ours"),
    ("dlt as it comes (scaled)", "dlt_default", "dlt_default_over_ours"),
    ("1 % changed", "incremental", "incremental_over_full_process"),
    ("1 % changed (load alone)", "incremental", "incremental_over_full"),
    ("1 % changed, no sweep (load alone)", "incremental_without_sweep", "incremental_without_sweep_over_full"),
    ("nothing new", "nothing_new", "nothing_new_over_full_process"),
    ("nothing new (load alone)", "nothing_new", "nothing_new_over_full"),
    ("nothing new, no sweep (load alone)", "nothing_new_without_sweep", "nothing_new_without_sweep_over_full"),
    ("wide: the floor", "floor_wide", None),
    ("wide: ours, 200 columns", "ours_wide", "wide_over_floor"),
    ("narrow: the floor", "floor_narrow", None),
    ("narrow: ours, 3 columns", "ours_narrow", "narrow_over_floor"),
    ("JSON: the floor", "floor_json_heavy", None),
    ("JSON: ours, 1-2 KB a row", "ours_json_heavy", "json_heavy_over_floor"),
    ("1 table of 5,000 rows, first load", "small_whole_first", None),
    ("100 tables of 50 rows, first load", "small_many_first", "small_tables_first_ratio"),
    ("1 table of 5,000 rows, nothing new", "small_whole_nothing_new", None),
    ("100 tables of 50 rows, nothing new", "small_many_nothing_new", "small_tables_nothing_new_ratio"),
    ("10 x the rows: the floor (once)", "floor_10x", None),
    ("10 x the rows: ours (once)", "ours_10x", "ours_10x_over_floor"),
    ("sweep of all keys, streamed (once)", "sweep", None),
    ("sweep of all keys by digests (once)", "sweep_digests", "sweep_digests_over_streams"),
    ("sweep, 1 % deleted, streamed (once)", "sweep_deleted", None),
    ("sweep, 1 % deleted, by digests (once)", "sweep_digests_deleted", "sweep_digests_deleted_over_streams"),
    ("dbt build, full", "dbt_full", None),
    ("dbt build, unchanged", "dbt_unchanged", "dbt_unchanged_over_full"),
)
SHARES = (
    ("10 x the rows over 1 x: seconds", "seconds_10x_over_1x", "{:.1f}"),
    ("ours: peak MB", "peak_mb", "{:,.0f}"),
    ("ours, 10 x the rows: peak MB", "peak_mb_10x", "{:,.0f}"),
    ("API: share of the permitted rate", "api_rate_used", "{:.1%}"),
    ("API: share of requests refused", "api_refused_share", "{:.2%}"),
)


def table(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the rows of the table below HEAD, without what was not measured."""
    rows = [_figure(result, *parts) for parts in FIGURES if parts[1] in result["medians"]]
    for label, name, shape in SHARES:
        if result.get(name) is not None:
            speed = f"{result['medians']['api']['events_per_second']:,.0f}" if name == "api_rate_used" else ""
            rows.append((label, "", speed, "", "", shape.format(result[name]), *_bar(result, name)))
    return rows


def notes(result: dict[str, Any]) -> list[str]:
    """Return the notes below the table: the machine, the method, what was left out."""
    machine, versions = result["machine"], result["versions"]
    few = result["medians"].get("dlt_default")
    loads = ", ".join(f"{load[0]:.1f}" for load in result["load_averages"])
    known = ", ".join(f"{name} {number}" for name, number in versions.items() if name != "peers")
    theirs = ", ".join(f"{name} {number}" for name, number in versions["peers"].items())
    return [
        f"{result['rows']:,} rows of 14 columns; median of {result['rounds']} interleaved round(s), ratios within a"
        f" round; measured {result['measured_at']} at commit {result['commit']}.",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']};"
        f" load average before the rounds {loads}.",
        f"{known}; peers: {theirs or 'not installed'}.",
        "Seconds are those of the whole process with its imports, the floor's those of the COPY alone; where it says"
        " “load alone”, those of the load without imports, in the ratio on both sides.",
        *([f"dlt as it comes read {few['measured_rows']:,.0f} rows, scaled to all."] if few else []),
        *(["The bars are set for 3,000,000 rows."] if result["rows"] != 3_000_000 else []),
        *(f"Left out: {part}: {reason}." for part, reason in result["left_out"].items()),
    ]


def as_text(result: dict[str, Any]) -> str:
    """Return table and notes for a terminal."""
    rows = [HEAD, *table(result)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join([*(line.rstrip() for line in lines), "", *notes(result)])


def as_markdown(result: dict[str, Any]) -> str:
    """Return table and notes for a page."""
    head = ["| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * (len(HEAD) - 1)]
    rows = ["| " + " | ".join(row) + " |" for row in table(result)]
    return "\n".join([*head, *rows, "", *(f"- {note}" for note in notes(result))])


def write(page: Path, result: dict[str, Any]) -> None:
    """Put the table between the page's markers."""
    text = page.read_text()
    new = re.sub(
        r"(<!-- table -->\n).*?(<!-- /table -->)", lambda found: found[1] + as_markdown(result) + "\n" + found[2], text,
        flags=re.DOTALL,
    )  # fmt: skip
    page.write_text(new)


def _figure(result: dict[str, Any], label: str, name: str, ratio: str | None) -> tuple[str, ...]:
    figure = result["medians"][name]
    seconds = figure["load_seconds" if "load alone" in label else "seconds"]
    size = result["medians"].get(name.replace("ours", "floor", 1), {}).get("bytes")
    return (
        label,
        f"{seconds:,.1f}",
        f"{figure['rows'] / seconds:,.0f}" if figure.get("rows") else "",
        f"{size / 1e6 / seconds:,.0f}" if size else "",
        f"{figure['peak_mb']:,.0f}" if "peak_mb" in figure else "",
        _ratio(result, ratio),
        *_bar(result, ratio),
    )


def _ratio(result: dict[str, Any], name: str | None) -> str:
    """Return a ratio with what it is a multiple of, e.g. `1.62 x floor`; "" if it was not measured."""
    value = result.get(name) if name else None
    if name is None or value is None:
        return ""
    below = name.partition("_over_")[2].partition("_")[0] or "1 table"
    return f"{value:,.{_digits(value)}f} x {below}"


def _digits(value: float) -> int:
    return 0 if value >= 100 else 1 if value >= 10 else 2


def _bar(result: dict[str, Any], name: str | None) -> tuple[str, str]:
    bar = result["bars"].get(name)
    if not bar:
        return "", ""
    return bar["bar"].replace("<=", "≤").replace(">=", "≥"), {True: "✓", False: "✗", None: ""}[bar["is_met"]]


def main() -> None:
    """Print the last bench's table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="numbers", type=Path, default=LATEST)
    parser.add_argument("--write", type=Path, help="the page with the markers")
    chosen = parser.parse_args()
    result = json.loads(chosen.numbers.read_text())
    if chosen.write:
        write(chosen.write, result)
    else:
        print(as_text(result))


if __name__ == "__main__":
    main()
