"""What a replay must reject: a changed byte, a missing manifest, a lost branch; and what an old lake gets."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from exactly_once.errors import PipelineError
from pipelines.replay import main, open_replay
from tools.kill_test import foreign
from tools.kill_test.subject import compare

LOADS = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A world with four loads, made once."""
    with pytest.MonkeyPatch.context() as patched:
        world = tmp_path_factory.mktemp("made") / "world"
        world.mkdir()
        at(patched, world)
        for turn in range(LOADS):
            foreign.prepare(world, turn)
            foreign.load_once()
        return world


@pytest.fixture
def world(made, tmp_path, monkeypatch) -> Path:
    """A copy of it, which a test may change."""
    copy = tmp_path / "world"
    shutil.copytree(made, copy)
    at(monkeypatch, copy)
    return copy


def at(patched: pytest.MonkeyPatch, world: Path) -> None:
    for name, value in {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": world, "CRASH_WORLD": world}.items():
        patched.setenv(name, str(value))


def warehouse(world: Path) -> Path:
    return world / "dp_mailblaze_demo_local_db.duckdb"


def record_files(world: Path) -> list[Path]:
    return sorted((world / "lake/shop/RAW/_loads").glob("*.json"))


def records(world: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in record_files(world)]


def lose_raw(world: Path) -> Path:
    return warehouse(world).rename(world / f"lost-{len(list(world.iterdir()))}.duckdb")


def line(capsys, *words: str) -> str:
    """Run the command, which must fail with one line; return it."""
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1, told
    return told[0]


def rows(path: Path) -> dict[str, list]:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'RAW'").fetchall()
        names = [name for (name,) in names if not name.startswith("_")]
        return {name: sorted(connection.execute(f"select * from RAW.{name}").fetchall(), key=str) for name in names}


def assert_whole(world: Path) -> None:
    found = compare(foreign.check(world))
    assert (found.lost, found.doubled, found.lines) == (0, 0, [])


def test_each_record_says_what_its_files_contain_and_which_one_it_follows(world):
    found = records(world)
    assert [one["sequence"] for one in found] == list(range(1, LOADS + 1))
    assert [one["previous"] for one in found] == [None, *[one["load_id"] for one in found[:-1]]]
    assert [one["previous_digest"] for one in found] == [None, *[one["digest"] for one in found[:-1]]]
    root = world / "lake/shop/RAW"
    for one in found:
        paths = [path for paths in one["files"].values() for path in paths]
        assert set(one["contents"]) == set(paths)
        for path in paths:
            (count,) = duckdb.sql(f"select count(*) from '{root / path}'").fetchone()
            assert one["contents"][path]["rows"] == count
            assert one["contents"][path]["size"] == (root / path).stat().st_size


def test_a_replay_makes_the_same_rows_and_a_check_lands_nothing(world, capsys):
    kept = lose_raw(world)
    main(["--check", "shop"])
    assert f"shop: {LOADS} loads, {8 * LOADS} files: each is what was written" in capsys.readouterr().out
    assert not warehouse(world).exists() or rows(warehouse(world)) == {}
    main(["shop"])
    assert rows(warehouse(world)) == rows(kept)
    assert_whole(world)


@pytest.mark.parametrize("how", ["flipped", "shorter", "missing"])
def test_a_file_that_is_not_what_was_written_is_named(world, capsys, how):
    path = world / "lake/shop/RAW" / records(world)[1]["files"]["orders"][0]
    body = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        middle = len(body) // 2
        path.write_bytes(body[:middle] + (bytes([body[middle] ^ 1]) + body[middle + 1 :] if how == "flipped" else b""))
    lose_raw(world)
    said = line(capsys, "shop")
    assert str(path) in said
    assert ("is missing" if how == "missing" else "was changed") in said
    assert "Restore the file" in said
    assert rows(warehouse(world)) == {}
    path.write_bytes(body)
    main(["shop"])
    assert_whole(world)


@pytest.mark.parametrize("number", range(LOADS - 1))
def test_a_record_that_is_missing_before_others_is_named(world, capsys, number):
    path = record_files(world)[number]
    path.rename(world / "kept.json")
    kept = lose_raw(world)
    said = line(capsys, "shop")
    assert f"{path} is missing" in said
    (world / "kept.json").rename(path)
    main(["shop"])
    assert rows(warehouse(world)) == rows(kept)


@pytest.mark.parametrize("number", range(LOADS))
def test_a_record_that_was_changed_is_named(world, capsys, number):
    path = record_files(world)[number]
    told = json.loads(path.read_text())
    path.write_text(path.read_text().replace(told["completed_at"][:4], "2020", 1))
    lose_raw(world)
    assert f"{path} was changed since it was written" in line(capsys, "shop")


def test_a_record_of_another_history_is_no_link(world, capsys):
    """It is valid, and not the one that the next load followed."""
    path = record_files(world)[1]
    replay = open_replay("shop")
    found = replay.manifests.read(path.stem)
    replay.manifests.write(type(found)(**{**vars(found), "created_tables": ["orders"]}))
    lose_raw(world)
    said = line(capsys, "shop")
    assert f"{path} was changed: load {record_files(world)[2].stem} follows another version of it" in said


@pytest.mark.parametrize("number", [LOADS - 1, 1])
def test_a_record_that_raw_knows_of_is_written_again(world, capsys, number):
    """The last one, which no other follows, is noticed because RAW has its load: dropping RAW would lose it."""
    path = record_files(world)[number]
    path.unlink()
    said = line(capsys, "shop")
    assert path.stem in said
    assert "drop" not in said
    assert "`python pipelines/replay.py --complete" in said
    main(["--complete", "shop"])
    assert path.exists()
    kept = lose_raw(world)
    main(["shop"])
    assert rows(warehouse(world)) == rows(kept)


def test_rows_that_only_a_raw_had_that_was_replaced_do_not_come_back(world, capsys):
    older = world / "older.duckdb"
    shutil.copy(warehouse(world), older)
    foreign.prepare(world, 20)
    source = foreign.read(world)
    born = {"customer_id": 99, "name": "born and died", "addresses": [{"town": "nowhere"}]}
    (world / "shop.json").write_text(json.dumps(source | {"customers": [*source["customers"], born]}))
    (lost,) = foreign.load_once().load_ids
    (world / "shop.json").write_text(json.dumps(source))
    lose_raw(world)
    older.rename(warehouse(world))
    foreign.prepare(world, 21)
    foreign.load_once()
    foreign.prepare(world, 22)
    foreign.load_once()
    kept = lose_raw(world)
    capsys.readouterr()
    main(["shop"])
    said = capsys.readouterr().err
    assert "1 load(s) that the copy did not have are left out" in said
    assert lost in said
    assert rows(warehouse(world)) == rows(kept)
    assert not [row for row in rows(warehouse(world))["customers"] if 99 in row]


def test_a_lake_from_before_there_was_a_chain_gets_one_with_the_next_load(world, capsys):
    new = ("contents", "sequence", "previous", "previous_digest", "digest")
    expected = records(world)
    for path in record_files(world):
        told = {name: value for name, value in json.loads(path.read_text()).items() if name not in new}
        path.write_text(json.dumps(told, indent=2))
    kept, older = lose_raw(world), world / "dlt"
    main(["shop"])  # an old lake is replayed as it was
    assert rows(warehouse(world)) == rows(kept)
    shutil.rmtree(older)
    capsys.readouterr()
    foreign.load_once()  # what is merged and replaced comes again, and the old records get what they lack
    assert "files in the lake have no checksum yet" in capsys.readouterr().err
    found = records(world)
    assert found[:LOADS] == expected
    assert found[LOADS]["previous"] == expected[-1]["load_id"]
    kept = lose_raw(world)
    main(["shop"])
    assert rows(warehouse(world)) == rows(kept)


def test_a_record_that_cannot_be_written_now_is_written_by_the_next_load(world, monkeypatch):
    """Killed between the last row and the manifest: the chain has no gap."""
    foreign.prepare(world, 20)
    with monkeypatch.context() as patched:
        patched.setattr("exactly_once.runner.write_manifests", _killed)
        with pytest.raises(KeyboardInterrupt):
            foreign.load_once()
    assert len(records(world)) == LOADS
    shutil.rmtree(world / "dlt")
    foreign.load_once()
    found = records(world)
    assert [one["sequence"] for one in found] == list(range(1, LOADS + 3))
    assert all(one["contents"] for one in found)
    kept = lose_raw(world)
    main(["shop"])
    assert rows(warehouse(world)) == rows(kept)


def test_a_name_that_the_lake_does_not_know_is_one_line(world, capsys):
    assert "There is no pipeline shop2" in line(capsys, "shop2")
    with pytest.raises(PipelineError, match="has no manifest"):
        open_replay("shop3")


def _killed(*_) -> None:
    raise KeyboardInterrupt
