"""The foreign schemas: `offered` returns all of them, those that hypothesis makes last."""

from tests.foreign.schema import Schema
from tests.foreign.schemas import keys, orm


def offered(seed: int, generated: int) -> list[Schema]:
    """Return every schema; `seed` and `generated` say which ones hypothesis makes, and how many."""
    return [*keys.SCHEMAS, *orm.SCHEMAS]
