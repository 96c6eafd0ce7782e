"""One command of dbt on the environment that MAILBLAZE_ENV names: `python flows/dbt_command.py build`.

Target, project and profiles are said explicitly, and dbt's variables in the shell count only where they are ours.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from exactly_once.errors import PipelineError
from pipelines.configuration.private_files import keep_private
from pipelines.configuration.shell import ignore_foreign, say_ignored
from pipelines.environment import environment, export_data_dir

DBT = Path(__file__).resolve().parent.parent / "dbt"


def place() -> list[str]:
    """Return dbt's options that say where: the target, the project, the profiles."""
    return ["--target", environment().word, "--project-dir", str(DBT), "--profiles-dir", str(DBT)]


def leave_out_foreign() -> None:
    """Leave foreign names out of this process, and name those of dbt."""
    say_ignored([name for name in ignore_foreign(environment().is_embedded) if name.startswith("DBT_")])


def main(arguments: Sequence[str]) -> None:
    """Become dbt with these arguments."""
    try:
        leave_out_foreign()
        has_place = bool(arguments) and not arguments[0].startswith("-")  # `--help` and `--version` take none
        if has_place and environment().engine == "snowflake":
            _check_login()
        export_data_dir()
        keep_private()
        command = [str(Path(sys.executable).with_name("dbt")), *arguments, *(place() if has_place else [])]
    except PipelineError as error:
        sys.exit(f"✗ {error}")
    os.execv(command[0], command)  # noqa: S606  our own dbt, with what a person typed


def _check_login() -> None:
    from pipelines.configuration.settings import missing  # imported here: dlt takes a second

    if names := missing(dbt=True).get("dbt"):
        raise PipelineError(f"Not set on {environment().word}: dbt: {', '.join(names)}. See docs/snowflake.md.")


if __name__ == "__main__":
    main(sys.argv[1:])
