"""The digest that compares the warehouses: equal for equal rows, different for different ones."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.snowflake.digest import digest

COLUMNS = ["id", "amount", "at", "on", "is_it", "name", "raw", "doc", "gone"]
NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
ROW = (1, Decimal("10.50"), NOON, date(2026, 5, 1), True, "é", b"\x00\x01", {"b": [1.5, None], "a": "x"}, None)
OTHER = (2, *ROW[1:])


def test_order_spelling_and_session_zone_do_not_matter():
    rome = NOON.astimezone(timezone(timedelta(hours=2)))
    same = (
        1,
        Decimal("10.5000"),
        rome,
        ROW[3],
        True,
        "é",
        bytearray(b"\x00\x01"),
        {"a": "x", "b": [Decimal("1.50"), None]},
        None,
    )
    assert digest(COLUMNS, [ROW, OTHER]) == digest(COLUMNS, [OTHER, same])
    turned = [name.upper() for name in reversed(COLUMNS)]
    assert digest(COLUMNS, [ROW]) == digest(turned, [tuple(reversed(ROW))])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", 3),
        ("amount", Decimal("10.51")),
        ("at", NOON + timedelta(microseconds=1)),
        ("on", date(2026, 5, 2)),
        ("is_it", False),
        ("is_it", 1),
        ("name", "e\u0301"),
        ("name", ""),
        ("name", None),
        ("raw", b"\x00"),
        ("doc", {"b": [1.5, None], "a": "y"}),
        ("doc", {"b": [1.5], "a": "x"}),
        ("gone", "-"),
    ],
)
def test_a_planted_difference_is_found(column, value):
    planted = list(ROW)
    planted[COLUMNS.index(column)] = value
    assert digest(COLUMNS, [planted, OTHER]) != digest(COLUMNS, [ROW, OTHER])


def test_a_row_too_many_or_too_few_is_found():
    assert digest(COLUMNS, [ROW, ROW]) != digest(COLUMNS, [ROW])
    assert digest(COLUMNS, []) != digest(COLUMNS, [ROW])
