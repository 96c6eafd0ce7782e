"""dbt over some warehouses, one after the other: `python tests/replay/builds.py FOLDER...`; it parses once."""

import os
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

DBT = ("--project-dir", "dbt", "--profiles-dir", "dbt", "--quiet")
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def main(folders: list[str]) -> None:
    """Build everything in each folder's warehouse except the tests, which run elsewhere."""
    os.environ |= {"MAILBLAZE_ENV": "ci", "DBT_TARGET_PATH": str(Path(folders[0]) / "target")}
    os.environ["DBT_LOG_PATH"] = os.environ["DBT_TARGET_PATH"]
    runner = dbtRunner(dbtRunner().invoke(["parse", *DBT]).result)
    for folder in folders:
        os.environ["MAILBLAZE_DATA_DIR"] = folder
        done = runner.invoke(["build", *NO_TESTS, *DBT])
        if not done.success:
            sys.exit(f"{folder}: {done.exception or [result.message for result in done.result]}")


if __name__ == "__main__":
    main(sys.argv[1:])
