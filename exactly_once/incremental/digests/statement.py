"""The query of one side's digests: for each slice of its keys a count, two sums of hashes, and how far they reach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from exactly_once.incremental.digests.dialects import FIRST, Dialect, Part
from exactly_once.incremental.digests.slices import HashBuckets, KeyRanges, Slices, Slicing


@dataclass(frozen=True)
class Digest:
    """What is compared of a slice; equal sums and counts mean equal keys.

    Args:
        count: of the keys; one that is there twice counts twice.
        sums: of the hashes: of both halves of an integer, else of 64 bits modulo 2^64 and 0.
        span: the least and the greatest integer of the key's first column; None: the key is divided by hash.
    """

    count: int
    sums: tuple[int, int]
    span: tuple[int, int] | None

    def is_equal(self, other: "Digest | None") -> bool:
        """Tell whether another side's slice has the same keys."""
        return other is not None and (self.count, self.sums) == (other.count, other.sums)


@dataclass(frozen=True)
class KeyStatement:
    """The queries of one side.

    Args:
        dialect: of its database.
        parts: of the key.
        relation: the table, quoted.
        condition: of the rows that count; "": every row.
    """

    dialect: Dialect
    parts: Sequence[Part]
    relation: str
    condition: str = ""

    def digests(self, slicing: Slicing, scope: Sequence[Slices]) -> str:
        """Return the query of the digests of a slicing within some slices of coarser ones; `read_digests` reads it."""
        dialect, (first, *others) = self.dialect, self.parts
        where = self.where(scope)
        if isinstance(slicing, HashBuckets):
            rows = f"SELECT 0 AS {FIRST}, {dialect.row_hash(self.parts)} AS a, 0 AS b FROM {self.relation}{where}"
            return _grouped(slicing.number(dialect, "a"), f"{rows}{dialect.FENCE}")
        if not others:
            return _grouped(slicing.number(dialect, FIRST), dialect.mixed(first, self.relation, where))
        columns = f"{dialect.integer(first)} AS {FIRST}, {dialect.row_hash(self.parts)} AS a, 0 AS b"
        return _grouped(slicing.number(dialect, FIRST), f"SELECT {columns} FROM {self.relation}{where}")

    def where(self, scope: Sequence[Slices]) -> str:
        """Return the WHERE clause of the rows that count in some slices."""
        selected = self.selected(scope)
        return f" WHERE {selected}" if selected else ""

    def selected(self, scope: Sequence[Slices]) -> str:
        """Return the condition of the rows that count in some slices; "": every row."""
        conditions = [self.condition] if self.condition else []
        conditions += [one.slicing.condition(self.dialect, self.parts, one.numbers) for one in scope]
        return " AND ".join(f"({one})" for one in conditions)


def read_digests(slicing: Slicing, rows: Iterable[Sequence[Any]]) -> dict[int, Digest]:
    """Return the digests of a query by the slices' numbers."""
    found = {}
    for number, count, first, second, least, greatest in rows:
        # An unsigned hash and the signed one of the same bits differ by 2^64.
        sums = (int(first) % 2**64, int(second))
        span = (int(least), int(greatest)) if isinstance(slicing, KeyRanges) else None
        found[int(number)] = Digest(int(count), sums, span)
    return found


def _grouped(number: str, rows: str) -> str:
    # As text: not every client reads an integer of 128 bits.
    sums = "CAST(SUM(a) AS VARCHAR) AS sum_a, CAST(SUM(b) AS VARCHAR) AS sum_b"
    spans = f"MIN({FIRST}) AS least, MAX({FIRST}) AS greatest"
    return f"SELECT {number} AS slice, COUNT(*) AS keys, {sums}, {spans} FROM ({rows}) AS hashed GROUP BY 1"
