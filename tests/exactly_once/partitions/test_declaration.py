"""A partition column that makes no sense is refused at import, in one line."""

import pytest

from exactly_once.errors import PipelineError
from exactly_once.partitions.declaration import partition_hint, partition_of, settled_hints
from exactly_once.postgres import Table
from exactly_once.rest_api import Endpoint

TABLE = {"key": "id", "cursor": "updated_at", "deletes": "none"}
ENDPOINT = {
    "key": "id", "cursor": "at", "since": "after", "deletes": "none",
    "columns": {"created_at": "timestamp", "name": "text"},
}  # fmt: skip
SENSIBLE = "name a timestamp, a date or a whole number that a row keeps for ever and that follows time"


def test_a_column_of_the_key_and_one_beside_it_are_taken():
    assert Table("orders", **TABLE, partition="id").partition == "id"
    assert Endpoint("orders", **ENDPOINT, partition="created_at").partition == "created_at"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"partition": "updated_at"}, f"its partition 'updated_at' is its cursor, which changes; {SENSIBLE}."),
        ({"partition": "a", "exclude": ["a"]}, f"its partition 'a' is in exclude; {SENSIBLE}."),
        ({"partition": "a", "as_text": ["a"]}, f"its partition 'a' is in as_text; {SENSIBLE}."),
        ({"partition": "a", "deletes": "a"}, f"its partition 'a' is its column of deletes, which changes; {SENSIBLE}."),
        ({"partition": "a", "cursor": None}, "without a cursor the table is read whole each time; take it out."),
        ({"partition": ""}, "partition='' is no name."),
        ({"partitions": "a"}, "it has no option 'partitions'; say 'partition'."),
    ],
)
def test_a_table_with_a_wrong_partition_is_refused(options, line):
    with pytest.raises(PipelineError) as refused:
        Table("orders", **(TABLE | options))
    assert str(refused.value).endswith(line)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"partition": "at"}, f"its partition 'at' is its cursor, which changes; {SENSIBLE}."),
        ({"partition": "create_at"}, "its partition 'create_at' is no field of columns; did you mean 'created_at'."),
        ({"partition": "zzz"}, 'its partition \'zzz\' is no field of columns; say columns={"zzz": "timestamp"}.'),
        ({"partition": "name"}, f"its partition 'name' is declared 'text'; {SENSIBLE}."),
        ({"partition": "created_at", "cursor": None, "since": None}, "the collection is read whole; take it out."),
    ],
)
def test_an_endpoint_with_a_wrong_partition_is_refused(options, line):
    with pytest.raises(PipelineError) as refused:
        Endpoint("orders", **(ENDPOINT | options))
    assert str(refused.value).endswith(line)


def test_one_column_is_left_of_an_earlier_declaration_and_of_two_none_counts():
    known = {"a": {"data_type": "date", **partition_hint()}, "b": {"data_type": "date"}}
    assert partition_of(known) == "a"
    assert settled_hints(known, "b") == {"a": partition_hint(False), "b": partition_hint()}
    assert settled_hints(known, None) == {"a": partition_hint(False)}
    assert partition_of({name: column | partition_hint() for name, column in known.items()}) is None
