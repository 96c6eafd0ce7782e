"""How keys are divided into slices: by ranges of a leading integer, which an index serves, or by their hashes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from exactly_once.incremental.digests.dialects import Dialect, Part

MOST_RUNS = 1_024  # ranges in one condition; where there are more, the smallest gaps between them are taken in


@dataclass(frozen=True)
class KeyRanges:
    """Ranges of the leading integer, each `width` wide, numbered from 0; the first and the last one are open.

    Args:
        first: where range 0 begins; lesser integers are in it, too.
        last: in the last range; greater integers are in it, too. It is less than 2^63 above `first`.
        width: of a range.
    """

    first: int
    last: int
    width: int

    def number(self, dialect: Dialect, lead: str) -> str:
        """Return the SQL of the number of the range that an integer is in."""
        inside = f"GREATEST(LEAST({lead}, {self.last}), {self.first})"
        # Without the parentheses, minus a negative number begins a comment.
        return dialect.QUOTIENT.format(f"({inside} - ({self.first}))", self.width)

    def condition(self, dialect: Dialect, parts: Sequence[Part], numbers: Collection[int]) -> str:
        """Return the SQL condition of the keys in some ranges; where there are very many, of those between, too.

        Whatever it takes in, it takes in on both sides.
        """
        runs, lead = runs_of(numbers), parts[0].sql
        if len(runs) <= dialect.MOST_RANGES:
            return " OR ".join(self._between(lead, *run) for run in runs)
        listed = ", ".join(str(number) for first, last in runs for number in range(first, last + 1))
        return f"{self._between(lead, runs[0][0], runs[-1][1])} AND {self.number(dialect, lead)} IN ({listed})"

    def finer(self, widest: int, parts: int, span: tuple[int, int]) -> "KeyRanges | None":
        """Return ranges that divide each of some ranges further; None: their integers cannot be divided.

        Args:
            widest: the largest difference of integers in one of them; an open range may be wider than the others.
            parts: into which that one is divided.
            span: the least and the greatest integer in them.
        """
        width = max(1, min(-(-(widest + 1) // parts), self.width // parts))
        is_divided = widest > 0 and width < self.width and span[1] - span[0] < 2**63
        return KeyRanges(span[0], span[1], width) if is_divided else None

    def _between(self, lead: str, first: int, last: int) -> str:
        bounds = []
        if first > 0:
            bounds.append(f"{lead} >= {self.first + first * self.width}")
        if last < (self.last - self.first) // self.width:
            bounds.append(f"{lead} < {self.first + (last + 1) * self.width}")
        return f"({' AND '.join(bounds) or 'TRUE'})"


@dataclass(frozen=True)
class HashBuckets:
    """Keys by the lower bits of their hash: any key, at the price of reading all of them for some.

    Args:
        count: of the buckets, a power of two.
    """

    count: int

    def number(self, dialect: Dialect, hashed: str) -> str:
        """Return the SQL of the number of the bucket of a hash."""
        return dialect.RESIDUE.format(hashed, self.count)

    def condition(self, dialect: Dialect, parts: Sequence[Part], numbers: Collection[int]) -> str:
        """Return the SQL condition of the keys in some buckets."""
        listed = ", ".join(map(str, sorted(numbers)))
        return f"({self.number(dialect, dialect.row_hash(parts))} IN ({listed}))"


Slicing = KeyRanges | HashBuckets


@dataclass(frozen=True)
class Slices:
    """Some slices of a slicing."""

    slicing: Slicing
    numbers: frozenset[int]


def runs_of(numbers: Collection[int]) -> list[tuple[int, int]]:
    """Return numbers as ascending runs (first, last), at most MOST_RUNS: the smallest gaps are taken in."""
    ascending = sorted(numbers)
    gaps = [(after - before, before) for before, after in pairwise(ascending) if after - before > 1]
    kept = {before for _, before in sorted(gaps, reverse=True)[: MOST_RUNS - 1]}
    ends = [number for number in ascending[:-1] if number in kept] + ascending[-1:]
    starts = ascending[:1] + [after for before, after in pairwise(ascending) if before in kept]
    return list(zip(starts, ends, strict=True))
