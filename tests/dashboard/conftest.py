"""A small MART, and the dashboard over it as people start it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.dashboard.mart_file import make

ROOT = Path(__file__).parents[2]
FILE = "dp_mailblaze_demo_local_db.duckdb"


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory) -> Path:
    """A data folder whose warehouse holds 200 days of three accounts."""
    folder = tmp_path_factory.mktemp("data")
    make(folder / FILE)
    return folder


@pytest.fixture(scope="session")
def warehouse(data_dir) -> Path:
    return data_dir / FILE


@contextmanager
def dashboard(data_dir: Path) -> Iterator[str]:
    """Run the app over a data folder for the time of a `with`, which gets its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "--quiet", "run", "dashboard/app.py", "--headless", "--no-token"]
    settings = {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    with (data_dir / "dashboard.log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--port", str(port)], cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(server, f"{address}/health")
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait(server: subprocess.Popen, address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert server.poll() is None, "the dashboard did not start"
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310  our own http address
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError("the dashboard did not answer within a minute")


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
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()
