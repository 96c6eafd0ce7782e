"""Ratios from the seconds of each round, and the thresholds of some of them."""

import operator
from statistics import median
from typing import Any

Rounds = dict[str, list[dict[str, Any]]]

# name: (figure, field, figure below it). Seconds are those of the whole process; `load_seconds` leave the imports out.
RATIOS = {
    "ours_over_floor": ("ours", "seconds", "floor"),
    "sling_over_ours": ("sling", "seconds", "ours"),
    "dlt_connectorx_over_ours": ("dlt_connectorx", "seconds", "ours"),
    "dlt_pyarrow_over_ours": ("dlt_pyarrow", "seconds", "ours"),
    "dlt_default_over_ours": ("dlt_default", "seconds", "ours"),
    "engine_duckdb_over_floor": ("engine_duckdb", "seconds", "floor"),
    "engine_connectorx_over_floor": ("engine_connectorx", "seconds", "floor"),
    "engine_adbc_over_floor": ("engine_adbc", "seconds", "floor"),
    "incremental_over_full": ("incremental", "load_seconds", "ours"),
    "incremental_without_sweep_over_full": ("incremental_without_sweep", "load_seconds", "ours"),
    "nothing_new_over_full": ("nothing_new", "load_seconds", "ours"),
    "nothing_new_without_sweep_over_full": ("nothing_new_without_sweep", "load_seconds", "ours"),
    "incremental_over_full_process": ("incremental", "seconds", "ours"),
    "nothing_new_over_full_process": ("nothing_new", "seconds", "ours"),
    "wide_over_floor": ("ours_wide", "seconds", "floor_wide"),
    "narrow_over_floor": ("ours_narrow", "seconds", "floor_narrow"),
    "json_heavy_over_floor": ("ours_json_heavy", "seconds", "floor_json_heavy"),
    "ours_10x_over_floor": ("ours_10x", "seconds", "floor_10x"),
    "small_tables_first_ratio": ("small_many_first", "seconds", "small_whole_first"),
    "small_tables_nothing_new_ratio": ("small_many_nothing_new", "seconds", "small_whole_nothing_new"),
    "sweep_digests_over_streams": ("sweep_digests", "cpu_seconds", "sweep"),
    "sweep_digests_deleted_over_streams": ("sweep_digests_deleted", "cpu_seconds", "sweep_deleted"),
    "dbt_unchanged_over_full": ("dbt_unchanged", "seconds", "dbt_full"),
}
# Most hold for 3,000,000 rows: with fewer, imports and what a load costs at least weigh more.
BARS = {
    "ours_over_floor": ("<=", 1.8),
    "sling_over_ours": (">=", 6),
    "dlt_pyarrow_over_ours": (">=", 11),
    "dlt_default_over_ours": (">=", 150),
    "incremental_over_full": ("<=", 0.10),
    "small_tables_first_ratio": ("<=", 3),
    "small_tables_nothing_new_ratio": ("<=", 2),
    "peak_mb": ("<=", 400),
    "peak_mb_10x": ("<=", 400),
    "api_rate_used": (">=", 0.95),
    "api_refused_share": ("<", 0.01),
}
COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}


def ratios(runs: Rounds) -> dict[str, float | None]:
    """Return every figure by its name, None where it was not measured.

    A ratio is taken within each round; the median of the rounds is returned. Memory is the largest of the rounds.
    """
    found = {name: _ratio(runs, *parts) for name, parts in RATIOS.items()}
    found["peak_mb"] = _most(runs.get("ours"))
    found["peak_mb_10x"] = _most(runs.get("ours_10x"))
    found["seconds_10x_over_1x"] = _over(_single(runs, "ours_10x"), _single(runs, "ours"))
    for name, field in (("api_rate_used", "api_rate_used"), ("api_refused_share", "refused_share")):
        found[name] = median(run[field] for run in runs["api"]) if runs.get("api") else None
    return found


def judge(found: dict[str, float | None]) -> dict[str, dict[str, Any]]:
    """Return for each bar {"bar": "<= 1.8", "is_met": whether; None where it was not measured}."""
    return {
        name: {
            "bar": f"{sign} {bar}",
            "is_met": None if (value := found.get(name)) is None else COMPARE[sign](value, bar),
        }
        for name, (sign, bar) in BARS.items()
    }


def medians(runs: Rounds) -> dict[str, dict[str, float]]:
    """Return for each figure the median of each number over the rounds."""
    return {
        name: {
            field: median(run[field] for run in rounds)
            for field, value in rounds[0].items()
            if field != "round" and isinstance(value, int | float)
        }
        for name, rounds in runs.items()
    }


def _ratio(runs: Rounds, above: str, field: str, below: str) -> float | None:
    bottoms = {run["round"]: run for run in runs.get(below, ())}
    found = [run[field] / bottoms[run["round"]][field] for run in runs.get(above, ()) if run["round"] in bottoms]
    return median(found) if found else None


def _single(runs: Rounds, name: str) -> float | None:
    return median(run["seconds"] for run in runs[name]) if runs.get(name) else None


def _over(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _most(rounds: list[dict[str, Any]] | None) -> float | None:
    return max(run["peak_mb"] for run in rounds) if rounds else None
