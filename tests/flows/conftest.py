"""A Prefect server, and the flow as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mock_services.commands import down, up

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prefect_api(tmp_path_factory) -> Iterator[str]:
    """A Prefect server as `make up` starts it, without the other services."""
    data_dir = tmp_path_factory.mktemp("services")
    up(data_dir, only=("prefect",), ports={})  # any port: two servers may start at the same time
    yield json.loads((data_dir / "services.json").read_text())["prefect_api_url"]
    down(data_dir)


@pytest.fixture
def run_flow(platform, prefect_api) -> Callable[..., subprocess.CompletedProcess]:
    """Run the flow as a command."""
    platform.write_services(prefect_api_url=prefect_api)

    def run(*arguments: str) -> subprocess.CompletedProcess:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        command = [sys.executable, "flows/elt.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)

    return run
