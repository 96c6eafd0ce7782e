"""Every write disposition and merge strategy of dlt's DuckDB gives the same tables through the lake."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pytest

from exactly_once.destinations.lake import lake
from exactly_once.destinations.staged_duckdb import staged_duckdb
from exactly_once.errors import user_message

pytestmark = pytest.mark.integration

FIRST = [
    {"id": 1, "name": "one", "version": 1, "day": "mon", "tags": [{"tag": "a"}, {"tag": "b"}]},
    {"id": 2, "name": "two", "version": 1, "day": "mon", "tags": [{"tag": "c"}]},
    {"id": 3, "name": "it's", "version": 1, "day": "tue", "tags": []},
]
SECOND = [
    {"id": 2, "name": "TWO", "version": 2, "day": "tue", "tags": [{"tag": "d"}, {"tag": "e"}]},
    {"id": 4, "name": None, "version": 1, "day": "tue", "tags": [{"tag": "f"}]},
]
AGAIN = [  # a key twice in one batch, and one that is as it was
    {"id": 4, "name": "four", "version": 2, "day": "tue", "tags": [{"tag": "h"}]},
    {"id": 4, "name": "older", "version": 1, "day": "tue", "tags": [{"tag": "g"}]},
    {"id": 1, "name": "one", "version": 1, "day": "mon", "tags": [{"tag": "a"}, {"tag": "b"}]},
]
# dlt's SQL of these strategies calls the tables d and s.
ALIASES = [
    [{"id": n, "version": turn, "d": f"{turn}", "s": turn, "tags": [{"d": f"{n}", "s": n}]} for n in (turn, 2)]
    for turn in (1, 3)
]
UNIQUE = [SECOND[1], FIRST[0]]  # for strategies that take each key once in a batch
KEY = {"primary_key": "id"}


@dataclass(frozen=True)
class Case:
    """Options of the runs, and the batches, one a run."""

    name: str
    options: dict[str, Any]
    batches: Sequence[Any] = (FIRST, SECOND, UNIQUE)
    replace_strategy: str | None = None


def merge(strategy: str, **also: Any) -> dict[str, Any]:
    return {"write_disposition": {"disposition": "merge", "strategy": strategy} | also}


HARD_DELETE = {"columns": {"is_gone": {"hard_delete": True, "data_type": "bool"}}}
GONE = [{"id": 2, "name": "TWO", "version": 3, "day": "tue", "is_gone": True, "tags": []}]
RANDOM = ("_dlt_id", "_dlt_load_id", "_dlt_parent_id", "_dlt_root_id")
NEWEST = {"columns": {"version": {"dedup_sort": "desc"}}}
AT = {"boundary_timestamp": "2026-01-01T00:00:00+00:00"}

CASES = [
    Case("append", {"write_disposition": "append"}),
    Case("append of Arrow tables", {"write_disposition": "append"}, [pa.table({"id": [1, 2]}), pa.table({"id": [2]})]),
    *(
        Case(f"replace by {strategy}", {"write_disposition": "replace"}, replace_strategy=strategy)
        for strategy in dlt.destinations.duckdb().capabilities().supported_replace_strategies
    ),
    Case("replace by nothing", {"write_disposition": "replace"}, [FIRST, []]),
    Case("merge delete-insert", merge("delete-insert") | KEY | NEWEST, [FIRST, SECOND, AGAIN]),
    Case("merge delete-insert by a merge key", merge("delete-insert") | {"merge_key": "day"}),
    Case("merge delete-insert by both keys", merge("delete-insert") | KEY | {"merge_key": "day"}),
    Case("merge delete-insert without a key", merge("delete-insert")),
    Case("merge delete-insert with hard deletes", merge("delete-insert") | KEY | HARD_DELETE, [FIRST, SECOND, GONE]),
    Case("merge upsert", merge("upsert") | KEY),
    Case("merge upsert with hard deletes", merge("upsert") | KEY | HARD_DELETE, [FIRST, SECOND, GONE]),
    Case("merge scd2", merge("scd2", **AT)),
    Case("merge scd2 by a merge key", merge("scd2", **AT) | {"merge_key": "day"}),
    Case("merge insert-only", merge("insert-only") | KEY),
    Case("merge cdc", merge("cdc") | KEY),
    *(
        Case(f"merge {strategy} of columns d and s", merge(strategy) | KEY, ALIASES)
        for strategy in ("upsert", "insert-only", "cdc")
    ),
    Case("merge scd2 of columns d and s", merge("scd2", **AT), ALIASES),
]
# A lake from which RAW is rebuilt keeps its files; dlt's default truncates them.
KEPT = ("append", "replace by truncate-and-insert", "merge delete-insert")
OFTEN = ("append", "replace by truncate-and-insert", "merge delete-insert", "merge upsert", "merge scd2")
TRIED = [
    pytest.param(case, truncates, id=f"{case.name}-{truncates}", marks=() if is_often else pytest.mark.slow)
    for truncates in (True, False)
    for case in CASES
    if truncates or case.name in KEPT
    for is_often in [truncates and case.name in OFTEN]
]


def load(folder: Path, destination: Any, staging: Any, case: Case) -> dict[str, list[tuple]]:
    for batch in case.batches:
        pipeline = dlt.pipeline(
            "shop",
            destination=destination,
            staging=staging,
            dataset_name="landing",
            pipelines_dir=str(folder / "dlt"),
        )
        pipeline.run(dlt.resource(batch, name="things", **case.options))
    with duckdb.connect(str(folder / "shop.duckdb"), read_only=True) as connection:
        return contents(connection)


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple]]:
    """Return the rows of each table in order: without dlt's random keys, a nested row with its parent's values."""
    names = [
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'landing' order by 1"
        ).fetchall()
        if not name.startswith("_")
    ]
    found = {}
    for name in names:
        columns = [row[0] for row in connection.execute(f"describe landing.{name}").fetchall()]
        kept = [column for column in columns if column not in RANDOM]
        nested = "_dlt_parent_id" in columns
        parent = " left join landing.things as p on p._dlt_id = t._dlt_parent_id" if nested else ""
        selected = ", ".join(f't."{column}"' for column in sorted(kept)) + (", p.id, p.version" if nested else "")
        rows = connection.execute(f"select {selected} from landing.{name} as t{parent}").fetchall()
        found[f"{name}({', '.join(sorted(kept))})"] = sorted(rows, key=repr)
    return found


@pytest.mark.parametrize(("case", "truncates"), TRIED)
def test_tables_are_those_of_dlts_own_duckdb(tmp_path, case, truncates):
    settings = {"replace_strategy": case.replace_strategy} if case.replace_strategy else {}
    own, ours = tmp_path / "own", tmp_path / "ours"
    for folder in (own, ours):
        folder.mkdir()
    expected = load(own, dlt.destinations.duckdb(str(own / "shop.duckdb"), **settings), None, case)
    destination = staged_duckdb(
        str(ours / "shop.duckdb"), truncate_tables_on_staging_destination_before_load=truncates, **settings
    )
    found = load(ours, destination, dlt.destinations.filesystem(str(ours / "lake")), case)
    assert found == expected
    assert any(expected.values()) or "nothing" in case.name


def test_every_strategy_that_dlt_names_for_duckdb_has_a_case():
    tried = {case.options["write_disposition"].get("strategy") for case in CASES if "merge" in case.name}
    named = set(dlt.destinations.duckdb().capabilities().supported_merge_strategies)
    assert tried == named
    ours, own = staged_duckdb().capabilities(), dlt.destinations.duckdb().capabilities()
    assert ours.supported_merge_strategies == own.supported_merge_strategies
    assert ours.supported_replace_strategies == own.supported_replace_strategies


def test_a_strategy_that_duckdb_does_not_have_is_refused_in_one_line(tmp_path):
    destination = staged_duckdb(str(tmp_path / "shop.duckdb"), replace_strategy="staging-optimized")
    case = Case("", {"write_disposition": "replace"}, [FIRST])
    with pytest.raises(Exception, match="staging-optimized") as failure:
        load(tmp_path, destination, dlt.destinations.filesystem(str(tmp_path / "lake")), case)
    assert user_message(failure.value) == (
        "The destination's replace_strategy is staging-optimized, which DuckDB does not have: set it to "
        "truncate-and-insert or insert-from-staging."
    )


@pytest.mark.parametrize("strategy", ["upsert", "insert-only", "cdc"])
def test_a_document_with_the_name_of_an_alias_is_refused_in_one_line(tmp_path, strategy):
    """DuckDB would read d."id" as the document's field."""
    options = merge(strategy) | KEY | {"columns": {"d": {"data_type": "json"}}}
    case = Case("", options, [[{"id": 1, "d": {"id": 7}}]])
    with pytest.raises(Exception, match="alias") as failure:
        load(tmp_path, staged_duckdb(str(tmp_path / "shop.duckdb")), lake(str(tmp_path / "lake")), case)
    assert user_message(failure.value) == (
        "things: the column d has the name of an alias in dlt's SQL of this merge strategy: declare "
        'write_disposition="merge" (delete-insert), or give the column another name.'
    )
