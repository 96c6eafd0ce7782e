"""dlt's own `rest_api` source, with nested tables and three write dispositions, is killed and replayed."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import duckdb
import pytest

from exactly_once.runner import run_pipeline
from tools.kill_test import rest_store
from tools.kill_test.subject import compare

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SUBJECT = "tools.kill_test.rest_store"


def test_kills_lose_and_double_nothing_and_the_lake_replays(tmp_path):
    functions = [f"{SUBJECT}:load", "--check", f"{SUBJECT}:check", "--prepare", f"{SUBJECT}:prepare"]
    options = ["--kills", "10", "--seed", "20261128", "--keep", str(tmp_path / "kept")]
    done = subprocess.run(
        [sys.executable, "-m", "tools.kill_test", *functions, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    last = done.stdout.splitlines()[-1] if done.stdout else done.stderr
    numbers = re.fullmatch(r"(\d+) kills, 0 faults, lost 0, doubled 0", last)
    assert done.returncode == 0, done.stdout + done.stderr
    assert numbers, last
    assert int(numbers[1]) >= 10


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    """A world of the shop that was loaded twice, its source changed in between."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    for turn in (0, 10):
        rest_store.prepare(tmp_path, turn)
        with rest_store.serving(tmp_path) as url:
            run_pipeline(partial(rest_store.make_pipeline, tmp_path), partial(rest_store.store, url))
    return tmp_path


def test_the_check_sees_a_row_that_is_lost_doubled_or_without_its_parent(store):
    assert compare(rest_store.check(store)).lines == []
    with duckdb.connect(str(store / "store.duckdb")) as connection:
        connection.execute("delete from raw.orders__lines__taxes where rowid = 0")
        connection.execute("insert into raw.events select * from raw.events limit 1")
        connection.execute("update raw.notes__words set _dlt_parent_id = 'none' where rowid = 0")
    found = {name: compare([(name, *sides)]) for name, *sides in rest_store.check(store)}
    assert found["orders__lines__taxes"].lost == 1
    assert found["events"].doubled == 1
    assert (found["notes__words"].lost, found["notes__words"].doubled) == (1, 1)
    assert [name for name in found if "replayed" in name and found[name].lines] == []
