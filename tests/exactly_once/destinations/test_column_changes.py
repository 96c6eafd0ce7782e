"""RAW's columns follow dlt's schema: wider types in place, others only if accepted."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.destinations.column_types import change, rounds
from exactly_once.errors import exit_code, permanent_failure, user_message
from tests.support.destination_trial import Trial

pytestmark = pytest.mark.slow

NUMBER = {"data_type": "decimal", "precision": 20, "scale": 4}
LONG = {"data_type": "decimal", "precision": 38, "scale": 9}


@pytest.fixture
def trial(tmp_path) -> Trial:
    return Trial(tmp_path)


def load(trial: Trial, values: dict[int, object], arrow: pa.DataType, gone: tuple[int, ...] = (), **hints):
    """Merge rows of an id and a value; `hints` are those of the extraction for the value's column."""
    pipeline = trial.pipeline()
    if hints and not trial.warehouse.exists():
        return trial.merge(rows(values, arrow, gone), columns={"v": hints})
    if hints:
        schema = pipeline.default_schema
        schema.tables["things"]["columns"]["v"].update(hints)
        schema._bump_version()
        pipeline._inject_schema(schema)
    return trial.merge(rows(values, arrow, gone))


def rows(values: dict[int, object], arrow: pa.DataType, gone: tuple[int, ...]) -> pa.Table:
    deleted = pa.array([datetime(2026, 1, 1, tzinfo=UTC) if id_ in gone else None for id_ in values])
    columns = {"id": list(values), "v": pa.array(list(values.values()), arrow)}
    return pa.table(columns | {"_deleted_at": deleted.cast(pa.timestamp("us", "UTC"))})


def values(trial: Trial) -> list[tuple]:
    return trial.rows(columns="id, v")


def type_of(trial: Trial, dataset: str = "RAW") -> str:
    names = f"upper(table_schema) = '{dataset}' AND table_name = 'things' AND column_name = 'v'"
    return trial.sql(f"SELECT data_type FROM information_schema.columns WHERE {names}")[0][0]


@pytest.mark.parametrize(
    ("old", "first", "new", "hints", "second", "stored"),
    [
        (
            pa.decimal128(10, 2),
            Decimal("1.25"),
            pa.decimal128(20, 4),
            NUMBER,
            Decimal("123456.1234"),
            "DECIMAL(20,4)",
        ),
        (pa.int64(), 2**62, pa.decimal128(38, 9), LONG, Decimal("0.5"), "DECIMAL(38,9)"),
        (pa.int64(), 3, pa.float64(), {"data_type": "double"}, 0.5, "DOUBLE"),
    ],
)
def test_a_wider_type_is_taken_over_with_all_values(trial, old, first, new, hints, second, stored):
    load(trial, {1: first, 2: first}, old, gone=(2,))
    load(trial, {3: second}, new, **hints)
    assert (type_of(trial), type_of(trial, "RAW_STAGING")) == (stored, stored)
    assert values(trial) == [(1, first), (2, first), (3, second)]
    load(trial, {1: second}, new)
    assert values(trial) == [(1, second), (2, first), (3, second)]


def test_a_type_that_widens_while_no_row_comes_is_wider_when_one_does(trial):
    load(trial, {1: Decimal("1.25")}, pa.decimal128(10, 2))
    pipeline = trial.pipeline()
    schema = pipeline.default_schema
    schema.tables["things"]["columns"]["v"].update(NUMBER)
    schema._bump_version()
    pipeline._inject_schema(schema)
    pipeline.run(pa.table({"id": [1]}), table_name="others", loader_file_format="parquet")
    assert type_of(trial) == "DECIMAL(20,4)"
    load(trial, {2: Decimal("0.0625")}, pa.decimal128(20, 4))
    assert values(trial) == [(1, Decimal("1.25")), (2, Decimal("0.0625"))]


def test_whole_numbers_that_a_double_does_not_hold_refuse_the_table(trial):
    load(trial, {1: 2**53 + 1, 2: 5}, pa.int64())
    line = refused(trial, {2: 0.5}, pa.float64(), data_type="double")
    assert "RAW.THINGS.V: RAW has BIGINT and the source now DOUBLE" in line
    assert "1 rows" in line
    assert values(trial) == [(1, 2**53 + 1), (2, 5)]


def test_a_type_that_is_no_wider_one_refuses_the_table_and_is_taken_over_when_accepted(trial):
    load(trial, {1: 7, 2: 8, 3: 9}, pa.int64(), gone=(3,))
    line = refused(trial, {1: "seven", 2: "8"}, pa.string(), data_type="text")
    assert "RAW has BIGINT and the source now VARCHAR" in line
    assert "--accept-type things.v" in line
    assert values(trial) == [(1, 7), (2, 8), (3, 9)]
    trial.pipeline().abort_packages()
    load(trial, {1: "seven", 2: "8"}, pa.string(), **{"data_type": "text", "x-accepted-type": True})
    assert values(trial) == [(1, "seven"), (2, "8"), (3, "9")]
    # And back: nobody else has the deleted row's value, which is a number.
    load(trial, {1: 1, 2: 2}, pa.int64(), **{"data_type": "bigint", "x-accepted-type": True})
    assert (type_of(trial), values(trial)) == ("BIGINT", [(1, 1), (2, 2), (3, 9)])
    # The third time the schema is one that the warehouse has had before.
    load(trial, {1: "one", 2: "2"}, pa.string(), **{"data_type": "text", "x-accepted-type": True})
    assert (type_of(trial), values(trial)) == ("VARCHAR", [(1, "one"), (2, "2"), (3, "9")])


def test_a_value_of_a_deleted_row_that_the_accepted_type_cannot_hold_refuses_the_table(trial):
    load(trial, {1: "x", 2: "y", 3: "7"}, pa.string(), gone=(2, 3))
    line = refused(trial, {1: 5}, pa.int64(), **{"data_type": "bigint", "x-accepted-type": True})
    assert "RAW has VARCHAR and the source now BIGINT" in line
    assert "1 rows that the source has deleted" in line
    assert values(trial) == [(1, "x"), (2, "y"), (3, "7")]


def test_an_accepted_time_zone_is_that_of_the_old_values(trial):
    summer = datetime(2026, 7, 1, 12)
    load(trial, {1: summer, 2: summer}, pa.timestamp("us"), (2,), data_type="timestamp", timezone=False)
    assert type_of(trial) == "TIMESTAMP"
    zone = {"data_type": "timestamp", "timezone": True, "x-accepted-type": True, "x-zone": "Europe/Berlin"}
    new = datetime(2026, 7, 1, 10, tzinfo=UTC)
    load(trial, {1: new}, pa.timestamp("us", "UTC"), **zone)
    assert trial.sql("SELECT id, v = '2026-07-01 10:00:00+00' FROM RAW.things ORDER BY id") == [(1, True), (2, True)]


def test_a_file_whose_numbers_a_column_would_round_is_refused(trial):
    load(trial, {1: Decimal("1.25")}, pa.decimal128(10, 2))
    trial.sql("ALTER TABLE RAW_STAGING.things ALTER v TYPE DECIMAL(10,1)")
    failure = trial.fails(pa.table({"id": [2], "v": pa.array([Decimal("0.25")], pa.decimal128(10, 2))}))
    assert "RAW has DECIMAL(10,1), which cannot hold 1 values of the source's DECIMAL(10,2)" in user_message(failure)
    assert exit_code(failure) == 4
    assert permanent_failure(failure)[0] == "things"


def refused(trial: Trial, rows: dict, arrow: pa.DataType, **hints) -> str:
    """Return the error line of a load that is rejected."""
    with pytest.raises(PipelineStepFailed) as failure:
        load(trial, rows, arrow, **hints)
    assert exit_code(failure.value) == 4
    table, line = permanent_failure(failure.value)
    assert table == "things"
    assert user_message(failure.value) == line
    return line


@pytest.mark.parametrize(
    ("dialect", "old", "new", "expected"),
    [
        ("duckdb", "DECIMAL(10,2)", "DECIMAL(10,2)", "same"),
        ("duckdb", "DECIMAL(10,2)", "DECIMAL(10,4)", "other"),
        ("duckdb", "DECIMAL(12,4)", "DECIMAL(10,2)", "narrower"),
        ("duckdb", "INTEGER", "BIGINT", "wider"),
        ("duckdb", "BIGINT", "DECIMAL(18,0)", "narrower"),
        ("duckdb", "BIGINT", "DECIMAL(19,0)", "wider"),
        ("duckdb", "SMALLINT", "DOUBLE", "wider"),
        ("duckdb", "BIGINT", "DOUBLE", "checked"),
        ("duckdb", "DOUBLE", "BIGINT", "other"),
        ("duckdb", "DOUBLE", "DECIMAL(38,9)", "other"),
        ("duckdb", "FLOAT", "DOUBLE", "wider"),
        ("duckdb", "BIGINT", "VARCHAR", "other"),
        ("duckdb", "JSON", "VARCHAR", "other"),
        ("duckdb", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "other"),
        ("duckdb", "TIMESTAMP_MS", "TIMESTAMP", "wider"),
        ("duckdb", "TIMESTAMP", "TIMESTAMP_NS", "other"),
        ("duckdb", "UUID", "VARCHAR", "same"),
        ("snowflake", "NUMBER(19,0)", "NUMBER(19,0)", "same"),
        ("snowflake", "NUMBER(19,0)", "NUMBER(38,9)", "wider"),
        ("snowflake", "NUMBER(19,0)", "FLOAT", "checked"),
        ("snowflake", "TEXT", "VARCHAR", "same"),
        ("snowflake", "FLOAT", "DOUBLE", "same"),
        ("snowflake", "TIMESTAMP_LTZ", "TIMESTAMP_LTZ(6)", "same"),
        ("snowflake", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ(6)", "other"),
        ("snowflake", "VARIANT", "VARCHAR", "other"),
    ],
)
def test_what_a_change_of_type_is(dialect, old, new, expected):
    assert change(old, new, dialect) == expected


def test_only_numbers_that_may_differ_are_counted():
    assert rounds("DECIMAL(10,4)", "DECIMAL(10,2)")
    assert rounds("DOUBLE", "BIGINT")
    assert not rounds("INTEGER", "BIGINT")
    assert not rounds("VARCHAR", "JSON")
