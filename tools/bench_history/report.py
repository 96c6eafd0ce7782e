"""The tables of the last bench of history: `python -m tools.bench_history.report [--write docs/speed.md]`."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from tools.bench_history.ratios import BARS, SMALL, SMALL_ROWS

LATEST = Path(".data/bench/history.json")
TEST = "test "
HEAD = ("figure", "1 x", "{large}", "ratio", "bar", "met")
MODEL_HEAD = (
    *("node", "rows read 1 x", "rows read {large}", "ratio", "rows handled: ratio"),
    *("CPU s 1 x", "CPU s {large}", "judged by", "met"),
)


def large_of(result: dict[str, Any]) -> str:
    """Return the name of the larger world, e.g. 10x."""
    return f"{result['history']}x"


def table(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the rows of the summary, its head first."""
    large = large_of(result)
    load, dbt, models = result["load"], result["dbt"], result["models"]
    worst = result["worst_model"]
    rows = [
        _row(result, "load: CPU seconds of the process", "load_ratio", load, "cpu_seconds", "{:.1f}"),
        _row(result, "load: seconds", "load_seconds_ratio", load, "seconds", "{:.1f}"),
        _row(result, "load: rows read", "load_rows_read_ratio", load, "rows_read", "{:,.0f}"),
        _row(result, "dbt build: CPU seconds of the process", "dbt_cpu_ratio", dbt, "cpu_seconds", "{:.1f}"),
        _row(result, "dbt build: seconds", "dbt_seconds_ratio", dbt, "seconds", "{:.1f}"),
        _row(result, "models: CPU seconds in DuckDB", "models_cpu_ratio", _sum(models, "cpu_seconds", large),
             "cpu_seconds", "{:.2f}"),
        _row(result, "models: rows read", "models_rows_read_ratio", _sum(models, "rows_read", large), "rows_read",
             "{:,.0f}"),
        _row(result, "tests: rows read", "tests_rows_read_ratio", _sum(result["tests"], "rows_read", large),
             "rows_read", "{:,.0f}"),
        ("load and build: rows read", "", "", _shown(result[f"rows_read_ratio_{large}"]),
         *_bar(result, f"rows_read_ratio_{large}")),
        (f"worst model: {_short(worst) if worst else 'none is large enough'}", "", "",
         _shown(result["worst_model_ratio"]), *_bar(result, "worst_model_ratio")),
    ]  # fmt: skip
    return [tuple(cell.format(large=_times(large)) for cell in HEAD), *rows]


def node_table(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each model that has a ratio, and for each test above a model's bar, most rows first."""
    large = large_of(result)
    found = {
        _short(name): node
        for kind in ("models", "tests")
        for name, node in result[kind].items()
        if node["ratio"] is not None and (kind == "models" or node["ratio"] > BARS["worst_model_ratio"])
    }
    ordered = sorted(found.items(), key=lambda item: -item[1][large]["rows_read"])
    rows = [(name, *_node_cells(node, large, is_model=not name.startswith(TEST))) for name, node in ordered]
    return [tuple(cell.format(large=_times(large)) for cell in MODEL_HEAD), *rows]


def _node_cells(node: dict[str, Any], large: str, *, is_model: bool) -> tuple[str, ...]:
    is_met = node["ratio"] <= BARS["worst_model_ratio"]
    return (
        *(f"{node[world]['rows_read']:,.0f}" for world in (SMALL, large)),
        _shown(node["rows_ratio"]),
        _shown(node["handled_ratio"]),
        *(f"{node[world]['cpu_seconds']:.2f}" for world in (SMALL, large)),
        _shown(node["ratio"]),
        ("✓" if is_met else "✗") if is_model else "",
    )


def notes(result: dict[str, Any]) -> list[str]:
    """Return the notes below the tables: what was measured, on what."""
    machine, large = result["machine"], large_of(result)
    small = sum(node["ratio"] is None for kind in ("models", "tests") for node in result[kind].values())
    loads = ", ".join(f"{load[0]:.1f}" for load in result["load_averages"])
    known = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return [
        f"{result['events'][SMALL]:,} and {result['events'][large]:,} events of history; the increment sends"
        f" {result['increment']['sent']:,} events, {result['increment']['new']:,} of them new; median of"
        f" {result['rounds']} interleaved round(s), ratios within a round; measured {result['measured_at']} at commit"
        f" {result['commit']}{', nodes ' + chosen if (chosen := result.get('select')) else ''}.",
        f"{small} further models and tests handle fewer than {SMALL_ROWS:,} rows in the larger world: no bar is set for"
        " them. Of the others, tests are listed where they are above a model's bar.",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']};"
        f" load average before the rounds {loads}; {known}.",
    ]


def as_text(result: dict[str, Any]) -> str:
    """Return tables and notes for a terminal."""
    lines = []
    for rows in (table(result), node_table(result)):
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        lines += [
            "  ".join(
                [row[0].ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(row[1:], widths[1:], strict=True))]
            )
            for row in rows
        ] + [""]
    return "\n".join([*(line.rstrip() for line in lines), *notes(result)])


def as_markdown(result: dict[str, Any]) -> str:
    """Return tables and notes for a page."""
    lines = []
    for head, *rows in (table(result), node_table(result)):
        lines += ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        lines.append("")
    return "\n".join([*lines, *(f"- {note}" for note in notes(result))])


def write(page: Path, result: dict[str, Any]) -> None:
    """Put the tables between the page's markers."""
    text = page.read_text()
    new = re.sub(
        r"(<!-- history -->\n).*?(<!-- /history -->)", lambda found: found[1] + as_markdown(result) + "\n" + found[2],
        text, flags=re.DOTALL,
    )  # fmt: skip
    page.write_text(new)


def _row(
    result: dict[str, Any], label: str, name: str, figures: dict[str, dict[str, float]], field: str, shape: str
) -> tuple[str, ...]:
    large = large_of(result)
    cells = [shape.format(figures[world][field]) for world in (SMALL, large)]
    return label, *cells, _shown(result[f"{name}_{large}"]), *_bar(result, f"{name}_{large}")


def _sum(nodes: dict[str, dict[str, Any]], field: str, large: str) -> dict[str, dict[str, float]]:
    return {world: {field: sum(node[world][field] for node in nodes.values())} for world in (SMALL, large)}


def _short(name: str) -> str:
    """Return a node's name without its project, and without the number behind a test's."""
    kind, _, rest = name.split(".", 2)
    return rest.split(".")[0] if kind != "test" else f"{TEST}{rest.split('.')[0]}"


def _times(large: str) -> str:
    return large.replace("x", " x")


def _shown(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _bar(result: dict[str, Any], name: str) -> tuple[str, str]:
    bar = result["bars"].get(name)
    if not bar:
        return "", ""
    return bar["bar"].replace("<=", "≤"), {True: "✓", False: "✗", None: ""}[bar["is_met"]]


def main() -> None:
    """Print the last bench's tables, or write them into a page."""
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
