"""One command of dbt in the environment that MAILBLAZE_ENV names: `python flows/dbt_command.py build`.

The command gets target, project and profiles as options. Of dbt's variables in the shell, only those count that this
project sets itself (pipelines/configuration/shell.py).
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from exactly_once.errors import PipelineError
from pipelines.configuration.private_files import keep_private
from pipelines.configuration.shell import ignore_foreign, report_ignored
from pipelines.environment import environment, export_data_dir

DBT_PROJECT = Path(__file__).resolve().parent.parent / "dbt"


def location_options() -> list[str]:
    """Return dbt's options for the target, the project and the profiles."""
    return ["--target", environment().name, "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]


def ignore_foreign_settings() -> None:
    """Remove other programs' variables from this process, and report those of dbt."""
    report_ignored([name for name in ignore_foreign(environment().uses_local_services) if name.startswith("DBT_")])


def main(arguments: Sequence[str]) -> None:
    """Replace this process by dbt with these arguments."""
    try:
        ignore_foreign_settings()
        takes_location = bool(arguments) and not arguments[0].startswith("-")  # not `--help` and `--version`
        if takes_location and environment().engine == "snowflake":
            _check_login()
        export_data_dir()
        keep_private()
        dbt = str(Path(sys.executable).with_name("dbt"))
        command = [dbt, *arguments, *(location_options() if takes_location else [])]
    except PipelineError as error:
        sys.exit(f"✗ {error}")
    os.execv(command[0], command)  # noqa: S606  dbt of this environment, with what a person typed


def _check_login() -> None:
    from pipelines.configuration.settings import missing  # imported here: dlt takes a second

    if names := missing(dbt=True).get("dbt"):
        raise PipelineError(f"Not set on {environment().name}: dbt: {', '.join(names)}. See docs/snowflake.md.")


if __name__ == "__main__":
    main(sys.argv[1:])
