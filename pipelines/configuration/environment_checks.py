"""Checks of this machine: settings, versions, Python, dbt, Prefect. Each returns a detail or raises."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx
from packaging.requirements import Requirement

from exactly_once.errors import PipelineError
from pipelines.configuration import settings
from pipelines.configuration.prefect_api import find_prefect_api
from pipelines.configuration.services import services_hint
from pipelines.configuration.settings import EXAMPLE, missing
from pipelines.environment import data_dir, environment

ROOT = Path(__file__).resolve().parents[2]
DBT_DEBUG = "`dbt debug --project-dir dbt --profiles-dir dbt`"
LOWEST, HIGHEST = (3, 11, 2), (3, 14)  # of Python; as in pyproject.toml and the Makefile


def where() -> str:
    """Tell which environment this is and where it points."""
    here = environment()
    return f"{here.name}: {here.engine} {here.database}, lake {here.lake}"


def values() -> str:
    """Find every value fit to be meant."""
    settings.check()
    return "each can be meant"


def complete(part: str) -> str:
    """Find what a part needs set."""
    lacking = missing(dbt=True).get(part)
    if lacking:
        raise PipelineError(f"not set: {', '.join(lacking)}; see {EXAMPLE} and docs/configuration.md")
    return "what it needs is set"


def versions() -> str:
    """Compare each direct dependency with the lock."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = dict(re.findall(r"^([a-z0-9.-]+)(?:\[[^]]*])?==([^ ;\\]+)", _lock(), re.MULTILINE))
    names = [Requirement(line).name.lower() for line in declared]
    for name in names:
        found = _installed(name)
        if found != locked.get(name):
            mend = "`rm -f .venv/.ready && make setup`"
            raise PipelineError(f"{name} is {found}, requirements.lock says {locked.get(name)}; {mend}")
    return f"{len(names)} direct dependencies as in requirements.lock"


def _lock() -> str:
    return (ROOT / "requirements.lock").read_text()


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def python() -> str:
    """Find a Python that every dependency runs on."""
    found = ".".join(map(str, sys.version_info[:3]))
    if not LOWEST <= sys.version_info < HIGHEST:
        raise PipelineError(f"{found} is not 3.11.2 to 3.13: type `make setup PYTHON=python3.12`")
    return found


def dbt_debug() -> str:
    """Let dbt log in by its own profile, in a process of its own."""
    dbt, folder = Path(sys.executable).with_name("dbt"), ROOT / "dbt"
    command = [dbt, "--no-use-colors", "debug", "--target", environment().name]
    command += ["--project-dir", folder, "--profiles-dir", folder]
    quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "MAILBLAZE_DATA_DIR": str(data_dir())}
    done = subprocess.run(  # noqa: S603  our own dbt, and no word of it comes from outside
        command, env=os.environ | quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=80
    )
    lines = [re.sub(r"^\d\d:\d\d:\d\d +", "", line).strip() for line in done.stdout.splitlines()]
    if done.returncode:
        failed = next((line for line in lines if "[ERROR" in line), "it did not start")
        reason = next((" ".join(lines[at : at + 2]) for at, line in enumerate(lines) if line.startswith(">")), "")
        raise PipelineError(f"{failed} {reason.lstrip('>')}; see dbt/profiles.yml, and {DBT_DEBUG}")
    return "logged in by dbt/profiles.yml"


def prefect() -> str:
    """Ask the Prefect API that the flow would report to."""
    api = find_prefect_api()
    if not api.url:
        up = f"{services_hint()}, or " if environment().uses_local_services else ""
        raise PipelineError(f"no address is known; {up}set PREFECT_API_URL")
    try:
        api.check_health()
        api.check_sign_in()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise PipelineError(f"{api.display_url} does not answer ({type(error).__name__}); {api.hint}") from error
    return api.display_url
