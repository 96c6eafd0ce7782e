"""A small pipeline of the kill test, one table appended to and one replaced, through the same runner as the sources."""

import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import dlt

from pipelines.command import run
from pipelines.loading import load as load_source

FILE = "readings.jsonl"


@dlt.source(name="readings", max_table_nesting=0)
def readings() -> tuple[dlt.sources.DltResource, ...]:
    """Yield what was written to the file since the last load, and the newest of it again."""

    @dlt.resource(name="readings", write_disposition="append", primary_key="reading_id")
    def rows(number=dlt.sources.incremental("reading_id", initial_value=0)) -> Iterator[list[dict]]:  # noqa: B008
        yield [json.loads(line) for line in (Path(os.environ["CRASH_WORLD"]) / FILE).read_text().splitlines()]

    @dlt.resource(name="newest", write_disposition="replace")
    def newest() -> Iterator[list[dict]]:
        yield [{"reading_id": number, "value": value} for number, value in newest_of(Path(os.environ["CRASH_WORLD"]))]

    return rows, newest


def load() -> None:
    """Load once, as a command."""
    run("readings", lambda: load_source("readings", lambda: nullcontext(readings())), [])


def write(world: Path, turn: int) -> None:
    """Write thirty more readings."""
    path = world / FILE
    start = len(path.read_text().splitlines()) if path.exists() else 0
    with path.open("a") as file:
        for number in range(start + 1, start + 31):
            file.write(json.dumps({"reading_id": number, "value": f"{turn}/{number}"}) + "\n")


def written(world: Path) -> list[tuple[int, str]]:
    """Return all readings as (reading_id, value)."""
    return [tuple(json.loads(line).values()) for line in (world / FILE).read_text().splitlines()]


def newest_of(world: Path) -> list[tuple[int, str]]:
    """Return the newest readings: how many differs from time to time."""
    found = written(world)
    return found[-(len(found) % 40 + 5) :]
