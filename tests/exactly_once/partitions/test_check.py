"""A row whose partition column changed is found and merged again; a column that changes often is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from exactly_once.errors import PipelineError
from exactly_once.partitions import check, schedule
from tests.support.event_shop import EventShop, day

pytestmark = pytest.mark.integration

MOVED = [(1, day(0), 1, "a"), (1, day(5), 2, "b"), (2, day(0), 1, "a")]


@pytest.fixture
def shop(tmp_path, monkeypatch) -> EventShop:
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "86400")
    return EventShop(tmp_path)


@pytest.fixture
def doubled(shop) -> EventShop:
    """RAW has both versions of an event."""
    shop.load((1, 0, 1, "a"), (2, 0, 1, "a"))
    shop.load((1, 5, 2, "b"))
    assert shop.events() == MOVED
    return shop


def test_a_moved_row_is_merged_again_when_the_check_is_due(doubled, monkeypatch, capsys):
    assert doubled.load((3, 0, 1, "c")).corrected == []
    assert doubled.events() == [*MOVED, (3, day(0), 1, "c")]  # a day has not passed
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "0")
    report = doubled.load((4, 0, 1, "d"))
    (line,) = report.corrected
    assert "RAW.EVENTS: 1 key(s) had another at than before and were there twice (id = 1)" in line
    assert line in capsys.readouterr().err
    assert doubled.events() == [(1, day(5), 2, "b"), (2, day(0), 1, "a"), (3, day(0), 1, "c"), (4, day(0), 1, "d")]
    (moved,) = doubled.sql("select _dlt_load_id from raw.events where id = 1")
    assert moved == (report.load_ids[0],)  # who reads RAW by load reads the row again
    moves = "select table_name, row_key, moved_from, moved_to, _dlt_load_id from raw.shop_partition_moves"
    assert doubled.sql(moves) == [("events", '["1"]', day(0).isoformat(), day(5).isoformat(), *moved)]
    assert doubled.load((4, 0, 1, "d")).corrected == []


def test_a_check_that_finds_nothing_is_remembered_by_the_load_that_lands(doubled, monkeypatch):
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "0")
    doubled.load()
    before = schedule.entries(doubled.pipeline())["events"]
    asked = []
    monkeypatch.setattr(check, "twice", lambda raw, since: asked.append(since) or ([], 3))
    doubled.load()
    after = schedule.entries(doubled.pipeline())["events"]
    assert before["rows"] == 3
    assert after["rows"] == 3
    assert len(asked) == 1
    assert float(asked[0]) < datetime.fromisoformat(before["at"]).timestamp()  # only keys of loads since then
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "86400")
    doubled.load()
    assert len(asked) == 1


def test_a_replay_gives_the_same_raw_before_and_after_a_correction(doubled, monkeypatch):
    everything = "* exclude (_dlt_id)" if "_dlt_id" in str(doubled.sql("describe raw.events")) else "*"
    doubled.replay()
    assert doubled.events(everything, "again") == doubled.events(everything)
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "0")
    doubled.load((1, 6, 3, "e"))
    doubled.load()
    (doubled.folder / "again.duckdb").unlink()
    doubled.replay()
    assert doubled.events(everything, "again") == doubled.events(everything)
    assert doubled.events()[0] == (1, day(6), 3, "e")


def test_a_version_with_the_same_cursor_loses_to_the_later_load(shop, monkeypatch):
    shop.load((1, 0, 1, "a"))
    shop.load((1, 5, 1, "b"))
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "0")
    shop.load()
    assert shop.events() == [(1, day(5), 1, "b")]


def test_three_versions_become_one(shop, monkeypatch):
    for number in range(3):
        shop.load((1, 5 * number, number, "abc"[number]))
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "0")
    shop.load()
    assert shop.events() == [(1, day(10), 2, "c")]


@pytest.fixture
def wrong(shop, monkeypatch) -> EventShop:
    """RAW has more keys twice than may change at once."""
    keys = range(check.FEW + 1)
    shop.load(*((key, 0, 1, "a") for key in keys))
    shop.load(*((key, 5, 2, "b") for key in keys))
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "0")
    return shop


def test_a_column_that_changes_often_is_refused_until_the_declaration_is_taken_away(wrong):
    keys = range(check.FEW + 1)
    (refused,) = wrong.load((1, 9, 9, "z")).refused
    assert (refused.raw_name, refused.exit_code) == ("events", 4)
    assert "RAW.EVENTS: 101 keys have another at than before and are there twice (id = 0)" in refused.line
    assert "take partition= of events (or the hint x-partition) out of" in refused.line
    assert len(wrong.events()) == 2 * len(keys)
    wrong.is_declared = False
    report = wrong.load((1, 9, 9, "z"))
    assert report.refused == []
    assert wrong.events() == [(0, day(5), 2, "b"), (1, day(9), 9, "z"), *((key, day(5), 2, "b") for key in keys[2:])]
    wrong.load((2, 8, 9, "y"))
    assert [row for row in wrong.events() if row[0] == 2] == [(2, day(8), 9, "y")]
    assert schedule.entries(wrong.pipeline()) == {}


def test_a_strict_source_fails_whole(wrong, monkeypatch):
    monkeypatch.setenv("SOURCES__SHOP__STRICT", "true")
    with pytest.raises(PipelineError, match="so it is no partition column"):
        wrong.load((1, 9, 9, "z"))


def test_a_moved_row_with_nested_rows_is_refused_by_name(shop, monkeypatch):
    def order(at: float, version: int) -> list[dict]:
        return [{"id": 1, "at": day(at), "version": version, "lines": [{"sku": "x"}]}]

    shop.load(rows=order(0, 1))
    shop.load(rows=order(5, 2))
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "0")
    (refused,) = shop.load(rows=order(5, 2)).refused
    assert "RAW.EVENTS: id = 1 is there twice, because its at changed, and it has nested tables" in refused.line
    shop.is_declared = False
    shop.load(rows=order(6, 3))
    assert shop.sql("select version from raw.events") == [(3,)]
    assert shop.sql("select count(*) from raw.events__lines") == [(1,)]


@pytest.mark.parametrize(("rows", "days"), [(0, 1), (50_000_000, 1), (500_000_000, 10), (10_000_000_000, 30)])
def test_a_large_table_is_checked_as_much_more_rarely(rows, days, monkeypatch):
    monkeypatch.delenv("PARTITION__CHECK_EVERY", raising=False)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    entry = {"at": at.isoformat(), "rows": rows}
    assert not schedule.is_due(entry, at + timedelta(days=days, seconds=-1))
    assert schedule.is_due(entry, at + timedelta(days=days))


def test_a_setting_that_makes_no_sense_is_refused(shop, monkeypatch):
    shop.load((1, 0, 1, "a"))
    monkeypatch.setenv("PARTITION__CHECK_EVERY", "-1")
    with pytest.raises(PipelineError, match=r"PARTITION__CHECK_EVERY is -1\.0: give seconds, from 0 to 2592000"):
        shop.load()
