"""What a kill test needs to know of a pipeline: how to load, what to change, what must be equal."""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Pairs = Iterable[tuple[Any, Any]]
WORKING = "dlt"  # the working folder of the machine that a run is on, below a world


@dataclass
class Subject:
    """A pipeline to test. `world` is the folder with everything of one scenario; `dlt` in it is the machine's.

    Args:
        name: e.g. "postgres/ci".
        load: does one run, in a process of its own.
        check: yields (table, source, loaded), both as pairs (key, row), which must be equal.
        prepare: makes a new world at turn 0, and changes the sources a little at each later turn, a number that is
            never repeated in a scenario.
        examine: yields a line for every other invariant that is violated.
        cursors: returns the saved cursors by name; none may decrease.
        environment: the variables of a run.
        faults: by name, a function of the world that returns a context manager around one run; it gives a function to
            call at a boundary, or None.
        load_faults: the names of the faults that affect loading, not reading.
        names: of the ports that the load connects to: a connection is a boundary.
        within: the phases in which it is killed; empty: all.
        kills_per_scenario: how many.
        max_scenarios: None: no limit.
    """

    name: str
    load: Callable[[], object]
    check: Callable[[Path], Iterable[tuple[str, Pairs, Pairs]]]
    prepare: Callable[[Path, int], object] = lambda world, turn: None
    examine: Callable[[Path], Iterable[str]] = lambda world: ()
    cursors: Callable[[Path], Mapping[str, Any]] = lambda world: {}
    environment: Callable[[Path], Mapping[str, str]] = lambda world: {}
    faults: Mapping[str, Callable[[Path], AbstractContextManager]] = field(default_factory=dict)
    load_faults: tuple[str, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    kills_per_scenario: int = 5
    max_scenarios: int | None = None

    def variables(self, world: Path) -> dict[str, str]:
        """Return the environment of a run: dlt's working folder is below the world, where a scenario moves it away."""
        folder = str(world / WORKING)
        return {"DLT_DATA_DIR": folder, "CRASH_WORLD": str(world), **self.environment(world)}


@dataclass
class Difference:
    """How source and warehouse differ: rows that are missing or differ, and rows that were loaded too often."""

    lost: int = 0
    doubled: int = 0
    lines: list[str] = field(default_factory=list)


def compare(tables: Iterable[tuple[str, Pairs, Pairs]]) -> Difference:
    """Compare each table's source and loaded rows by value."""
    difference = Difference()
    for table, source, loaded in tables:
        expected, found = dict(source), {}
        extra = []
        for key, row in loaded:
            if key in found or key not in expected:
                extra.append((key, row))
            found[key] = row
        missing = [(key, row, found.get(key)) for key, row in expected.items() if found.get(key) != row]
        difference.lost += len(missing)
        difference.doubled += len(extra)
        difference.lines += [f"{table} {key}: {_first_difference(row, other)}" for key, row, other in missing[:3]]
        difference.lines += [f"{table} {key}: loaded once too often: {str(row)[:200]}" for key, row in extra[:3]]
        if missing or extra:
            difference.lines.append(f"{table}: {len(missing)} lost, {len(extra)} doubled of {len(expected)}")
    return difference


def _first_difference(row: Any, other: Any) -> str:
    """Return how two rows differ."""
    if other is None:
        return f"missing: {str(row)[:200]}"
    if isinstance(row, dict) and isinstance(other, dict):
        names = [name for name in {**row, **other} if row.get(name) != other.get(name)]
        return "; ".join(f"{name}: source {row.get(name)!r}, loaded {other.get(name)!r}" for name in names)
    if isinstance(row, tuple) and isinstance(other, tuple) and len(row) == len(other):
        return "; ".join(
            f"column {n}: source {a!r}, loaded {b!r}" for n, (a, b) in enumerate(zip(row, other, strict=True)) if a != b
        )
    return f"source {str(row)[:200]}, loaded {str(other)[:200]}"


def import_function(place: str) -> Callable:
    """Return the function that "module:name" names; modules are found from the current folder, too."""
    module, _, name = place.partition(":")
    if not name:
        sys.exit(f"✗ {place!r} names no function: write it as module:function, e.g. my_pipeline:load.")
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        return getattr(importlib.import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as error:
        sys.exit(f"✗ {place}: {error}; run the kill test from the folder in which `import {module}` works.")
