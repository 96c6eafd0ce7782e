"""Names in RAW: all different, stable, and never a name that dlt would change again."""

import re

import pytest

from exactly_once.errors import PipelineError
from exactly_once.incremental.delete_detection import deletes_resource_names
from exactly_once.names import is_reserved, raw_name, raw_names
from exactly_once.postgres.info import POSTGRES
from exactly_once.postgres.tables.spec import Table, tables_by_name
from exactly_once.rest_api.spec import Endpoint, check_endpoints

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
        (GOOD | {"curser": "x"}, "it has no option 'curser'; say 'cursor'"),
        (GOOD | {"lags": 3600.0}, "it has no option 'lags'; say 'lookback_seconds'"),
        (GOOD | {"share": 0.1, "max_deleted_fraction": 0.1}, "it has the option 'max_deleted_fraction' twice"),
        ({"key": ["id"], "cursor": None}, "it lacks the option 'deletes'"),
        (GOOD | {"key": 5}, "key=5: say a name or a list of names"),
        (GOOD | {"key": ["id", "id"]}, "say a name or a list of names, each once"),
        (GOOD | {"exclude": None}, "exclude=None: say a name or a list of names"),
        (GOOD | {"lag": float("inf")}, "lookback_seconds=inf is out of range"),
        (GOOD | {"key": []}, "its key is empty"),
        (GOOD | {"key": "row", "cursor": "updated_at"}, "so it is read whole: say cursor=None"),
        (GOOD | {"zone": "New York"}, "zone='New York' is no time zone; say 'America/New_York'."),
        (GOOD | {"zone": "Europ/Berlin"}, "zone='Europ/Berlin' is no time zone; say 'Europe/Berlin'."),
        (GOOD | {"zone": "UTC+2"}, "zone='UTC+2' is no time zone; say one like America/New_York."),
        (GOOD | {"lag": "60"}, "lookback_seconds='60' is a text; say a number from 0 to 3.16224e+08, without quotes"),
        (GOOD | {"lag": None}, "lookback_seconds=None is no number; say a number from 0"),
        (GOOD | {"share": True}, "max_deleted_fraction=True is no number; say a number from 0 to 1"),
        (GOOD | {"share": 2}, "max_deleted_fraction=2 is out of range"),
        (GOOD | {"exclude": ["id"]}, "it excludes 'id', which it names as key, cursor or deletes"),
        (GOOD | {"deletes": "gone", "exclude": ["gone"]}, "it excludes 'gone', which it names"),
        (GOOD | {"cursor": "at", "as_text": ["at"]}, "its cursor 'at' is in as_text"),
        (GOOD | {"deletes": None}, 'say "sweep", "none" or a column'),
        (GOOD | {"deletes": "swep"}, "deletes='swep': say 'sweep'"),
        (GOOD | {"deletes": "None"}, "deletes='None': say 'none'"),
    ],
)
def test_a_misspelled_declaration_is_named(line, said):
    with pytest.raises(PipelineError) as refused:
        Table("Orders", **line)
    assert said in str(refused.value)
    assert re.match(r"tests/exactly_once/test_names.py:\d+: Table 'Orders': ", str(refused.value))


def test_two_declarations_with_one_name_are_named():
    tables = [Table("OrderItems", **GOOD), Table("order_items", **GOOD)]
    first = tables[0].declared_at
    other = Table("order_items", **GOOD)
    assert re.fullmatch(r"tests/exactly_once/test_names\.py:\d+", first)
    assert other.declared_at not in (first, tables[1].declared_at)
    with pytest.raises(PipelineError) as refused:
        tables_by_name([tables[0], other], POSTGRES)
    assert str(refused.value).startswith(
        f"{other.declared_at}: Table 'order_items' has the name POSTGRES_ORDER_ITEMS in RAW, as 'OrderItems' at {first}"
    )
    with pytest.raises(PipelineError) as refused:
        tables_by_name([tables[1], other], POSTGRES)
    assert str(refused.value) == (
        f"{other.declared_at}: Table 'order_items' is declared twice, first at {tables[1].declared_at}: take one out."
    )
    tables_by_name([tables[0], Table("order_items", **GOOD, raw="order_items_2")], POSTGRES)


def test_two_endpoints_with_one_name_are_named():
    options = {"key": "id", "cursor": None, "deletes": "sweep"}
    one = Endpoint("a-b", **options)
    two = Endpoint("a_b", **options)
    deletes = Endpoint("a_b_deletes", **options)
    for listed, said in (
        (
            [one, two],
            f"{two.declared_at}: Endpoint 'a_b' has the name POSTGRES_A_B in RAW, as 'a-b' at {one.declared_at}",
        ),
        ([one, one], f"{one.declared_at}: Endpoint 'a-b' has the name POSTGRES_A_B in RAW, as 'a-b' at"),
        ([two, deletes], f"{deletes.declared_at}: Endpoint 'a_b_deletes' has the name of the resource that marks the"),
    ):
        with pytest.raises(PipelineError) as refused:
            check_endpoints(POSTGRES, listed)
        assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("kind", "check"), [("Table", tables_by_name), ("Endpoint", lambda listed, info: check_endpoints(info, listed))]
)
def test_what_is_no_declaration_is_refused(kind, check):
    one = {"Table": Table("orders", **GOOD), "Endpoint": Endpoint("orders", key="id", cursor=None, deletes="none")}[
        kind
    ]
    for listed, said in (
        (one, f"its declaration: a single {kind} is no list: put brackets around it, [{kind}(…)]."),
        ("orders", f"its declaration: 'orders' is no list of {kind}: say [{kind}(…), …]."),
        (None, f"its declaration: None is no list of {kind}: say [{kind}(…), …]."),
        ([one, "users"], f"its declaration: number 2 of the list is 'users', no {kind}: say {kind}(…)."),
    ):
        with pytest.raises(PipelineError) as refused:
            check(listed, POSTGRES)
        assert str(refused.value) == said
    check([one], POSTGRES)


def test_earlier_words_of_an_option_and_a_key_of_one_column_are_taken():
    new = Table("orders", key="id", cursor="at", deletes="sweep", lookback_seconds=60, max_deleted_fraction=0.5)
    assert Table("orders", key=["id"], cursor="at", deletes="sweep", lag=60, share=0.5) == new
