"""RAW's side of a comparison by digests."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from exactly_once.incremental.digests.dialects import WAREHOUSES, Part
from exactly_once.incremental.digests.slices import Slices, Slicing
from exactly_once.incremental.digests.statement import Digest, KeyStatement, read_digests
from exactly_once.incremental.raw_table import RawTable

ALIVE = "_deleted_at IS NULL"


class RawKeys:
    """The keys of a table of RAW that are not deleted.

    Args:
        raw: the table; it exists.
        kinds: of the parts of its key, as `Part` has them.
    """

    def __init__(self, raw: RawTable, kinds: Sequence[str]) -> None:
        self._raw = raw
        parts = [Part(kind, sql) for kind, sql in zip(kinds, raw.quoted_key, strict=True)]
        self._statement = KeyStatement(WAREHOUSES[raw.dialect], parts, raw.relation, ALIVE)

    def digests(self, slicing: Slicing, scope: Sequence[Slices]) -> Mapping[int, Digest]:
        """Return the digest of each slice that has keys, within some slices of coarser slicings."""
        return read_digests(slicing, self._raw.query(self._statement.digests(slicing, scope)))

    def keys(self, scope: Sequence[Slices]) -> Iterator[pa.Table]:
        """Yield the keys in some slices, ascending."""
        return self._raw.keys(self._statement.where(scope))


def can_hash(raw: RawTable, kinds: Sequence[str]) -> bool:
    """Tell whether the warehouse has a canonical text for every kind."""
    dialect = WAREHOUSES.get(raw.dialect)
    return dialect is not None and dialect.can_hash([Part(kind, "") for kind in kinds])
