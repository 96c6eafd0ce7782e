"""Checks of this machine: settings, versions, Python, dbt, Prefect. Each returns a detail or raises."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from packaging.requirements import Requirement

from exactly_once.errors import PipelineError
from pipelines.configuration import settings
from pipelines.configuration.prefect_sign_in import headers
from pipelines.configuration.services import services_hint
from pipelines.configuration.settings import EXAMPLE, missing, prefect_api
from pipelines.configuration.shell import is_loopback
from pipelines.environment import data_dir, environment

ROOT = Path(__file__).resolve().parents[2]
DBT_DEBUG = "`dbt debug --project-dir dbt --profiles-dir dbt`"
LOWEST, HIGHEST = (3, 11, 2), (3, 14)  # of Python; as in pyproject.toml and the Makefile


def where() -> str:
    """Tell which environment this is and where it points."""
    here = environment()
    return f"{here.word}: {here.engine} {here.database}, lake {here.lake}"


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
    command = [dbt, "--no-use-colors", "debug", "--target", environment().word]
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
    found = prefect_api()
    if not found.value:
        up = f"{services_hint()}, or " if environment().is_embedded else ""
        raise PipelineError(f"no address is known; {up}set PREFECT_API_URL")
    shown = re.sub(r"//[^/@]*@", "//", found.value)
    try:
        is_here = is_loopback(urlsplit(found.value).hostname or "")
        httpx.get(f"{found.value}/health", timeout=10, trust_env=not is_here).raise_for_status()
        sign_in = headers(found.value) if found.origin == "the shell" else {}
        asked = {"url": f"{found.value}/flows/count", "json": {}, "timeout": 10, "trust_env": not is_here}
        if (answer := httpx.post(**asked, headers=sign_in)).status_code in (401, 403):
            given = "refuses the sign-in" if sign_in else "asks for a sign-in"
            names = "PREFECT_API_KEY or, behind a server's own user and password, PREFECT_API_AUTH_STRING"
            raise PipelineError(f"{shown} {given} ({answer.status_code}): set {names}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        hint = services_hint() if found.origin != "the shell" else "start it, or correct PREFECT_API_URL"
        raise PipelineError(f"{shown} does not answer ({type(error).__name__}); {hint}") from error
    return shown
