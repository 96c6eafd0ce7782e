"""The foreign schemas: `offered` returns all of them, those that hypothesis makes last."""

from tests.foreign.schema import Schema
from tests.foreign.schemas import cases, ddl, keys, orm, rental, sessions, sizes, types


def offered(seed: int, generated: int) -> list[Schema]:
    """Return every schema; `seed` and `generated` say which ones hypothesis makes, and how many."""
    fixed = [schema for module in (sizes, ddl, types, rental, keys, orm, sessions, cases) for schema in module.SCHEMAS]
    if not generated:
        return fixed
    from tests.foreign.schemas.generated import made  # a second of imports

    return [*fixed, *made(seed, generated)]
