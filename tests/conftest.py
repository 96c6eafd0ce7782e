"""Real parts for every test: a Postgres server, the mock SaaS on a port, an S3 API on a port, a DuckDB file."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from mock_services.postgres.seed import seed as seed_postgres
from mock_services.postgres.server import EmbeddedPostgres
from mock_services.saas import store
from mock_services.saas.app import create_app
from pipelines.configuration.shell import ignore_foreign
from tests.support.platform import TOKEN, TRIM_EVENTS, AtomicPuts, Platform, clone, empty_bucket, execute, serve

ignore_foreign(uses_local_services=True)  # of the shell that runs the tests


# Fixtures that start a server, or take seconds to make.
SERVERS = {"postgres_server", "earlier_server", "s3_server", "seeded_store", "prefect_api"}


# Tests that need a library of a side environment: their own target has it.
collect_ignore = [] if find_spec("marimo") else ["dashboard"]

# Files with minutes of work in one test: a worker takes a whole file, so the last one would run alone.
LONGEST = ("tests/flows/test_elt.py", "tests/flows/test_schedule.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first; mark as `unit` what needs no server and is not marked `integration`."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    for item in items:
        if not item.get_closest_marker("integration") and not SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("unit")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `said`, whichever worker ran them."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "said":
                terminalreporter.write_line(value)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Refuse servers and processes in `make test-unit`, so that its tests stay what the mark says."""
    _refuse_servers.is_on = "unit" in item.config.getoption("markexpr")
    try:
        return (yield)
    finally:
        _refuse_servers.is_on = False


def _refuse_servers(event: str, _: tuple) -> None:
    if _refuse_servers.is_on and event in ("subprocess.Popen", "socket.bind"):
        raise RuntimeError(f"{event} in a test without a server: mark it @pytest.mark.integration")


_refuse_servers.is_on = False
sys.addaudithook(_refuse_servers)


@pytest.fixture(autouse=True)
def _no_name_was_left_out_before(monkeypatch) -> None:
    """Forget the variables that an earlier test removed from the environment."""
    monkeypatch.setattr("pipelines.configuration.shell._ignored", {})


@pytest.fixture(autouse=True)
def _no_command_ran_before(monkeypatch) -> None:
    """Forget that an earlier test's command turned progress on: a busy machine would add lines to this one's output."""
    if "exactly_once.process.progress" in sys.modules:
        monkeypatch.setattr("exactly_once.process.progress._speaks", None)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), ephemeral=True) as server:
        seed_postgres(server.url())
        yield server
        server.destroy()


@pytest.fixture(scope="session")
def small_database(postgres_server) -> str:
    """A template with every account and a twentieth of the contacts, which loads quickly."""
    clone(postgres_server, "mailblaze", "small")
    execute(postgres_server.url("small"), "delete from contacts where contact_id % 20 <> 0")
    return "small"


@pytest.fixture(scope="session")
def seeded_store(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saas") / "store.sqlite"
    store.seed(path, 1)
    return path


@pytest.fixture(scope="session")
def small_store(seeded_store, tmp_path_factory) -> Path:
    """The store with a twentieth of its events: those of the newest campaigns."""
    path = tmp_path_factory.mktemp("saas-small") / "store.sqlite"
    shutil.copy(seeded_store, path)
    with sqlite3.connect(path) as connection:
        connection.execute(TRIM_EVENTS)
    return path


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    server._server.app = AtomicPuts(server._server.app)
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def platform(postgres_server, small_database, small_store, s3_server, tmp_path, monkeypatch) -> Iterator[Platform]:
    """An isolated `ci` platform on small sources, which the environment of this test points at."""
    database = f"test_{uuid4().hex[:12]}"
    clone(postgres_server, small_database, database)
    copy = tmp_path / "store.sqlite"
    shutil.copy(small_store, copy)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    with serve(create_app(copy, TOKEN)) as url:
        platform = Platform(data_dir, postgres_server.url(database), copy, url, s3_server)
        empty_bucket(platform)
        platform.write_services()
        yield platform
    execute(postgres_server.url("postgres", "postgres"), f"drop database {database} with (force)")


@pytest.fixture
def few_tables(monkeypatch) -> None:
    """Keep three tables of Postgres: a load takes half of the time."""
    from tests.support.tables import keep  # which imports dlt

    keep(monkeypatch, "accounts", "lists", "contacts")
