"""A small MART, and the dashboard over it, started as `make dashboard` does."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.dashboard.mart_file import make

ROOT = Path(__file__).parents[2]
FILE = "dp_mailblaze_demo_local_db.duckdb"


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory) -> Path:
    """A data folder with a warehouse of 200 days of three accounts."""
    folder = tmp_path_factory.mktemp("data")
    make(folder / FILE)
    as_demo(folder)
    return folder


def as_demo(folder: Path) -> None:
    """Make a data folder one in which the services of `make up` keep their data."""
    for service in ("postgres", "saas"):
        (folder / service).mkdir()


@pytest.fixture(scope="session")
def warehouse(data_dir) -> Path:
    return data_dir / FILE


ADDRESS = re.compile(r"The dashboard: (http://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)\n")


def started(data_dir: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start the app over a data folder as `make dashboard` does; return its process and the address that it prints."""
    settings = {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    with (data_dir / "dashboard.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "dashboard.serve", *arguments],
            cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE, stderr=log, text=True, process_group=0,
        )  # fmt: skip
    output = ""
    for line in server.stdout:
        output += line
        if found := ADDRESS.fullmatch(line):
            return server, found[1]
    raise AssertionError(f"the dashboard did not start: {output}{(data_dir / 'dashboard.log').read_text()}")


@contextmanager
def dashboard(data_dir: Path) -> Iterator[str]:
    """Run the app over a data folder during a `with` block, which gets its address."""
    server, address = started(data_dir)
    try:
        yield address
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


@pytest.fixture(scope="session")
def app(data_dir) -> Iterator[str]:
    with dashboard(data_dir) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """A headless Chromium of the system."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium on this machine: install one, or name it by CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The browser makes no requests of its own, such as for updates.
        quiet = ("quic", "background-networking", "component-update", "sync")
        browser = playwright.chromium.launch(executable_path=path, args=[f"--disable-{what}" for what in quiet])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Isolate the tests from the developer's shell and data folder."""
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "MAILBLAZE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
