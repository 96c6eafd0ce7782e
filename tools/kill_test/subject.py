"""What the bench must know of a pipeline to put it under fire: how to load, what to change, what must be equal."""

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
    """A pipeline under fire; `world` is always the folder that holds everything of one story but `dlt`, the machine's.

    load: one run, called in a process of its own.
    check: yields (table, source, landed): both sides as pairs (key, row); equal sides are what the bench demands.
    prepare: makes a new, empty world for turn 0, and one small change to the sources for each later turn, a number
        that never comes twice in a story.
    examine: yields a line for every other promise that is broken.
    cursors: returns the saved cursors by name; none may ever fall.
    faults: by name, what makes the world hard for one run: a function of the world that returns a context manager,
        which gives a function to call at a boundary, or None. landing: the names of those that are felt while the rows
        land, not while the source is read.
    names: of the ports that the load connects to, so that a connection is a boundary.
    within: the phases in which it is struck; none means all. strikes: in one story. stories: how many at most.
    """

    name: str
    load: Callable[[], object]
    check: Callable[[Path], Iterable[tuple[str, Pairs, Pairs]]]
    prepare: Callable[[Path, int], object] = lambda world, turn: None
    examine: Callable[[Path], Iterable[str]] = lambda world: ()
    cursors: Callable[[Path], Mapping[str, Any]] = lambda world: {}
    environment: Callable[[Path], Mapping[str, str]] = lambda world: {}
    faults: Mapping[str, Callable[[Path], AbstractContextManager]] = field(default_factory=dict)
    landing: tuple[str, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    strikes: int = 5
    stories: int | None = None

    def variables(self, world: Path) -> dict[str, str]:
        """Return the environment of a run: dlt's working folder is below the world, so that it can be taken away."""
        folder = str(world / WORKING)
        return {"DLT_DATA_DIR": folder, "CRASH_WORLD": str(world), **self.environment(world)}


@dataclass
class Difference:
    """How two sides differ: source rows that did not land as they are, rows that landed too often or for nothing."""

    lost: int = 0
    doubled: int = 0
    lines: list[str] = field(default_factory=list)


def compare(tables: Iterable[tuple[str, Pairs, Pairs]]) -> Difference:
    """Compare each table's two sides by value."""
    difference = Difference()
    for table, source, landed in tables:
        expected, found = dict(source), {}
        extra = []
        for key, row in landed:
            if key in found or key not in expected:
                extra.append((key, row))
            found[key] = row
        missing = [(key, row, found.get(key)) for key, row in expected.items() if found.get(key) != row]
        difference.lost += len(missing)
        difference.doubled += len(extra)
        difference.lines += [f"{table} {key}: {_first(row, other)}" for key, row, other in missing[:3]]
        difference.lines += [f"{table} {key}: landed once too often: {str(row)[:200]}" for key, row in extra[:3]]
        if missing or extra:
            difference.lines.append(f"{table}: {len(missing)} lost, {len(extra)} doubled of {len(expected)}")
    return difference


def _first(row: Any, other: Any) -> str:
    """Say in what two rows differ first."""
    if other is None:
        return f"missing: {str(row)[:200]}"
    if isinstance(row, dict) and isinstance(other, dict):
        names = [name for name in {**row, **other} if row.get(name) != other.get(name)]
        return "; ".join(f"{name}: source {row.get(name)!r}, landed {other.get(name)!r}" for name in names)
    if isinstance(row, tuple) and isinstance(other, tuple) and len(row) == len(other):
        return "; ".join(
            f"column {n}: source {a!r}, landed {b!r}" for n, (a, b) in enumerate(zip(row, other, strict=True)) if a != b
        )
    return f"source {str(row)[:200]}, landed {str(other)[:200]}"


def named(place: str) -> Callable:
    """Return the function that "module:name" names; modules are found from the current folder, too."""
    module, _, name = place.partition(":")
    if not name:
        sys.exit(f"✗ {place!r} names no function: write it as module:function, e.g. my_pipeline:load.")
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        return getattr(importlib.import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as error:
        sys.exit(f"✗ {place}: {error}; run the bench from the folder in which `import {module}` works.")
