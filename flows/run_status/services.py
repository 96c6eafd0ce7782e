"""The services of `make up`: their state, and whether this environment needs them."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

SECRETS = Path(__file__).resolve().parents[2] / ".dlt" / "secrets.toml"
# A service is not needed if a variable, or a key of .dlt/secrets.toml, names another one.
REPLACED_BY: dict[str, tuple[str, tuple[str, ...]]] = {
    "postgres": ("SOURCES__POSTGRES__CREDENTIALS", ("sources", "postgres", "credentials")),
    "saas": ("SOURCES__SAAS__BASE_URL", ("sources", "saas", "base_url")),
    "prefect": ("PREFECT_API_URL", ()),
}


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
    variable, keys = REPLACED_BY.get(service, ("", ()))
    if os.environ.get(variable):
        return True
    try:
        value = tomllib.loads(SECRETS.read_text(encoding="utf-8")) if keys else {}
    except (OSError, ValueError):
        return False
    for key in keys:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return bool(value)
