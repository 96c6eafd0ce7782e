"""How a load changes RAW's tables on Snowflake: types in place or by a copy, rows in one transaction."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.errors import exit_code, permanent_failure
from pipelines.environment import build_pipeline
from tests.snowflake.history import snowflake_settings
from tests.snowflake.statements import sent_by
from tests.snowflake.test_sql import lint
from tests.snowflake.warehouses import Snowflake, write_key
from tests.support.destination_trial import MERGED

TABLE = "TYPES_RAW.THINGS"
COPY = '"_DLT_NEW_V"'
LAKE = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "REGION_NAME": "us-east-1"}


@pytest.fixture
def side(offline, s3_server, tmp_path, monkeypatch):
    """This process with the settings of a shell and its own dataset."""
    settings = snowflake_settings(offline.port, write_key(tmp_path)) | {
        "MAILBLAZE_ENV": "dev",
        "MAILBLAZE_DATA_DIR": str(tmp_path),
        "WAREHOUSE__SCRATCH": "TYPES_",
        "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": s3_server,
        **{f"DESTINATION__LAKE__CREDENTIALS__{name}": value for name, value in LAKE.items()},
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    side = Snowflake("dev", tmp_path, settings)
    side.server = offline
    yield side
    for schema in ("TYPES_RAW", "TYPES_RAW_STAGING"):
        side.execute(f"drop schema if exists {schema} cascade")


def load(values: dict[int, object], arrow: pa.DataType, gone: tuple[int, ...] = (), **hints) -> None:
    """Merge rows of an id and a value; `hints` are the column hints of the value from extraction."""
    pipeline = build_pipeline("trial")
    if hints:
        schema = pipeline.default_schema
        schema.tables["things"]["columns"]["v"].update(hints)
        schema._bump_version()
        pipeline._inject_schema(schema)
    deleted = pa.array([datetime(2026, 1, 1, tzinfo=UTC) if id_ in gone else None for id_ in values])
    columns = {"id": list(values), "v": pa.array(list(values.values()), arrow)}
    pipeline.run(pa.table(columns | {"_deleted_at": deleted.cast(pa.timestamp("us", "UTC"))}), **MERGED)


def rows(side: Snowflake) -> list[tuple]:
    return sorted(side.rows(f"select id, v from {TABLE}")[1])


def type_of(side: Snowflake) -> tuple:
    what = "data_type, numeric_precision, numeric_scale from information_schema.columns"
    place = "table_schema = 'TYPES_RAW' and table_name = 'THINGS' and column_name = 'V'"
    return side.rows(f"select {what} where {place}")[1][0]


WIDER = {"data_type": "decimal", "precision": 20, "scale": 4}
STEPS = (
    f"alter table {TABLE} add column {COPY} number(20,4)",
    f"update {TABLE} set {COPY} = cast(v as number(20,4))",
    f'alter table {TABLE} drop column "V"',
    f'alter table {TABLE} rename column {COPY} to "V"',
)


@pytest.mark.parametrize("done", range(len(STEPS) + 1))
def test_a_wider_scale_copies_the_column_wherever_a_run_before_was_killed(side, offline, done):
    load({1: Decimal("1.25"), 2: Decimal("2.50")}, pa.decimal128(10, 2), gone=(2,))
    side.execute(*STEPS[:done])
    first = len(offline.statements())
    load({3: Decimal("0.0625")}, pa.decimal128(20, 4), **WIDER)
    assert type_of(side) == ("NUMBER", 20, 4)
    assert rows(side) == [(1, Decimal("1.25")), (2, Decimal("2.50")), (3, Decimal("0.0625"))]
    assert lint([text for _, text in sent_by(offline.statements()[first:])]) == []


def test_more_digits_before_the_point_are_altered_in_place(side, offline):
    load({1: Decimal("1.25")}, pa.decimal128(10, 2))
    first = len(offline.statements())
    load({2: Decimal("123456789012.25")}, pa.decimal128(20, 2), data_type="decimal", precision=20, scale=2)
    sent = [text for _, text in sent_by(offline.statements()[first:])]
    assert any('ALTER COLUMN "V" SET DATA TYPE NUMBER(20,2)' in text for text in sent)
    assert not any("_DLT_NEW_" in text for text in sent)
    assert type_of(side) == ("NUMBER", 20, 2)
    assert rows(side) == [(1, Decimal("1.25")), (2, Decimal("123456789012.25"))]


def test_a_type_that_is_no_wider_one_is_taken_over_only_when_accepted(side):
    load({1: "x", 2: "7", 3: "8"}, pa.string(), gone=(2,))
    with pytest.raises(PipelineStepFailed) as failure:
        load({1: 5}, pa.int64(), data_type="bigint")
    assert exit_code(failure.value) == 4
    table, line = permanent_failure(failure.value)
    assert table == "things"
    assert "RAW has TEXT and the source now NUMBER(19,0)" in line
    assert rows(side) == [(1, "x"), (2, "7"), (3, "8")]
    build_pipeline("trial").abort_packages()
    load({1: 5, 3: 6}, pa.int64(), **{"data_type": "bigint", "x-accepted-type": True})
    assert rows(side) == [(1, 5), (2, 7), (3, 6)]


def test_a_merge_whose_insert_fails_keeps_the_rows_that_it_deleted(side, offline):
    load({1: 1, 2: 2}, pa.int64())
    side.execute(f"alter table {TABLE} alter column v set not null")
    first = len(offline.statements())
    with pytest.raises(PipelineStepFailed) as failure:
        load({2: None, 3: 3}, pa.int64())
    assert rows(side) == [(1, 1), (2, 2)]
    assert any(text.startswith('DELETE FROM "TYPES_RAW"') for _, text in sent_by(offline.statements()[first:]))
    assert "things" in str(failure.value)
    side.execute(f"alter table {TABLE} alter column v drop not null")
    build_pipeline("trial").load()
    assert rows(side) == [(1, 1), (2, None), (3, 3)]
