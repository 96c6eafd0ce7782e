"""A table digest that is equal in two warehouses if and only if they hold the same rows.

Each value is written canonically (the same number whatever its type or scale, an instant in UTC to the microsecond,
JSON with sorted keys, NULL distinct from every text), each row is hashed, and the hashes are added up: order does not
matter, an extra row does.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256

Row = Sequence[object]


def digest(columns: Sequence[str], rows: Iterable[Row]) -> tuple[int, str]:
    """Return the count of rows and the digest of their values, column by column in the order of the names."""
    order = sorted(range(len(columns)), key=lambda index: columns[index].lower())
    names = [columns[index].lower() for index in order]
    total, count = int.from_bytes(sha256(repr(names).encode()).digest()), 0
    for row in rows:
        text = "\x1e".join(canonical(row[index]) for index in order)
        total += int.from_bytes(sha256(text.encode()).digest())
        count += 1
    return count, f"{total % 2**256:064x}"


def canonical(value: object) -> str:
    """Return the canonical text of a value; a letter for its kind keeps '1', 1 and true distinct."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return f"b{int(value)}"
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(str(value))
        return f"n{number.normalize():f}" if number else "n0"
    if isinstance(value, datetime):
        instant = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return f"t{instant.isoformat(timespec='microseconds')}"
    if isinstance(value, (date, time)):
        return f"d{value.isoformat()}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"x{bytes(value).hex()}"
    if isinstance(value, (dict, list)):
        return f"j{canonical_json(value)}"
    return f"s{value}"


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and canonical numbers."""
    if isinstance(value, dict):
        inside = ",".join(f"{json.dumps(key)}:{canonical_json(value[key])}" for key in sorted(value))
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical_json, value))}]"
    if isinstance(value, (Decimal, float)) or (isinstance(value, int) and not isinstance(value, bool)):
        return canonical(value)
    return json.dumps(value, ensure_ascii=False)
