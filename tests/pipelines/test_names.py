"""Names in RAW: all different, stable, and never a name that dlt would change again."""

import pytest

from exactly_once.errors import PipelineError
from exactly_once.incremental.delete_detection import deletes_resource_names
from exactly_once.names import is_reserved, raw_name, raw_names
from exactly_once.postgres.tables.spec import table_options

ODD = [
    "OrderItems", "orders-2024", "users_", "größen", "Order Details", "userId", "user_id", "my_field__c", "名前",
    "年齢",
    "_dlt_load_id", "_dlt_id", "_deleted_at", "_row_key", "a\x01b", "", " ", "_", "__", "1st", "a" * 300,
    "a" * 299 + "b",
    "HTTPServer2X", "😀", "a.b", "a b", "a_b", "a__b", "d", "order", 'quo"te', "per%cent", "A_B",
]  # fmt: skip


def test_every_name_has_one_of_its_own_that_dlt_keeps():
    found = raw_names(ODD)
    assert len(set(found.values())) == len(ODD)
    for raw in found.values():
        assert raw_name(raw) == raw
        assert not is_reserved(raw)
        assert len(raw) <= 200


def test_a_name_that_is_written_so_keeps_it_and_what_raw_has_stays():
    assert raw_names(["userId"]) == {"userId": "user_id"}
    both = raw_names(["userId", "user_id"])
    assert both["user_id"] == "user_id"
    assert both["userId"].startswith("user_id_")
    later = raw_names(["userId", "user_id"], {"userId": "user_id"})
    assert later == {"userId": "user_id", "user_id": later["user_id"]}
    assert later["user_id"].startswith("user_id_")
    assert raw_names(reversed(ODD)) == raw_names(ODD)  # no name depends on the order of columns


def test_no_sweep_has_the_name_of_a_table():
    names = ["orders", "orders_deletes", "orders_deletes_"]
    sweeps = deletes_resource_names(names)
    assert len(set(sweeps.values()) | set(names)) == 6


GOOD = {"key": ["id"], "cursor": None, "deletes": "sweep"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD | {"curser": "x"}, "has the option 'curser', which is none: say as_text, cursor, deletes"),
        ({"key": ["id"], "cursor": None}, "lacks 'deletes'"),
        (GOOD | {"key": "id"}, "has 'key': 'id': give a list of columns"),
        (GOOD | {"key": 5}, "has 'key': 5: give a list of columns"),
        (GOOD | {"key": ["id", "id"]}, "give a list of columns, each once"),
        (GOOD | {"exclude": None}, "has 'exclude': None: give a list of columns"),
        (GOOD | {"lag": float("inf")}, "has 'lag': inf, which is not in range"),
        (None, "is None: give a dict of options"),
        (GOOD | {"key": []}, "has an empty key"),
        (GOOD | {"key": "row", "cursor": "updated_at"}, "so it is read whole: set its cursor to None"),
        (GOOD | {"zone": "New York"}, "has the zone 'New York', which is none"),
        (GOOD | {"share": 2}, "has 'share': 2, which is not in range"),
        (GOOD | {"exclude": ["id"]}, "excludes 'id', which it names as key, cursor or deletes"),
        (GOOD | {"deletes": "gone", "exclude": ["gone"]}, "excludes 'gone', which it names"),
        (GOOD | {"cursor": "at", "as_text": ["at"]}, "has its cursor 'at' as text"),
        (GOOD | {"deletes": None}, 'say "sweep", "none" or a column'),
    ],
)
def test_a_misspelled_line_of_tables_is_named(line, said):
    with pytest.raises(PipelineError) as refused:
        table_options({"Orders": line})
    assert said in str(refused.value)
    assert "TABLES in pipelines/postgres.py: 'Orders'" in str(refused.value)


def test_two_lines_with_one_name_in_raw_are_named():
    with pytest.raises(PipelineError, match="has the name POSTGRES_ORDER_ITEMS in RAW, as 'OrderItems' has"):
        table_options({"OrderItems": GOOD, "order_items": GOOD})
    table_options({"OrderItems": GOOD, "order_items": GOOD | {"raw": "order_items_2"}})
