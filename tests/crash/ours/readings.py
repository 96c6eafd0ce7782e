"""A small pipeline of the bench's own whose table is appended to, through the same loader as the doors."""

import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import dlt

from pipelines.command import run
from pipelines.load import load as load_source

FILE = "readings.jsonl"


@dlt.source(name="readings", max_table_nesting=0)
def readings() -> dlt.sources.DltResource:
    """Yield what was written to the file since the last load."""

    @dlt.resource(name="readings", write_disposition="append", primary_key="reading_id")
    def rows(number=dlt.sources.incremental("reading_id", initial_value=0)) -> Iterator[list[dict]]:  # noqa: B008
        yield [json.loads(line) for line in (Path(os.environ["CRASH_WORLD"]) / FILE).read_text().splitlines()]

    return rows


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
