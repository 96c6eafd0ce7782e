"""Check before the first load what is set, reachable and permitted, line by line: `python pipelines/doctor.py`."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.process.interrupts import watch

    watch("✗ Interrupted: nothing was changed; type again: {}")

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from exactly_once.diagnostics import lake_checks, warehouse_checks
from exactly_once.diagnostics.check import Check, run_checks
from exactly_once.diagnostics.context import DoctorContext
from exactly_once.errors import PipelineError
from pipelines.configuration.private_files import keep_private
from pipelines.configuration.shell import ignore_foreign
from pipelines.diagnostics import effective_settings, secret_checks
from pipelines.diagnostics import environment_checks as here
from pipelines.environment import RAW, build_pipeline, environment, services_hint
from pipelines.registry import SOURCES

CREDENTIALS = "correct DESTINATION__{}__CREDENTIALS or .dlt/secrets.toml"
DBT_HINT = f"{here.DBT_DEBUG} prints details"


def all_checks(context: DoctorContext) -> list[Check]:
    """Return every check, in the order in which a row is loaded."""
    is_snowflake = _is_snowflake()
    needs = ("warehouse settings",) if is_snowflake else ("environment",)
    first = next(iter(SOURCES))
    login = Check(
        "warehouse log-in",
        partial(warehouse_checks.warehouse_login, context, first),
        needs,
        CREDENTIALS.format("WAREHOUSE"),
        timeout=60,
    )
    return [
        Check("environment", here.describe_environment),
        _check("settings", here.check_setting_values),
        Check("versions", here.check_versions, fix="`make setup`"),
        Check("python", here.check_python, fix="`make setup`"),
        *(check for source in SOURCES.values() for check in source.module.checks(context)),
        *(check for name in SOURCES for check in lake_checks.checks(context, name, CREDENTIALS.format("LAKE"))),
        *([_check("warehouse settings", partial(here.check_required, "warehouse"))] if is_snowflake else []),
        *warehouse_checks.checks(context, first, login, is_snowflake),
        *(check for name in SOURCES for check in warehouse_checks.path_checks(context, name, login, is_snowflake)),
        *([_check("dbt settings", partial(here.check_required, "dbt"))] if is_snowflake else []),
        Check("dbt debug", here.check_dbt, ("dbt settings",) if is_snowflake else ("environment",), DBT_HINT, 90),
        _check("prefect", here.check_prefect, services_hint()),
        *([_check("secrets", secret_checks.check_secrets)] if is_snowflake else []),
    ]


def _check(name: str, run: Callable[[], str], fix: str = "`make setup`") -> Check:
    return Check(name, run, ("environment",), fix)


def _is_snowflake() -> bool:
    try:
        return environment().engine == "snowflake"
    except PipelineError:
        return False


def doctor_context() -> DoctorContext:
    """Return the context of the checks in the environment of MAILBLAZE_ENV."""
    return DoctorContext(build_pipeline, RAW, _provision, is_local=_is_local())


def _provision(of_lake: bool) -> str:
    """Return the command that creates the environment's resources; an administrator creates the lake and the roles."""
    return f"`terraform apply` in terraform/{'bootstrap' if of_lake else f'environments/{environment().name}'}"


def _is_local() -> bool:
    try:
        return environment().uses_local_services
    except PipelineError:
        return True


def ask_for_settings(context: DoctorContext) -> None:
    """Let dlt look up every setting of a load once, so that ignored names are known."""
    for name, source in SOURCES.items():
        for ask in (
            partial(context.source_settings, getattr(source.module, name), name),
            source.module.checks(context)[0].run,
            partial(context.lake, name),
            lambda name=name: build_pipeline(name).destination_client(),
        ):
            with suppress(Exception):  # the checks report invalid settings
                ask()


def main() -> int:
    """Check the environment of MAILBLAZE_ENV; return the exit code."""
    parser = argparse.ArgumentParser(description="Check what is set, reachable and permitted before the first load.")
    parser.add_argument("--quick", action="store_true", help="all but dbt, which takes longer than the rest")
    is_quick = parser.parse_args().quick
    keep_private()
    context = doctor_context()
    try:
        ignore_foreign(environment().uses_local_services)
        ask_for_settings(context)
        print("\n".join(effective_settings.format_settings()), flush=True)
    except PipelineError as error:
        if not str(error).startswith("MAILBLAZE_ENV"):  # which the first check reports
            print(f"✗ {error}", flush=True)
            return 1
    found = [check for check in all_checks(context) if check.name != "dbt debug" or not is_quick]
    return 0 if run_checks(found, context.secrets) else 1


if __name__ == "__main__":
    from exactly_once.process.interrupts import body

    with body():
        sys.exit(main())
