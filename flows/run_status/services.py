"""The services of `make up`: their state, and whether this environment needs them."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from pipelines.registry import SOURCES

SECRETS = Path(__file__).resolve().parents[2] / ".dlt" / "secrets.toml"


def ask_services() -> "subprocess.Popen[str]":
    """Start the command that asks the services; it works while the caller does."""
    return subprocess.Popen([sys.executable, "-m", "mock_services", "status"], stdout=subprocess.PIPE, text=True)


def print_services(asked: "subprocess.Popen[str]") -> bool:
    """Print the state of the services; return whether one that is needed is down."""
    answer, _ = asked.communicate(timeout=60)
    print()
    print(answer.rstrip(), flush=True)
    if asked.returncode == 0:
        return False
    down = {line.split()[0] for line in answer.splitlines() if " ready at " not in line and line.split()}
    return any(not _is_replaced(name) for name in down)


def _is_replaced(service: str) -> bool:
    """Return whether a variable, or a key of .dlt/secrets.toml, names another service."""
    if service == "prefect":
        return bool(os.environ.get("PREFECT_API_URL"))
    if service not in SOURCES or not SOURCES[service].required:
        return False
    keys = SOURCES[service].required[0].split(".")  # the address
    if os.environ.get("__".join(keys).upper()):
        return True
    try:
        value = tomllib.loads(SECRETS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    for key in keys:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return bool(value)
