"""An added source loads exactly once, or is rejected at its first load: names, nested tables, steps."""

import shutil
import threading
from contextlib import nullcontext
from pathlib import Path

import dlt
import duckdb
import pytest
import sqlalchemy as sa
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.sources.sql_database import sql_table

from exactly_once.destinations.mixins import IdempotentLoadMixin
from exactly_once.destinations.staged_duckdb import StagedCopyJob
from exactly_once.errors import exit_code, user_message
from exactly_once.incremental.raw_table import RawClients, RawTable
from exactly_once.postgres.cursor_window import CursorWindow
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.table_loader import BACKEND, ReadOptions
from exactly_once.postgres.tables.preflight import TablePlan
from exactly_once.table_guard import TableGuard
from pipelines.loading import load as load_source
from pipelines.replay import main
from tests.replay.test_manifests import at, lose_raw, rows, warehouse
from tools.kill_test import foreign
from tools.kill_test.subject import compare

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """A world of the shop, whose source's name differs from its pipeline's and which has nested tables."""
    world = tmp_path / "world"
    world.mkdir()
    at(monkeypatch, world)
    foreign.prepare(world, 0)
    return world


def gone(*_) -> None:
    raise DatabaseTerminalException(OSError("the machine is gone"))


def query(world: Path, sql: str) -> int:
    with duckdb.connect(str(warehouse(world)), read_only=True) as connection:
        return connection.execute(sql).fetchone()[0]


def lose_machine(world: Path) -> None:
    shutil.rmtree(world / "dlt")


def assert_whole(world: Path) -> None:
    found = compare(foreign.check(world))
    assert (found.lost, found.doubled, found.lines) == (0, 0, [])


@pytest.mark.parametrize("loads_before", [0, 1])
def test_a_load_that_was_cut_off_on_a_lost_machine_comes_once(shop, monkeypatch, loads_before):
    for turn in range(loads_before):
        foreign.load_once()
        foreign.prepare(shop, turn + 1)
    with monkeypatch.context() as patched:
        patched.setattr(IdempotentLoadMixin, "complete_load", gone)
        with pytest.raises(PipelineStepFailed, match="the machine is gone"):
            foreign.load_once()
    lose_machine(shop)
    foreign.prepare(shop, 9)
    foreign.load_once()
    assert_whole(shop)
    kept = lose_raw(shop)
    main([foreign.PIPELINE])
    assert rows(warehouse(shop)) == rows(kept)


@pytest.mark.parametrize("only", ["orders", "orders__lines", "orders__lines__taxes"])
def test_a_nested_table_that_landed_without_its_parent_comes_once(shop, monkeypatch, only):
    """One of three files of an appended table was loaded; rows of nested tables do not name their load."""
    foreign.load_once()
    foreign.prepare(shop, 1)
    count = f"select count(*) from RAW.{only}"
    before, copy, loaded = query(shop, count), StagedCopyJob.run, threading.Event()
    monkeypatch.setenv("LOAD__WORKERS", "12")  # one for each file

    def cut_off(job) -> None:
        if job.load_table_name == only:
            copy(job)
            loaded.set()
        else:
            assert loaded.wait(60)
            gone()

    with monkeypatch.context() as patched:
        patched.setattr(StagedCopyJob, "run", cut_off)
        with pytest.raises(PipelineStepFailed, match="the machine is gone"):
            foreign.load_once()
    assert query(shop, count) > before
    lose_machine(shop)
    foreign.load_once()
    assert_whole(shop)


def test_a_source_that_changes_its_name_is_refused_before_it_is_read(shop):
    foreign.load_once()
    read = []

    @dlt.source(name="other_name")
    def other():
        @dlt.resource(name="things")
        def things():
            read.append(1)
            yield {"id": 1}

        return things

    with pytest.raises(
        Exception, match="the source is called other_name, and what RAW has of this pipeline"
    ) as refused:
        load_source("shop", lambda: nullcontext(other()))
    assert "web_orders" in user_message(refused.value)
    assert read == []
    foreign.load_once()
    assert_whole(shop)


def test_two_pipelines_whose_sources_have_one_name_are_refused(shop):
    """Each would find the other's schema under its name."""
    foreign.load_once()
    with pytest.raises(Exception, match="and so is the one of shop: RAW keeps one schema under a name"):
        load_source("second_shop", lambda: nullcontext(foreign.web_orders()))
    lose_machine(shop)
    foreign.prepare(shop, 1)
    foreign.load_once()
    assert_whole(shop)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("add_map", lambda resource: resource.add_map(lambda row: row)),
        ("add_yield_map", lambda resource: resource.add_yield_map(lambda row: [row])),
        ("add_filter", lambda resource: resource.add_filter(lambda row: True)),
        ("add_limit", lambda resource: resource.add_limit(1)),
        ("incremental", lambda resource: resource.apply_hints(incremental=dlt.sources.incremental("plan_id"))),
    ],
)
def test_what_dlt_does_to_rows_is_refused_for_rows_that_come_in_files(platform, what, change):
    with Snapshot(sa.make_url(platform.postgres_url)) as snapshot:

        @dlt.source(name="others", max_table_nesting=0)
        def others():
            raw = RawTable(RawClients(), "plans", ["plan_id"])
            plan = TablePlan(None, TableGuard("plans", "plans", dict, is_strict=True), {})
            options = ReadOptions(snapshot, plan, CursorWindow(snapshot, dict, None), raw)
            resource = sql_table(
                snapshot.engine,
                table="plans",
                schema="public",
                backend=BACKEND,
                backend_kwargs={"options": options},
                primary_key="plan_id",
            )
            changed = change(resource)
            return resource if changed is None else changed

        with pytest.raises(Exception, match="does not apply") as refused:
            load_source("others", lambda: nullcontext(others()))
    line = user_message(refused.value)
    assert line.startswith(f'Table plans: backend="postgres_scanner" does not apply {what}: its rows pass by in files.')
    assert exit_code(refused.value) == 4
    assert (
        not platform.warehouse.exists()
        or platform.raw("select * from duckdb_tables() where table_name = 'plans'") == []
    )
