"""A flow reports to the server that `make doctor` shows, whatever Prefect finds in the user's home and in the shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.platform import serve

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
CODE = """
from flows.orchestration.prefect_server import use_server
from exactly_once.cli import exit_with_error
try:
    print(use_server().address)
except Exception as error:
    exit_with_error(error)
from prefect.settings import get_current_settings
print(get_current_settings().api.url, get_current_settings().api.key, get_current_settings().api.auth_string)
"""


@pytest.fixture
def ask(tmp_path):
    """Return a function that lets a process choose its server, with a profile of another project in the home."""
    profile = {"PREFECT_API_URL": "http://127.0.0.1:1/api", "PREFECT_API_KEY": "foreign"}
    lines = [f'{name} = "{value}"' for name, value in profile.items()]
    (tmp_path / ".prefect").mkdir()
    (tmp_path / ".prefect/profiles.toml").write_text("\n".join(['active = "foreign"', "[profiles.foreign]", *lines]))

    def ask(services: dict, **variables: str) -> tuple[int, list[str], str]:
        (tmp_path / "services.json").write_text(json.dumps(services))
        shell = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        own = {"HOME": str(tmp_path), "MAILBLAZE_DATA_DIR": str(tmp_path), "MAILBLAZE_ENV": "ci"}
        command = [sys.executable, "-c", CODE]
        done = subprocess.run(command, cwd=ROOT, env=shell | own | variables, capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines(), done.stderr.strip()

    return ask


@pytest.mark.slow
def test_on_this_machine_it_is_the_server_of_services_json_and_no_key_is_sent(ask):
    app = FastAPI()
    app.get("/api/health")(lambda: True)
    with serve(app) as url:
        here = f"{url}/api"
        foreign = {"PREFECT_API_URL": "http://127.0.0.1:1/api", "PREFECT_API_KEY": "x", "PREFECT_API_AUTH_STRING": "x"}
        proxies = {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "socks5://127.0.0.1:1"}
        code, lines, _ = ask({"prefect_api_url": here}, **foreign, **proxies)
        assert (code, lines) == (0, [here, f"{here} None None"])
        # Where services.json names none, the shell does, never a profile.
        code, lines, _ = ask({}, PREFECT_API_URL=here, PREFECT_API_KEY="x")
        assert (code, lines) == (0, [here, f"{here} None None"])
    code, _, line = ask({})
    assert (code, line) == (1, "✗ No Prefect server is known: set PREFECT_API_URL.")
