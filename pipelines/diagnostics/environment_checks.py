"""Checks of this machine: settings, versions, Python, dbt, Prefect.

Each returns a detail for its line, or raises PipelineError.
"""

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
from pipelines.configuration.prefect_api import find_prefect_api
from pipelines.configuration.settings import EXAMPLE, missing
from pipelines.configuration.value_checks import check_values
from pipelines.environment import data_dir, environment, services_hint

ROOT = Path(__file__).resolve().parents[2]
DBT_DEBUG = "`dbt debug --project-dir dbt --profiles-dir dbt`"
LOWEST_PYTHON, HIGHEST_PYTHON = (3, 11, 2), (3, 14)  # of Python; as in pyproject.toml and the Makefile


def describe_environment() -> str:
    """Return the environment's name, its warehouse and its lake."""
    here = environment()
    return f"{here.name}: {here.engine} {here.database}, lake {here.lake}"


def check_setting_values() -> str:
    """Check that the value of every setting is valid."""
    check_values()
    return "each is valid"


def check_required(part: str) -> str:
    """Check that what a part requires is set."""
    lacking = missing(dbt=True).get(part)
    if lacking:
        raise PipelineError(f"not set: {', '.join(lacking)}; see {EXAMPLE} and docs/configuration.md")
    return "what it needs is set"


def check_versions() -> str:
    """Compare each direct dependency with the lock."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = dict(re.findall(r"^([a-z0-9.-]+)(?:\[[^]]*])?==([^ ;\\]+)", _lock_file(), re.MULTILINE))
    names = [Requirement(line).name.lower() for line in declared]
    for name in names:
        found = _installed(name)
        if found != locked.get(name):
            fix = "`rm -f .venv/.ready && make setup`"
            raise PipelineError(f"{name} is {found}, requirements.lock says {locked.get(name)}; {fix}")
    return f"{len(names)} direct dependencies as in requirements.lock"


def _lock_file() -> str:
    return (ROOT / "requirements.lock").read_text()


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def check_python() -> str:
    """Check that every dependency runs on this Python."""
    found = ".".join(map(str, sys.version_info[:3]))
    if not LOWEST_PYTHON <= sys.version_info < HIGHEST_PYTHON:
        raise PipelineError(f"{found} is not 3.11.2 to 3.13: type `make setup PYTHON=python3.12`")
    return found


def check_dbt() -> str:
    """Run `dbt debug`, which signs in with dbt's own profile."""
    dbt, folder = Path(sys.executable).with_name("dbt"), ROOT / "dbt"
    command = [str(dbt), "--no-use-colors", "debug", "--target", environment().name]
    command += ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "MAILBLAZE_DATA_DIR": str(data_dir())}
    done = subprocess.run(  # noqa: S603  dbt of this environment; no argument comes from outside
        command, env=os.environ | quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=80
    )
    lines = [re.sub(r"^\d\d:\d\d:\d\d +", "", line).strip() for line in done.stdout.splitlines()]
    if done.returncode:
        failed = next((line for line in lines if "[ERROR" in line), "it did not start")
        reason = next((" ".join(lines[at : at + 2]) for at, line in enumerate(lines) if line.startswith(">")), "")
        raise PipelineError(f"{failed} {reason.lstrip('>')}; see dbt/profiles.yml, and {DBT_DEBUG}")
    return "logged in by dbt/profiles.yml"


def check_prefect() -> str:
    """Check that the Prefect API of the environment answers and accepts the sign-in."""
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
