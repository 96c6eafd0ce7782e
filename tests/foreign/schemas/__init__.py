"""The foreign schemas: `offered` returns all of them, those that hypothesis makes last."""

from tests.foreign.schema import Schema
from tests.foreign.schemas import ddl, keys, orm, rental, sizes, types


def offered(seed: int, generated: int) -> list[Schema]:
    """Return every schema; `seed` and `generated` say which ones hypothesis makes, and how many."""
    fixed = (sizes, ddl, types, rental, keys, orm)
    return [schema for module in fixed for schema in module.SCHEMAS]
