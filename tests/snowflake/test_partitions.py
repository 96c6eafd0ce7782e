"""A merge by a partition column on Snowflake: literal ranges in each statement, and its rows."""

import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from exactly_once.partitions.declaration import partition_hint
from pipelines.environment import build_pipeline
from tests.snowflake.statements import sent_by
from tests.snowflake.test_sql import lint
from tests.snowflake.test_storage_types import side
from tests.support.destination_trial import MERGED

__all__ = ["side"]
DAY0 = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {
    "timestamptz": (pa.timestamp("us", "UTC"), lambda at: at),
    "timestamp": (pa.timestamp("us"), lambda at: at.replace(tzinfo=None)),
    "date": (pa.date32(), lambda at: at.date()),
    "bigint": (pa.int64(), lambda at: (at - DAY0).days * 10**6),
}


def load(kind: str, *rows: tuple[int, int | None, str]) -> None:
    """Merge rows of an id, a day and a value."""
    arrow, convert = KINDS[kind]
    ids, days, values = zip(*rows, strict=True)
    at = pa.array([None if one is None else convert(DAY0 + timedelta(days=one)) for one in days], arrow)
    columns = {"at": partition_hint()}
    build_pipeline("trial").run(pa.table({"id": ids, "at": at, "v": values}), **MERGED, columns=columns)


@pytest.mark.parametrize("kind", KINDS)
def test_a_merge_names_the_ranges_of_its_batch(side, offline, kind):
    load(kind, (1, 0, "a"), (2, 400, "a"), (3, None, "a"), (4, -2000, "a"), (5, 1, "a"))
    before = len(offline.statements())
    load(kind, (1, 0, "b"), (4, -2000, "b"), (5, 1, "b"), (6, 401, "b"))
    texts = [text for _, text in sent_by(offline.statements()[before:])]
    merge = [text for text in texts if re.search("DELETE FROM .*THINGS.* AS merge_target|HAVING count", text)]
    assert len(merge) == 2
    ranges = 3 if kind != "bigint" else 4
    for text in merge:
        assert len(re.findall(r'"AT" >= ', text)) == ranges, text
        assert "IS NULL" not in text
        assert kind == "bigint" or "CAST('2026-01-01" in text or "CAST('2025-12-31 23:59:59.999999" in text
    found = dict(side.rows("select id, v from TYPES_RAW.THINGS")[1])
    assert found == {1: "b", 2: "a", 3: "a", 4: "b", 5: "b", 6: "b"}
    load(kind, (3, None, "c"))
    assert side.rows("select id, v from TYPES_RAW.THINGS where v = 'c'")[1] == [(3, "c")]
    assert side.rows("select count(*) from TYPES_RAW.THINGS")[1] == [(6,)]
    assert lint(texts) == []
