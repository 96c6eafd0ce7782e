"""Values of any JSON in RAW: exact, in a documented form, or their endpoint is rejected in one line."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exactly_once.errors import PipelineError
from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.values.json_values import MAX_DEPTH
from pipelines import saas
from tests.support.api_platform import api, declare, endpoint  # noqa: F401

TIME = '"at":"2026-06-01T10:00:00Z"'


def one(number: int, fields: str) -> str:
    return f'{{"id":{number},{TIME},{fields}}}'


def test_numbers_keep_every_digit(api):  # noqa: F811
    columns = {
        "score": "double", "tiny": "decimal(38, 30)", "price": "decimal", "huge": "text", "doc": "json", "n": "bigint",
    }  # fmt: skip
    declare("items", columns=columns)
    api.vendor.put(
        "items",
        one(
            1,
            '"score":1,"tiny":1e-30,"price":1.10,"huge":1e400,"doc":{"a":1.10,"b":[9223372036854775808,1E2]},"n":1.0,'
            '"whole":9223372036854775808,"digits":0.12345678901234567890,"fraction":0.1,"mixed":1,"minus":-0.0',
        ),
        one(2, f'"score":-2.5e-300,"huge":{"9" * 5_000},"n":-9223372036854775808,"whole":{10**37},"mixed":0.5'),
    )
    saas.load()
    assert api.refused() == {}
    assert api.values("score") == [1.0, -2.5e-300]
    assert api.values("tiny")[0] == Decimal("1e-30")
    assert api.values("price")[0] == Decimal("1.10")
    assert api.values("huge") == ["1E+400", "9" * 5_000]
    assert api.values("doc")[0] == '{"a": 1.10, "b": [9223372036854775808, 1E+2]}'
    assert api.values("n") == [1, -(2**63)]
    assert api.values("whole") == [2**63, 10**37]
    assert api.values("digits")[0] == Decimal("0.12345678901234567890")
    assert (api.type("fraction"), api.values("fraction")[0]) == ("DOUBLE", 0.1)
    assert (api.type("mixed"), api.values("mixed")) == ("DOUBLE", [1.0, 0.5])
    assert math.copysign(1, api.values("minus")[0]) == -1


def test_a_double_that_is_declared_is_rounded_and_said_once(api, capsys):  # noqa: F811
    declare("items", columns={"score": "double"})
    api.vendor.put("items", one(1, '"score":0.12345678901234567890'), one(2, '"score":0.30000000000000004'))
    saas.load()
    assert api.values("score") == [0.12345678901234568, 0.30000000000000004]
    assert capsys.readouterr().err.count("score: 1 x a number with more digits than the double") == 1


DECLARE = "declare the column"  # and where
REFUSED = {
    "a fraction in a decimal": (
        {"v": "decimal"},
        '"v":0.0000000001',
        "1E-10 does not fit into its column, a decimal(38, 9)",
        DECLARE,
    ),
    "beyond a double": ({"v": "double"}, '"v":1e400', "1E+400 is beyond a double", ""),
    "an undeclared 1e400": ({}, '"v":1e400', "1E+400 does not fit", DECLARE),
    "40 digits": ({}, f'"v":{10**39}', "does not fit into its column, a decimal(38, 0)", DECLARE),
    "NaN": ({}, '"v":NaN', "'v' NaN, which JSON does not have", ""),
    "Infinity inside": ({}, '"v":{"w":[-Infinity]}', "'v' -Infinity, which JSON does not have", ""),
    "an exponent without end": ({}, '"v":1e99999999999999999999', "1e99999999999999999999", ""),
    "1,000 levels": ({}, f'"v":{"[" * 1000}{"]" * 1000}', f"more than {MAX_DEPTH} levels", ""),
    "more levels than permitted": ({"v": "json"}, f'"v":{"[" * 201}{"]" * 201}', f"more than {MAX_DEPTH} levels", ""),
    "a bool and a number": ({}, '"v":true},{"id":2,"at":"2026-06-01T10:00:00Z","v":1', "1 is a bigint", "accept-type"),
    "a list in a text": ({"v": "text"}, '"v":["a"]', "and its column is text", "--accept-type case"),
    "a number in a bool": ({"v": "bool"}, '"v":1', "1 is a bigint, and its column is a bool", "--accept-type case"),
    "a text in a number": ({"v": "bigint"}, '"v":"1"', '"1" is text, and its column is a bigint', "accept-type"),
    "half in a bigint": ({"v": "bigint"}, '"v":0.5', "0.5 does not fit into its column, a bigint", DECLARE),
    "no zone": ({"v": "timestamp"}, '"v":"2026-06-01T10:00:00"', "no time with a zone", DECLARE),
    "a year 10000": (
        {"v": "timestamp"},
        '"v":"9999-12-31T23:59:59-01:00"',
        "in the years 1 to 9999",
        DECLARE,
    ),
    "a number for a time": ({"v": "timestamp"}, '"v":1764174000', "its column is a timestamp", "accept-type"),
}


@pytest.fixture
def cases(api):  # noqa: F811
    """Give each rejected value an endpoint of its own: one load shows them all."""
    saas.ENDPOINTS = ()
    declare("others")
    api.vendor.put("others", one(1, '"v":1'))
    for number, (columns, fields, *_) in enumerate(REFUSED.values()):
        declare(f"case{number}", columns=columns)
        api.vendor.objects[f"case{number}"] = [one(1, fields)]
    return api


def test_what_no_column_holds_refuses_its_endpoint_alone(cases):
    saas.load()
    refused = cases.refused()
    for number, (name, (_, _, why, helps)) in enumerate(REFUSED.items()):
        line = refused.pop(f"case{number}").line
        assert why in line, name
        assert f"case{number}" in line
        assert helps in line, line
        assert "\n" not in line
    assert refused == {}
    assert cases.values("v", "saas_others") == [1]
    assert [name for (name,) in cases.raw("select table_name from information_schema.tables") if "case" in name] == []


def test_strict_refuses_all(api):  # noqa: F811
    api.vendor.put("items", one(1, '"v":NaN'))
    api.vendor.put("others", one(1, '"v":1'))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCES__SAAS__STRICT", "true")
        with pytest.raises(Exception, match="JSON does not have"):
            saas.load()
    assert api.lake("saas/") == []


def test_times_have_up_to_nine_digits_and_what_is_cut_is_said_once(api, capsys):  # noqa: F811
    declare("items", columns={"t": "timestamp"})
    times = ["2026-07-01T10:00:00.123456789Z", "2026-07-01T10:00:00.1234567Z", "2026-07-01t10:00:00.5z",
             "2026-07-01T10:00:00+02:00", "2026-07-01T10:00:00.123456000Z", "9999-12-31T23:59:59.999999Z",
             "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]  # fmt: skip
    for number, text in enumerate(times):
        api.vendor.put("items", f'{{"id":{number},"at":"2026-06-01T10:00:0{number}.123456789z","t":"{text}"}}')
    saas.load()
    assert api.refused() == {}
    micros = datetime(2026, 7, 1, 10, 0, 0, 123456, UTC)
    assert api.values("t")[:5] == [
        micros, micros, datetime(2026, 7, 1, 10, 0, 0, 500000, UTC), datetime(2026, 7, 1, 8, tzinfo=UTC), micros,
    ]  # fmt: skip
    assert api.raw("select year(t) from RAW.saas_items where id in (5, 6) order by id") == [(9999,), (1,)]
    said = capsys.readouterr().err
    assert said.count("saas_items.t: 2 x a time with digits below a microsecond") == 1
    assert said.count("saas_items.at: 8 x a time with digits below a microsecond") == 1
    assert saas.load().load_ids == []
    assert capsys.readouterr().err == ""


def test_text_is_exact_and_half_a_surrogate_pair_lands_as_its_escape(api, capsys):  # noqa: F811
    api.vendor.put(
        "items",
        one(1, r'"subject":"Sale \ud83d","doc":{"a":["\ude00"]}'),
        one(2, r'"subject":"\ud83d\ude00 \u0000\u0001\u001f\u007f \ufffe'
               "\u2028\u0085 e\u0301\",\"doc\":{\"a\":\"\\u0000\"}"),
        one(3, '"subject":""'),
    )  # fmt: skip
    saas.load()
    assert api.values("subject") == [
        "Sale \\ud83d", "\U0001f600 \0\x01\x1f\x7f \ufffe\u2028\x85 e\u0301", "",
    ]  # fmt: skip
    assert api.values("doc")[:2] == ['{"a": ["\\\\ude00"]}', '{"a": "\\u0000"}']
    said = capsys.readouterr().err
    assert r"saas_items.subject: 1 x a text with half of a surrogate pair" in said
    assert "(first in id '1')" in said
    assert saas.load().load_ids == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page_size", [1, 1000])
def test_a_field_of_mixed_form_lands_in_one_way_whatever_shares_its_page(api, monkeypatch, page_size):  # noqa: F811
    monkeypatch.setenv("SOURCES__SAAS__PAGE_SIZE", str(page_size))
    values = ['"a"', '["a",1.10]', '{"k":null}', "null", '"[1]"']
    declare("others", columns={"v": "json"})
    for collection in ("items", "others"):
        api.vendor.put(collection, *(one(number, f'"v":{value}') for number, value in enumerate(values)))
    saas.load()
    assert api.values("v") == ["a", '["a", 1.10]', '{"k": null}', None, "[1]"]
    assert api.values("v", "saas_others") == ['"a"', '["a", 1.10]', '{"k": null}', None, '"[1]"']


def test_field_names_that_collide_stay_apart(api):  # noqa: F811
    declare("items", deletes="sweep")
    names = ["userId", "user_id", "", " ", "a.b", "a b", "a\\u0000b", "\\u0001", "名前", "x", "_dlt_load_id",
             "_dlt_id", "_deleted_at", "UserID"]  # fmt: skip
    fields = ",".join(f'"{name}":"{number}"' for number, name in enumerate(names))
    api.vendor.put("items", one(1, fields))
    saas.load()
    columns = [name for (name,) in api.raw("select column_name from (describe RAW.saas_items)")]
    ours = {"id", "at", "_deleted_at", "_dlt_load_id"}
    (row,) = api.raw("select * from RAW.saas_items")
    found = {name: value for name, value in zip(columns, row, strict=True) if name not in ours}
    assert sorted(found.values(), key=int) == [str(number) for number in range(len(names))]
    assert (found["user_id"], found["x"]) == ("1", "9")
    assert api.values("_deleted_at") == [None]
    assert len(api.values("_dlt_load_id")[0]) > 10
    # A later object that has but some of the fields keeps their names, and a new one that collides gets another.
    api.vendor.put("items", '{"id":2,"at":"2026-06-01T10:00:01Z","userId":"0","A_B":"new"}')
    saas.load()
    for name, value in found.items():
        assert api.values(name, where="id = 2") == ["0" if value == "0" else None], name
    assert saas.load().load_ids == []


def test_a_name_of_a_later_load_does_not_take_over_a_column(api):  # noqa: F811
    api.vendor.put("items", one(1, '"user_id":"plain"'))
    saas.load()
    api.vendor.put("items", '{"id":2,"at":"2026-06-01T10:00:01Z","userId":"camel"}')
    saas.load()
    assert api.values("user_id") == ["plain", None]
    (other,) = [name for (name,) in api.raw("select column_name from (describe RAW.saas_items)") if "user_id_" in name]
    assert api.values(other) == [None, "camel"]


KEYS = {
    "null": ('{"id":null,TIME}', "the object at place 1 has no id"),
    "missing": ("{TIME}", "the object at place 1 has no id"),
    "misspelled": ('{"ID":1,TIME}', "did you mean ID? If not, name another, or ask the vendor"),
    "a bool": ('{"id":true,TIME}', "'True' (bool) as id"),
    "a number with a fraction": ('{"id":1.5,TIME}', "'1.5' (Decimal) as id"),
    "a list": ('{"id":[1],TIME}', "'[1]' (list) as id"),
    "beyond 64 bits": ('{"id":9223372036854775808,TIME}', "'9223372036854775808' (int) as id"),
    "mixed": ('{"id":1,TIME},{"id":"1",TIME}', '"1" is text, and its column is a bigint'),
    "twice": ('{"id":1,TIME,"v":1},{"id":1,TIME,"v":2}', "id 1 comes twice with the same at and different values"),
    "no object": ("7", "the value at place 1 of the page is no object"),
    "no cursor": ('{"id":1}', "id '1' has at none"),
    "a misspelled cursor": ('{"id":1,"att":"2026-06-01T10:00:00Z"}', "did you mean att? If not, name another cursor"),
    "a cursor without a zone": ('{"id":1,"at":"2026-06-01T10:00:00"}', "id '1' has at '2026-06-01T10:00:00', which is"),
    "a cursor that is a number": ('{"id":1,"at":1764174000}', "id '1' has at 1764174000, which is no time"),
    "a cursor beyond the years": ('{"id":1,"at":"9999-12-31T23:59:59-01:00"}', "in the years 1 to 9999"),
}


def test_keys_and_cursors_that_are_none_are_one_line(api):  # noqa: F811
    saas.ENDPOINTS = ()
    for number, (text, _) in enumerate(KEYS.values()):
        declare(f"case{number}")
        api.vendor.objects[f"case{number}"] = [text.replace("TIME", TIME)]
    declare("pair", key="id, v")
    api.vendor.put("pair", f'{{"id":1,"v":2,{TIME}}}')
    saas.load()
    refused = api.refused()
    assert "'id, v' are 2 fields, and it takes one; name another, or ask the vendor" in refused["pair"].line
    for number, (name, (_, why)) in enumerate(KEYS.items()):
        assert why in refused[f"case{number}"].line, name


def test_an_exact_duplicate_is_one_row_and_the_newer_version_counts(api):  # noqa: F811
    api.vendor.put("items", one(1, '"v":"old"'), one(1, '"v":"old"'))
    api.vendor.put("items", '{"id":1,"at":"2026-06-01T10:00:00.5Z","v":"new"}')
    saas.load()
    assert api.values("v") == ["new"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"colums": {}}, "it has no option 'colums'; say 'columns'"),
        ({"curser": "at"}, "it has no option 'curser'; say 'cursor'"),
        ({"columns": {"v": "float"}}, "'v' has no type 'float'; say text, bigint, double"),
        ({"columns": {"v": "decimal(39, 2)"}}, "'v' has the type 'decimal(39, 2)'; p is at most 38, and s at most p"),
        ({"columns": {"v": "decimal(2, 3)"}}, "'v' has the type 'decimal(2, 3)'; p is at most 38, and s at most p"),
        ({"columns": {"v": "decimal(10)"}}, "'v' has no type 'decimal(10)'; say 'decimal(p, s)'"),
        ({"columns": {1: "text"}}, "columns names 1, which is no text; say '1'"),
        ({"params": {1: "text"}}, "params names 1, which is no text; say '1'"),
        ({"path": "https://other.example/items"}, "path='https://other.example/items' is an address; say what follows"),
        ({"cursor": "None"}, "cursor='None' is a text; say cursor=None, without quotes"),
        ({"columns": ["v"]}, "columns=['v'] is no dict"),
        ({"deletes": "swep"}, "deletes='swep': say \"sweep\""),
        ({"share": 20}, "max_deleted_fraction=20 is out of range; say a number from 0 to 1"),
        ({"key": None}, "key=None is no name"),
        ({"key": "at"}, "key and cursor are the same field, 'at'"),
        ({"cursor": None}, "cursor and since go together: say both, or cursor=None alone"),
        ({"columns": {"at": "text"}}, "its cursor is declared 'text'; say 'timestamp'"),
        ({"paginator": "pages"}, "paginator='pages' is none of dlt's"),
    ],
)
def test_a_wrong_word_is_refused_where_it_is_written(line, why):
    with pytest.raises(PipelineError) as refusal:
        endpoint("items", **line)
    where, _, said = str(refusal.value).partition(": Endpoint 'items': ")
    assert where.startswith("tests/support/api_platform.py:")
    assert said.startswith(why)


def test_a_word_that_is_missing_is_named():
    with pytest.raises(PipelineError, match="Endpoint 'items': it lacks the option 'deletes'"):
        Endpoint("items", key="id", cursor=None)


def test_an_endpoint_with_a_name_that_raw_writes_in_another_way_is_merged(api):  # noqa: F811
    declare("Order-Items", deletes="sweep", key="itemId")
    api.vendor.put("Order-Items", *({"itemId": f"k{number}", "item_id": number} for number in range(3)))
    saas.load()
    api.vendor.put("Order-Items", {"itemId": "k1", "item_id": 7, "at": "2026-06-01T11:00:00Z"})
    api.vendor.objects["Order-Items"].pop(0)
    saas.load()
    rows = api.raw("select item_id, _deleted_at is null from RAW.saas_order_items order by 1")
    assert rows == [("k0", False), ("k1", True), ("k2", True)]
    (other,) = [
        name for (name,) in api.raw("select column_name from (describe RAW.saas_order_items)") if "item_id_" in name
    ]
    assert api.raw(f"select {other} from RAW.saas_order_items order by item_id") == [(0,), (7,), (2,)]
    assert saas.load().load_ids == []


def test_a_key_that_is_declared_text_is_nothing_but_text(api):  # noqa: F811
    declare("items", columns={"id": "text"})
    api.vendor.put("items", one(1, '"v":1'), f'{{"id":"1",{TIME}}}')
    api.vendor.put("others", rf'{{"id":"\ud83d",{TIME}}}')
    saas.load()
    assert "saas_items.id: in id 1 1 is a bigint, and its column is text" in api.refused()["items"].line
    assert "half of a surrogate pair in its id" in api.refused()["others"].line


@pytest.mark.parametrize("names", [("a-b", "a_b"), ("a", "a_deletes")])
def test_endpoints_that_share_a_name_are_refused(names, monkeypatch):
    monkeypatch.setattr(saas, "ENDPOINTS", tuple(endpoint(name, deletes="sweep") for name in names))
    with pytest.raises(PipelineError, match="has the name"):
        list(saas.saas("http://127.0.0.1:1", "token").resources)
