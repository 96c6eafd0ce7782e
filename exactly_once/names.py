"""Names of tables and columns in RAW, derived from those of the source.

Names are normalized as by dlt's snake_case. If two names of one table become the same, the one that is already
normalized keeps it, and the others get a hash of the source's name as a suffix. So a name depends only on the other
names of its table, and a name that RAW has stays.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from dlt.common.normalizers.naming.snake_case import NamingConvention

DELETED_AT = "_deleted_at"
ROW_KEY = "_row_key"
LONGEST = 200  # characters; Snowflake takes 255, and dlt shortens longer names in its own way
HASH = 8  # hexadecimal digits

_naming = NamingConvention()


def raw_name(name: str) -> str:
    """Return the name in RAW of one name: lower case, ASCII letters, digits and single underscores."""
    found = name
    for _ in range(3):  # dlt's rule may change its own result again
        try:
            following = _naming.normalize_identifier(found)
        except ValueError:  # empty or blank
            return "x"
        if following == found:
            break
        found = following
    return found if len(found) <= LONGEST else _with_hash(found, name)


def raw_table_name(name: str) -> str:
    """Return the name in RAW of a table, prefix included, as dlt normalizes it: double underscores stay."""
    found = name
    for _ in range(3):
        following = _naming.normalize_tables_path(found)
        if following == found:
            break
        found = following
    return found if len(found) <= LONGEST else _with_hash(found, name)


def raw_names(names: Iterable[str], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the name in RAW of each name of one table, all different.

    Args:
        names: as the source has them.
        known: names that RAW already has, by the source's name; they stay.
    """
    wanted = dict.fromkeys(names)
    found = {name: raw for name, raw in (known or {}).items() if name in wanted}
    taken = set(found.values())
    plain = {name: raw_name(name) for name in wanted if name not in found}
    counts: dict[str, int] = {}
    for raw in plain.values():
        counts[raw] = counts.get(raw, 0) + 1
    for name, raw in plain.items():
        is_alone = counts[raw] == 1 or name == raw
        found[name] = raw if is_alone and raw not in taken and not is_reserved(raw) else _with_hash(raw, name)
    return {name: found[name] for name in wanted}


def is_reserved(raw: str) -> bool:
    """Tell whether a name is that of a column that the engine or dlt adds."""
    return raw.startswith("_dlt") or raw in (DELETED_AT, ROW_KEY)


def _with_hash(raw: str, name: str) -> str:
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:HASH]
    if raw.startswith("_dlt"):  # dlt's own prefix
        raw = raw.lstrip("_")
    return f"{raw[: LONGEST - HASH - 1].rstrip('_')}_{digest}"
