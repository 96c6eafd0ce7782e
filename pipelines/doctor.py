"""Before the first load: what is set, reachable and permitted, line by line: `python pipelines/doctor.py`."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.interrupts import watch

    watch("✗ Interrupted: nothing was changed; type again: {}")

import argparse
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import quote

import httpx
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from packaging.requirements import Requirement

from exactly_once.diagnostics import lake_checks, source_checks, warehouse_checks
from exactly_once.diagnostics.context import SOURCES, DoctorContext, NotChecked
from exactly_once.errors import PipelineError, user_message
from pipelines.command import services_hint
from pipelines.configuration import effective, secret_checks, settings
from pipelines.configuration.prefect_api import find_prefect_api
from pipelines.configuration.private_files import keep_private
from pipelines.configuration.settings import EXAMPLE, missing
from pipelines.configuration.shell import ignore_foreign
from pipelines.environment import data_dir, environment
from pipelines.saas import ENDPOINTS  # noqa: TID251  as in exactly_once/diagnostics/context.py

ROOT = Path(__file__).resolve().parent.parent
DBT_DEBUG = "`dbt debug --project-dir dbt --profiles-dir dbt`"
DBT_TELLS = f"{DBT_DEBUG} tells all"
LOWEST, HIGHEST = (3, 11, 2), (3, 14)  # of Python; as in pyproject.toml and the Makefile
SHORT = 6  # a secret shorter than this is a word of every day, e.g. the S3 key of the tests


@dataclass
class Check:
    """One line: what is looked at, how, which lines must be ✓ before, and what to type if nothing better is known."""

    what: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ("environment",)
    mend: str = "`make setup`"
    patience: float = 30.0  # seconds


def catalogue(visit: DoctorContext) -> list[Check]:
    """Return every check in the order in which a row travels."""
    return [
        Check("environment", where, needs=()),
        Check("settings", values),
        Check("versions", versions, needs=()),
        Check("python", python, needs=()),
        *_postgres(visit),
        *_saas(visit),
        *(check for pipeline in SOURCES for check in _lake(visit, pipeline)),
        *([Check("warehouse settings", partial(complete, "warehouse"))] if _is_snowflake() else []),
        *_warehouse(visit),
        *(check for pipeline in SOURCES for check in _through(visit, pipeline)),
        *([Check("dbt settings", partial(complete, "dbt"))] if _is_snowflake() else []),
        Check("dbt debug", dbt_debug, ("dbt settings",) if _is_snowflake() else ("environment",), DBT_TELLS, 90),
        Check("prefect", prefect, mend=services_hint()),
        *([Check("secrets", secret_checks.secrets)] if _is_snowflake() else []),
    ]


def _postgres(visit: DoctorContext) -> list[Check]:
    mend = "correct SOURCES__POSTGRES__CREDENTIALS or .dlt/secrets.toml"
    return [
        Check("postgres settings", partial(source_checks.postgres_settings, visit), mend=mend),
        Check("postgres log-in", partial(source_checks.postgres_login, visit), ("postgres settings",), mend),
        Check("postgres SELECT", partial(source_checks.postgres_grants, visit), ("postgres log-in",), mend),
        Check("postgres columns", partial(source_checks.postgres_cursors, visit), ("postgres SELECT",), mend),
        Check("postgres clock", partial(source_checks.postgres_clock, visit), ("postgres log-in",), mend),
        Check("postgres primary", partial(source_checks.postgres_primary, visit), ("postgres log-in",), mend),
        Check("postgres sessions", partial(source_checks.postgres_sessions, visit), ("postgres log-in",), mend),
        Check("postgres transactions", partial(source_checks.postgres_transactions, visit), ("postgres log-in",), mend),
    ]


def _saas(visit: DoctorContext) -> list[Check]:
    mend = "correct SOURCES__SAAS__BASE_URL or .dlt/secrets.toml"
    return [
        Check("saas settings", partial(source_checks.saas_settings, visit), mend=mend),
        Check("saas reachable", partial(source_checks.saas_reachable, visit), ("saas settings",), mend),
        *(
            Check(f"saas {endpoint}", partial(source_checks.saas_endpoint, visit, endpoint), ("saas reachable",), mend)
            for endpoint in ENDPOINTS
        ),
    ]


def _lake(visit: DoctorContext, pipeline: str) -> list[Check]:
    write, mend = f"lake {pipeline}/ write", "correct DESTINATION__LAKE__CREDENTIALS or .dlt/secrets.toml"
    return [
        Check(write, partial(lake_checks.lake_write, visit, pipeline), mend=mend),
        Check(f"lake {pipeline}/ read", partial(lake_checks.lake_read, visit, pipeline), (write,), mend),
        Check(f"lake {pipeline}/ lease", partial(lake_checks.lake_lease, visit, pipeline), (write,), mend),
    ]


def _warehouse(visit: DoctorContext) -> list[Check]:
    login, mend = "warehouse log-in", "correct DESTINATION__WAREHOUSE__CREDENTIALS or .dlt/secrets.toml"
    needs = ("warehouse settings",) if _is_snowflake() else ("environment",)
    role = Check("warehouse role", partial(warehouse_checks.warehouse_role, visit), (login,), mend)
    return [
        Check(login, partial(warehouse_checks.warehouse_login, visit), needs, mend, patience=60),
        *([role] if _is_snowflake() else []),
        Check("warehouse time zone", partial(warehouse_checks.warehouse_zone, visit), (login,), mend),
        Check("warehouse RAW", partial(warehouse_checks.warehouse_table, visit, False), (login,), mend),
        Check("warehouse RAW_STAGING", partial(warehouse_checks.warehouse_table, visit, True), (login,), mend),
    ]


def _through(visit: DoctorContext, pipeline: str) -> list[Check]:
    write, stage = f"lake {pipeline}/ write", f"stage {pipeline}/"
    lists = [Check(stage, partial(warehouse_checks.stage_lists, visit, pipeline), (write, "warehouse log-in"))]
    lists = lists if _is_snowflake() else []
    needs = (f"lake {pipeline}/ read", "warehouse RAW")
    return [
        *lists,
        Check(f"lake {pipeline}/ to RAW", partial(warehouse_checks.through, visit, pipeline), needs, patience=60),
        Check(f"lake {pipeline}/ remove", partial(lake_checks.lake_remove, visit, pipeline), (write,)),
    ]


def _is_snowflake() -> bool:
    try:
        return environment().engine == "snowflake"
    except PipelineError:
        return False


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
        raise PipelineError(f"not set: {', '.join(lacking)}; see {EXAMPLE} and docs/settings.md")
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
    api = find_prefect_api()
    if not api.url:
        up = f"{services_hint()}, or " if environment().is_embedded else ""
        raise PipelineError(f"no address is known; {up}set PREFECT_API_URL")
    try:
        api.check_health()
        api.check_sign_in()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise PipelineError(f"{api.display_url} does not answer ({type(error).__name__}); {api.hint}") from error
    return api.display_url


def run_checks(found: list[Check], visit: DoctorContext) -> bool:
    """Do every check, print its line and then the counts; tell whether all are ✓."""
    began, good, bad, unasked = time.monotonic(), set(), 0, 0
    for check in found:
        if missing := [need for need in check.needs if need not in good]:
            print(f"- {check.what}: waits for {missing[0]}", flush=True)
            continue
        started = time.monotonic()
        answer = run_check(check)
        if isinstance(answer, NotChecked):
            unasked += 1
            line = f"- {check.what}: {answer}"
        elif isinstance(answer, str):
            good.add(check.what)
            line = f"✓ {check.what} ({answer}; {time.monotonic() - started:.1f} s)"
        else:
            bad += 1
            line = f"✗ {check.what}: {failure_message(answer, check)}"
        print(redact(line, visit.secrets), flush=True)
    waiting = len(found) - len(good) - bad - unasked
    counts = f"{len(good)} ✓, {bad} ✗, {waiting} waiting" + (f", {unasked} not looked at" if unasked else "")
    print(f"{counts}; {time.monotonic() - began:.1f} s", flush=True)
    return len(good) + unasked == len(found)


def run_check(check: Check) -> str | BaseException:
    """Return the check's detail or its error; one that hangs is left alone after its time."""
    answers: list[str | BaseException] = []

    def look() -> None:
        try:
            answers.append(check.look())
        except Exception as error:  # noqa: BLE001  the one place at which every check's error becomes a line
            answers.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(check.patience)
    return answers[0] if answers else PipelineError(f"no answer within {check.patience:.0f} s; {check.mend}")


def failure_message(error: BaseException, check: Check) -> str:
    """Return what is wrong and what to type, in one line."""
    if isinstance(error, ConfigFieldMissingException):
        line = user_message(error, "`make up`" if services_hint().startswith("`make up`") else "") or ""
        return line[:1].lower() + line[1:].rstrip(".")
    reason = " ".join(str(error).split())[:400]
    return user_message(error, services_hint()) or f"{type(error).__name__}: {reason}; {check.mend}"


def redact(line: str, secrets: set[str]) -> str:
    """Return the line without any secret in it."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORT:
            line = line.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return line


def main() -> int:
    """Examine the environment that MAILBLAZE_ENV names; with --quick all but dbt, which takes longer than the rest."""
    parser = argparse.ArgumentParser(description="Look at what is set, reachable and permitted before the first load.")
    parser.add_argument("--quick", action="store_true", help="all but dbt, which takes longer than the rest")
    is_quick = parser.parse_args().quick
    keep_private()
    visit = DoctorContext()
    try:
        ignore_foreign(environment().is_embedded)
        visit.ask()
        print("\n".join(effective.lines()), flush=True)
    except PipelineError as error:
        if not str(error).startswith("MAILBLAZE_ENV"):  # which is the first check's to say
            print(f"✗ {error}", flush=True)
            return 1
    found = [check for check in catalogue(visit) if check.what != "dbt debug" or not is_quick]
    return 0 if run_checks(found, visit) else 1


if __name__ == "__main__":
    from exactly_once.interrupts import body

    with body():
        sys.exit(main())
