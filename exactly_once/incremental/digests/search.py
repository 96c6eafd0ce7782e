"""Find the keys that only one side has, from digests of slices first: keys are streamed where those differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from exactly_once.incremental.digests.slices import HashBuckets, KeyRanges, Slices, Slicing
from exactly_once.incremental.digests.statement import Digest
from exactly_once.incremental.key_diff import Key, SortedKeyDiff

SLICE_KEYS = 16_384  # in a slice of the first digests, where that are not too many slices
MOST_SLICES = 16_384  # that one query returns at first
MOST_PARTS = 65_536  # that one query returns after that
FEWEST_KEYS = 64  # in a slice after that, on the average: a digest costs as much as some keys
STREAMED = 100_000  # keys that are streamed sooner than divided again
LEVELS = 5  # of digests at most


class DigestedKeys(Protocol):
    """The keys of one side."""

    def digests(self, slicing: Slicing, scope: Sequence[Slices]) -> Mapping[int, Digest]:
        """Return the digest of each slice that has keys, within some slices of coarser slicings."""

    def keys(self, scope: Sequence[Slices]) -> Iterator[pa.Table]:
        """Yield the keys in some slices, ascending, as `SortedKeyDiff` takes them."""


@dataclass(frozen=True)
class Difference:
    """What the digests of a slicing show: the numbers of the slices that differ, and how much is in them.

    Args:
        numbers: of the slices.
        keys: in them, of the side that has more.
        least: how many keys differ at least.
        spans: of their leading integers, of both sides.
    """

    numbers: frozenset[int]
    keys: int
    least: int
    spans: Sequence[tuple[int, int]]

    def finer(self, slicing: Slicing) -> KeyRanges | None:
        """Return the slicing that makes these slices so small that few keys need to be streamed; None: there is none.

        Where many keys of many slices differ, nothing is left out by dividing them again.
        """
        if not isinstance(slicing, KeyRanges) or self.keys <= STREAMED:
            return None
        parts = min(MOST_PARTS, self.keys // FEWEST_KEYS) // len(self.numbers)
        if parts < 2 or self.least * 4 > len(self.numbers) * parts:
            return None
        widest = max(greatest - least for least, greatest in self.spans)
        span = min(least for least, _ in self.spans), max(greatest for _, greatest in self.spans)
        return slicing.finer(widest, parts, span)


class DigestKeyDiff:
    """The keys that only one side has, as SortedKeyDiff finds them, by less reading.

    Args:
        known: RAW's keys; a key may repeat.
        present: the source's keys, each once.
        slicing: of the first digests.
    """

    def __init__(self, known: DigestedKeys, present: DigestedKeys, slicing: Slicing) -> None:
        """Compare the digests; the keys are compared when the differences are iterated."""
        self._known, self._present = known, present
        self.known = self.deleted = 0
        self._is_source_empty = False
        self.scope = self._search(slicing)

    @property
    def source_is_empty(self) -> bool:
        """Tell whether RAW has keys and the source has none."""
        return self._is_source_empty

    @property
    def is_equal(self) -> bool:
        """Tell whether no slice differs."""
        return any(not one.numbers for one in self.scope)

    def iter_differences(self) -> Iterator[tuple[bool, Key]]:
        """Yield (True, a key that only RAW has) and (False, a key that only the source has), in order."""
        if self.is_equal:
            return
        diff = SortedKeyDiff(self._known.keys(self.scope), self._present.keys(self.scope))
        for difference in diff.iter_differences():
            self.deleted = diff.deleted
            yield difference
        self.deleted = diff.deleted

    def _search(self, slicing: Slicing) -> tuple[Slices, ...]:
        """Return the slices that differ, as the last of ever finer ones."""
        scope: tuple[Slices, ...] = ()
        for level in range(LEVELS):
            known, present = self._known.digests(slicing, scope), self._present.digests(slicing, scope)
            count = sum(one.count for one in known.values())
            if level == 0:
                self.known, self._is_source_empty = count, bool(known) and not present
            found = compare(known, present)
            if found.keys * 2 > count:
                break  # a condition would leave out little
            scope = (*scope, Slices(slicing, found.numbers))
            finer = found.finer(slicing)
            if finer is None:
                break
            slicing = finer
        return scope


def compare(known: Mapping[int, Digest], present: Mapping[int, Digest]) -> Difference:
    """Return the slices that are not the same on both sides."""
    numbers = {number for number, one in known.items() if not one.is_equal(present.get(number))}
    numbers |= present.keys() - known.keys()
    keys = least = 0
    spans = []
    for number in numbers:
        sides = [side[number] for side in (known, present) if number in side]
        counts = [one.count for one in sides]
        keys += max(counts)
        least += max(1, max(counts) - (min(counts) if len(counts) > 1 else 0))
        spans += [one.span for one in sides if one.span]
    return Difference(frozenset(numbers), keys, least, spans)


def first_slicing(keys: int, span: tuple[int, int] | None) -> Slicing:
    """Return how keys are divided at first.

    Args:
        keys: about how many there are.
        span: the least and the greatest integer of the key's first column; None: it is no integer, or there is no key.
    """
    wanted = max(1, min(keys // SLICE_KEYS, MOST_SLICES))
    if span and wanted < span[1] - span[0] < 2**63:
        return KeyRanges(span[0], span[1], -(-(span[1] - span[0] + 1) // wanted))
    return HashBuckets(1 << (wanted - 1).bit_length())
