"""How much more the increment costs over more history: ratios of each round, their medians, and the bars.

Seconds of CPU are compared, not of time: whatever else the machine does takes time from both worlds. A model is judged
by the rows that it reads and handles, which differ between runs by at most some row groups, and by CPU only where that
grows by much and the rows grow, too.
"""

from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

Round = dict[str, dict[str, Any]]  # figures of one round by world: "1x", "10x"

SMALL_ROWS = 20_000  # rows below which a node is not judged, in the larger world
SMALL_CPU = 0.25  # seconds by which CPU has to grow before it is judged
SAME = 1.01  # ratio up to which a node handles the same rows: CPU that differs is the machine's
BARS = {
    "load_ratio": 1.2,
    "dbt_cpu_ratio": 1.2,
    "models_cpu_ratio": 1.2,
    "rows_read_ratio": 1.1,
    "worst_model_ratio": 1.3,
}
SMALL = "1x"


def summarize(rounds: list[Round], large: str) -> dict[str, Any]:
    """Return ratios, bars and medians; the names of ratios end in the larger world's, e.g. load_ratio_10x."""
    models = {name: model(rounds, large, name) for name in _names(rounds, is_model)}
    judged = {name: found["ratio"] for name, found in models.items() if found["ratio"] is not None}
    worst = max(judged, key=lambda name: judged[name], default=None)
    found: dict[str, float | None] = {
        "load_ratio": _ratio(rounds, large, lambda world: world["load"]["cpu_seconds"]),
        "load_seconds_ratio": _ratio(rounds, large, lambda world: world["load"]["seconds"]),
        "load_rows_read_ratio": _ratio(rounds, large, lambda world: world["load"]["statements"]["rows_read"]),
        "dbt_cpu_ratio": _ratio(rounds, large, lambda world: world["dbt"]["cpu_seconds"]),
        "dbt_seconds_ratio": _ratio(rounds, large, lambda world: world["dbt"]["seconds"]),
        "models_cpu_ratio": _ratio(rounds, large, lambda world: nodes_total(world, "cpu_seconds", is_model)),
        "models_rows_read_ratio": _ratio(rounds, large, lambda world: nodes_total(world, "rows_read", is_model)),
        "tests_rows_read_ratio": _ratio(rounds, large, lambda world: nodes_total(world, "rows_read", is_test)),
        "rows_read_ratio": _ratio(rounds, large, rows_read),
        "bytes_read_ratio": _ratio(rounds, large, bytes_read),
        "worst_model_ratio": judged[worst] if worst else None,
    }
    return {
        **{_named(name, large): value for name, value in found.items()},
        "worst_model": worst,
        "bars": {
            _named(name, large): {
                "bar": f"<= {bar}",
                "is_met": None if (value := found[name]) is None else value <= bar,
            }
            for name, bar in BARS.items()
        },
        "load": {world: _medians([one[world]["load"] for one in rounds]) for world in (SMALL, large)},
        "dbt": {world: _medians([one[world]["dbt"] for one in rounds]) for world in (SMALL, large)},
        "models": models,
        "tests": {name: model(rounds, large, name) for name in _names(rounds, is_test)},
    }


def model(rounds: list[Round], large: str, name: str) -> dict[str, Any]:
    """Return a node's figures in both worlds, its ratios, and the one that it is judged by (None: too small)."""
    figures = {world: _medians([node(one[world], name) for one in rounds]) for world in (SMALL, large)}
    ratio = {
        field: _ratio(rounds, large, lambda world, field=field: node(world, name)[field])
        for field in ("rows_read", "rows_handled", "cpu_seconds")
    }
    small = figures[SMALL]["cpu_seconds"]
    is_judged = {field: figures[large][field] >= SMALL_ROWS for field in ("rows_read", "rows_handled")}
    grows = any((ratio[field] or 0) > SAME for field in ("rows_read", "rows_handled"))
    is_judged["cpu_seconds"] = grows and figures[large]["cpu_seconds"] - small >= SMALL_CPU
    judged = [value for field, value in ratio.items() if value is not None and is_judged[field]]
    return {
        **figures,
        "rows_ratio": ratio["rows_read"],
        "handled_ratio": ratio["rows_handled"],
        "cpu_ratio": ratio["cpu_seconds"],
        "ratio": max(judged, default=None),
    }


def node(world: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the figures of a node; one that ran no statement has read nothing."""
    nothing = {"seconds": 0.0, "cpu_seconds": 0.0, "rows_read": 0, "rows_handled": 0, "bytes_read": 0}
    return world["nodes"].get(name, nothing)


def rows_read(world: dict[str, Any]) -> int:
    """Return the rows that the load and every node of the build have read."""
    return world["load"]["statements"]["rows_read"] + nodes_total(world, "rows_read", lambda _: True)


def bytes_read(world: dict[str, Any]) -> int:
    """Return the bytes that the load and every node of the build have read from disk."""
    return world["load"]["statements"]["bytes_read"] + nodes_total(world, "bytes_read", lambda _: True)


def nodes_total(world: dict[str, Any], field: str, is_meant: Callable[[str], bool]) -> Any:
    """Return the sum of a figure over nodes."""
    return sum(figures[field] for name, figures in world["nodes"].items() if is_meant(name))


def is_model(name: str) -> bool:
    """Return whether a node writes a table: a model, a snapshot or a seed."""
    return name.split(".", maxsplit=1)[0] in ("model", "snapshot", "seed")


def is_test(name: str) -> bool:
    """Return whether a node is a test."""
    return name.startswith("test.")


def _names(rounds: list[Round], is_meant: Callable[[str], bool]) -> list[str]:
    found = {name for one in rounds for world in one.values() for name in world["nodes"] if is_meant(name)}
    return sorted(found)


def _ratio(rounds: list[Round], large: str, figure: Callable[..., float]) -> float | None:
    found = [figure(one[large]) / below for one in rounds if (below := figure(one[SMALL]))]
    return median(found) if found else None


def _medians(figures: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Return the medians of the numbers in figures, those of `statements` included."""
    flat = [{**figure, **figure.get("statements", {})} | {"cpu_seconds": figure["cpu_seconds"]} for figure in figures]
    numbers = [name for name, value in flat[0].items() if isinstance(value, int | float)]
    return {name: median(figure[name] for figure in flat) for name in numbers}


def _named(name: str, large: str) -> str:
    return "worst_model_ratio" if name == "worst_model_ratio" else f"{name}_{large}"
