"""A merge is one transaction, whatever fails in it; it takes any column name, and detects a duplicate key."""

import dlt
import pyarrow as pa
import pytest
from dlt.destinations.sql_jobs import SqlMergeFollowupJob

import exactly_once.destinations.memory_limit as memory_limit
from exactly_once.destinations.staged_duckdb import StagedDuckDbClient, staged_duckdb
from exactly_once.errors import exit_code, permanent_failure, user_message
from tests.support.destination_trial import MERGED, Trial

pytestmark = pytest.mark.slow


@pytest.fixture
def trial(tmp_path) -> Trial:
    return Trial(tmp_path)


def wide(ids: range, tag: str, columns: int = 200) -> pa.Table:
    return pa.table({"id": list(ids)} | {f"c{n}": [f"{tag} {id_} {n}" for id_ in ids] for n in range(columns)})


def things(ids: list[int], name: str | None = "a") -> pa.Table:
    return pa.table({"id": ids, "name": pa.array([name] * len(ids), pa.string())})


def test_a_merge_that_runs_out_of_memory_changes_nothing_and_lands_later(trial):
    trial.merge(wide(range(500), "old"))
    before = trial.rows()
    failure = trial.fails(wide(range(19), "new"), {"memory_limit": "60MB", "max_memory": "80MB"})
    assert trial.rows() == before
    assert "block" in user_message(failure) or "Out of Memory" in user_message(failure)
    assert permanent_failure(failure) is None
    trial.pipeline(memory_limit="60MB").load()
    assert trial.sql("SELECT count(*), count(*) FILTER (c0 LIKE 'new%') FROM RAW.things") == [(500, 19)]


def test_a_merge_gets_the_memory_that_wide_rows_need_and_gives_it_back(trial):
    trial.merge(wide(range(300), "old", 1200))
    seen = []
    pipeline = trial.pipeline(memory_limit="100MB")
    pipeline.run(wide(range(20), "new", 1200), **MERGED)
    with pipeline.sql_client() as warehouse:
        seen.append(memory_limit.read_limit(warehouse))
    assert seen[0] < 101 * memory_limit.MB
    assert trial.sql("SELECT count(*), count(*) FILTER (c1199 LIKE 'new%') FROM RAW.things") == [(300, 20)]


def test_one_long_value_is_merged(trial):
    trial.merge(things([1, 2]))
    trial.merge(things([2], "x" * 50_000_000), {"memory_limit": "128MB"})
    assert trial.sql("SELECT id, length(name) FROM RAW.things ORDER BY id") == [(1, 1), (2, 50_000_000)]


def test_a_merge_whose_insert_fails_keeps_the_rows_that_it_deleted(trial):
    trial.merge(things([1, 2, 3]))
    trial.sql("ALTER TABLE RAW.things ALTER name SET NOT NULL")
    failure = trial.fails(things([2, 4], None))
    assert trial.rows() == [(1, "a"), (2, "a"), (3, "a")]
    line = user_message(failure)
    assert "RAW.THINGS" in line
    assert "Constraint Error: NOT NULL constraint failed" in line
    assert permanent_failure(failure)[0] == "things"
    assert "name" in permanent_failure(failure)[1]
    again = trial.fails(None)  # pending, and the reason is the same
    assert permanent_failure(again) == permanent_failure(failure)
    trial.sql("ALTER TABLE RAW.things ALTER name DROP NOT NULL")
    trial.pipeline().load()
    assert trial.rows() == [(1, "a"), (2, None), (3, "a"), (4, None)]


@pytest.mark.parametrize("damage", ["removed", "cut off", "changed inside"])
def test_a_file_that_is_lost_is_named_and_the_load_lands_when_it_is_back(trial, damage):
    trial.merge(things([1, 2]))
    trial.sql("ALTER TABLE RAW_STAGING.things ALTER name SET NOT NULL")
    first = trial.fails(things([2, 3], None))
    assert permanent_failure(first)[0] == "things"
    trial.sql("ALTER TABLE RAW_STAGING.things ALTER name DROP NOT NULL")
    file = max((trial.folder / "lake").rglob("things/*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    content = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        place = content.index(b"PAR1") + 4
        file.write_bytes(
            content[:-9] if damage == "cut off" else content[:place] + b"\xff" * 12 + content[place + 12 :]
        )
    failure = trial.fails(None)
    line = user_message(failure)
    assert file.name in line
    assert "cannot be read" in line
    assert "\n" not in line
    assert permanent_failure(failure) is None
    assert exit_code(failure) == 1
    assert trial.rows() == [(1, "a"), (2, "a")]
    file.write_bytes(content)
    trial.pipeline().load()
    assert trial.rows() == [(1, "a"), (2, None), (3, None)]


NAMES = ["d", "s", "merge_target", "merge_batch", "merge_newest", "merge_number", "merge_row", "_dlt_dedup_rn", "rowid"]


@pytest.mark.parametrize("names", [NAMES[:1], NAMES[:2], NAMES[:7], NAMES])
def test_a_column_of_any_name_is_merged(trial, names):
    columns = {name: {"data_type": "json"} for name in names}
    for turn in range(3):
        rows = {"id": [1, 2, 2, 3 + turn]} | {
            name: [f'{{"id": {n}, "turn": {turn}}}' for n in range(4)] for name in names
        }
        trial.merge(pa.table(rows), columns=columns)
    assert trial.sql("SELECT count(*), count(DISTINCT id) FROM RAW.things") == [(5, 5)]
    ((turns,),) = trial.sql(f"SELECT list(DISTINCT {names[0]}->>'turn') FROM RAW.things WHERE id IN (1, 2, 5)")
    assert turns == ["2"]


class DltsSql(StagedDuckDbClient):
    """Our client with dlt's own merge SQL, as in a package of an earlier version."""

    def _create_merge_followup_jobs(self, table_chain):
        return [SqlMergeFollowupJob.from_table_chain(table_chain, self.sql_client)]


class with_dlts_sql(staged_duckdb):  # noqa: N801
    """The destination with that client."""

    @property
    def client_class(self):
        return DltsSql


with_dlts_sql.register()


def test_a_key_that_a_merge_would_leave_twice_rolls_it_back(tmp_path):
    trial = Trial(tmp_path, with_dlts_sql)
    table = pa.table({"id": [1, 2], "part": ["x", "y"], "d": ['{"id": 7}'] * 2})
    options = {"columns": {"d": {"data_type": "json"}}, "primary_key": ["id", "part"]}
    trial.merge(table, **options)
    before = trial.rows()
    failure = trial.fails(table, **options)
    assert trial.rows() == before
    line = user_message(failure)
    assert "RAW.THINGS" in line
    assert "id = 1, part = 'x'" in line or "id = 2, part = 'y'" in line
    assert exit_code(failure) == 4
    assert permanent_failure(failure) == ("things", line)


def test_the_newest_row_of_a_key_counts_and_a_marked_one_goes(trial):
    options = {"columns": {"moment": {"dedup_sort": "desc"}, "gone": {"hard_delete": True, "data_type": "bool"}}}
    rows = {"id": [1, 1, 2, 3], "moment": [5, 7, 1, 1], "gone": [False, False, None, False]}
    trial.merge(pa.table(rows), **options)
    assert trial.rows(columns="id, moment") == [(1, 7), (2, 1), (3, 1)]
    trial.merge(pa.table({"id": [2, 2, 3], "moment": [8, 9, 2], "gone": [True, False, True]}), **options)
    assert trial.rows(columns="id, moment") == [(1, 7), (2, 9)]


ORDERS = [
    [{"id": 1, "name": "a", "lines": [{"sku": "x"}, {"sku": "y"}]}, {"id": 2, "name": "b", "lines": [{"sku": "z"}]}],
    [{"id": 1, "name": "a2", "lines": [{"sku": "w", "parts": [1, 2]}]}, {"id": 3, "name": "c", "lines": []}],
    [{"id": 2, "name": "b2", "lines": []}, {"id": 1, "name": "a3", "lines": [{"sku": "w", "parts": [3]}]}],
]


def test_nested_tables_are_what_dlt_makes_of_them(trial, tmp_path):
    plain = dlt.pipeline(
        "plain", destination=dlt.destinations.duckdb(str(tmp_path / "plain.duckdb")), dataset_name="RAW",
        pipelines_dir=str(tmp_path / "dlt"),
    )  # fmt: skip
    for orders in ORDERS:
        trial.merge(orders)
        plain.run(orders, **MERGED)
    queries = (
        "SELECT id, name FROM RAW.things ORDER BY ALL",
        "SELECT t.id, l.sku FROM RAW.things t JOIN RAW.things__lines l ON l._dlt_parent_id = t._dlt_id ORDER BY ALL",
        "SELECT p.value FROM RAW.things__lines__parts p ORDER BY ALL",
        "SELECT (SELECT count(*) FROM RAW.things__lines), (SELECT count(*) FROM RAW.things__lines__parts)",
    )
    with plain.sql_client() as warehouse:
        expected = [list(warehouse.execute_sql(query)) for query in queries]
    assert [trial.sql(query) for query in queries] == expected
    assert expected[2] == [(3,)]


def test_dlt_still_has_what_the_merge_leans_on():
    assert staged_duckdb().capabilities().supports_transactions is None, (
        "dlt says that DuckDB has transactions now: exactly_once/destinations/merge_job.py may be needed no more"
    )
    assert hasattr(StagedDuckDbClient, "_create_merge_followup_jobs")
