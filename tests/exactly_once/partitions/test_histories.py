"""Random histories: a table that is merged by a partition column is the same as one that is merged whole.

The histories of one world are tables of one warehouse, each twice: with the column's hint and without. Every load
brings some of them late, doubled, corrected, deleted and NULL rows, with nested rows or none; some merges are cut off
before they commit. `make test-history` runs 200 histories.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pytest
from dlt.destinations.exceptions import DatabaseTransientException

from exactly_once.destinations.staged_duckdb import DuckDbMergeJob, StagedDuckDbClient, staged_duckdb
from exactly_once.partitions.declaration import partition_hint
from tests.support.event_shop import DAY0

KINDS = ("timestamptz", "timestamp", "date", "bigint", "nested")


class CutOff(DuckDbMergeJob):
    """A merge that is sometimes cut off when all its statements have run."""

    random = random.Random(0)  # noqa: S311
    count = 0

    def _check(self, *arguments: Any) -> None:
        super()._check(*arguments)
        if self.random.random() < 0.05:
            type(self).count += 1
            raise DatabaseTransientException(Exception("cut off by the test"))


class CutOffClient(StagedDuckDbClient):
    """Our client with such merges."""

    merge_job = CutOff


class cut_off(staged_duckdb):  # noqa: N801
    """The destination with that client."""

    @property
    def client_class(self):
        return CutOffClient


cut_off.register()


@dataclass
class History:
    """One table's story; a key keeps the value of its partition column."""

    number: int
    kind: str
    random: random.Random
    values: dict[int, Any] = field(default_factory=dict)
    version: int = 0

    @property
    def columns(self) -> dict[str, Any]:
        kind = {"date": "date", "bigint": "bigint"}.get(self.kind, "timestamp")
        zone = {"timezone": False} if self.kind == "timestamp" else {}
        gone = {"gone": {"data_type": "bool", "hard_delete": True}} if self.number % 3 == 0 else {}
        return {"at": {"data_type": kind, **zone}, "version": {"dedup_sort": "desc", "data_type": "bigint"}, **gone}

    def new_value(self) -> Any:
        draw = self.random
        if draw.random() < 0.1:
            return None
        days = draw.choice((0, 0, 1, 2, 3, -3, draw.randrange(-3000, 0), draw.randrange(-40, 40)))
        if self.kind == "bigint":
            return draw.choice((self.version, -(2**62), 10 ** draw.randrange(18), days))
        at = DAY0 + timedelta(
            days=days, microseconds=draw.choice((0, 1, 86_399_999_999, draw.randrange(86_400_000_000)))
        )
        if self.kind == "date":
            return at.date()
        return at if self.kind in ("timestamptz", "nested") else at.replace(tzinfo=None)

    def batch(self) -> list[dict[str, Any]]:
        """Return the rows of one load, a key perhaps twice."""
        draw, rows = self.random, []
        for _ in range(draw.randrange(1, 8)):
            key = draw.randrange(12)
            self.values.setdefault(key, self.new_value())
            rows += [self.row(key) for _ in range(draw.choice((1, 1, 1, 2)))]
        draw.shuffle(rows)
        return rows

    def row(self, key: int) -> dict[str, Any]:
        self.version += 1
        row: dict[str, Any] = {"id": key, "at": self.values[key], "version": self.version}
        if self.number % 3 == 0:
            row["gone"] = self.random.random() < 0.2
            if row["gone"] and self.random.random() < 0.5:
                row["at"] = None  # it only says that the key is deleted
        if self.kind == "nested":
            row["lines"] = [
                {"n": n, "parts": [{"p": self.version}] * self.random.randrange(3)}
                for n in range(self.random.randrange(3))
            ]
        return row

    def items(self) -> Any:
        rows = self.batch()
        if self.kind == "nested":
            return rows
        kinds = {"date": pa.date32(), "bigint": pa.int64(), "timestamp": pa.timestamp("us")}
        at = pa.array([row["at"] for row in rows], kinds.get(self.kind, pa.timestamp("us", "UTC")))
        others = {name: pa.array([row[name] for row in rows]) for name in rows[0] if name != "at"}
        return [pa.table({"at": at, **others})]


@dataclass
class World:
    """The histories of one warehouse."""

    folder: Path
    histories: list[History]

    def load(self) -> None:
        @dlt.source(name="world")
        def world():
            for one in self.histories:
                if one.random.random() < 0.2:
                    continue
                items = one.items()
                for prefix in ("pruned", "whole"):
                    columns = one.columns
                    if prefix == "pruned":
                        columns["at"] = columns["at"] | partition_hint()
                    yield dlt.resource(
                        items, name=f"{prefix}_{one.number}", primary_key="id", write_disposition="merge",
                        columns=columns,
                    )  # fmt: skip

        pipeline = dlt.pipeline(
            "world",
            destination=cut_off(str(self.folder / "world.duckdb")),
            staging=dlt.destinations.filesystem(f"{self.folder}/lake"),
            dataset_name="raw",
            pipelines_dir=str(self.folder / "dlt"),
        )
        pipeline.run(world(), loader_file_format="parquet")

    def differences(self) -> list[str]:
        """Return the tables that differ, each with its first rows that only one side has."""
        found = []
        with duckdb.connect(str(self.folder / "world.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            names = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
            for one in self.histories:
                if f"pruned_{one.number}" not in names:
                    continue
                pruned, whole = (
                    connection.execute(self.content(f"{side}_{one.number}", names)).fetchall()
                    for side in ("pruned", "whole")
                )
                if pruned != whole:
                    rows = [row for row in pruned + whole if pruned.count(row) != whole.count(row)]
                    found.append(f"history {one.number} ({one.kind}): {rows[:4]}")
        return found

    @staticmethod
    def content(table: str, names: set[str]) -> str:
        nested = ""
        if f"{table}__lines" in names:
            parts = f"(select count(*) from raw.{table}__lines)"
            if f"{table}__lines__parts" in names:
                parts += f" + (select sum(p) from raw.{table}__lines__parts)"
            nested = (
                f", (select list(n order by n) from raw.{table}__lines l where l._dlt_root_id = t._dlt_id), {parts}"
            )
        return f'select id, "at", version{nested} from raw.{table} t order by all'


def run(folder: Path, seed: int, count: int, loads: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    CutOff.random, CutOff.count = random.Random(seed), 0  # noqa: S311
    seeds = [draw.random() for _ in range(count)]
    histories = [History(n, KINDS[n % len(KINDS)], random.Random(seed)) for n, seed in enumerate(seeds)]  # noqa: S311
    world = World(folder, histories)
    for number in range(loads):
        world.load()
        assert world.differences() == [], f"seed {seed}, load {number}"
    rows = sum(one.version for one in histories)
    print(f"seed {seed}: {count} histories, {loads} loads, {rows} rows, {CutOff.count} merges cut off: differ 0")


def test_a_few_histories_are_the_same(tmp_path):
    run(tmp_path, 0, 10, 3)


@pytest.mark.history
@pytest.mark.parametrize("seed", range(1, 6))
def test_histories_are_the_same(tmp_path, seed):
    run(tmp_path, seed, 40, 6)
