"""The whole chain on a real Snowflake account, in schemas of its own, dropped at the end: `make smoke-snowflake`.

Sources are those of `make up`; the account, its stage and its roles are those of MAILBLAZE_ENV (dev where it is unset).
Whoever runs it needs CREATE SCHEMA on the database for both roles, and reads the outcome line by line.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psycopg2

from pipelines.postgres import TABLES
from pipelines.warehouse import environment, raw_pipeline

ROOT = Path(__file__).parents[2]
NEEDED = ("DESTINATION__WAREHOUSE__CREDENTIALS__HOST", "SNOWFLAKE_ACCOUNT")
SCHEMAS = ("RAW", "RAW_STAGING", "STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS")


def main() -> int:
    """Run the chain twice in scratch schemas, compare RAW with Postgres, drop the schemas; 0 where all was well."""
    services = Path(os.environ.get("MAILBLAZE_DATA_DIR", ".data")) / "services.json"
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing or not services.exists():
        wanted = f"set {', '.join(missing)} (docs/snowflake.md)" if missing else "type `make up` first"
        print(f"✗ {wanted}, then make smoke-snowflake again", file=sys.stderr)
        return 2
    scratch = f"SMOKE_{uuid4().hex[:8].upper()}_"
    settings = shell(json.loads(services.read_text()), scratch)
    os.environ |= settings  # for this process's own look at RAW
    dbt = ["dbt", "build", "--project-dir", "dbt", "--profiles-dir", "dbt", "--vars", json.dumps({"scratch": scratch})]
    try:
        for _ in range(2):
            run(settings, "python", "pipelines/postgres.py")
            run(settings, "python", "pipelines/saas.py")
            run(settings, *dbt)
        return 0 if is_raw_whole(settings, scratch) else 1
    except subprocess.CalledProcessError as error:
        print(f"✗ {' '.join(error.cmd[:2])} failed; the schemas {scratch}… are dropped", file=sys.stderr)
        return 1
    finally:
        drop(scratch)


def shell(services: dict[str, str], scratch: str) -> dict[str, str]:
    """Return the settings of the run: the laptop's sources, the account's warehouse, a working folder of its own."""
    return {
        "MAILBLAZE_ENV": "dev",
        "SOURCES__POSTGRES__CREDENTIALS": services["postgres_url"],
        "SOURCES__SAAS__BASE_URL": services["saas_url"],
        "SOURCES__SAAS__API_KEY": services["saas_token"],
        **os.environ,
        "WAREHOUSE__SCRATCH": scratch,
        "MAILBLAZE_DATA_DIR": str(Path(os.environ.get("MAILBLAZE_DATA_DIR", ".data")).absolute() / scratch),
    }


def run(settings: dict[str, str], *command: str) -> None:
    """Run one of the project's commands and show what it prints."""
    print(f"$ {' '.join(command)}", flush=True)
    program = str(Path(sys.executable).parent / command[0])
    subprocess.run([program, *command[1:]], cwd=ROOT, env=settings, check=True)


def is_raw_whole(settings: dict[str, str], scratch: str) -> bool:
    """Tell whether every table of RAW has as many live rows as its source."""
    is_whole = True
    connection = psycopg2.connect(settings["SOURCES__POSTGRES__CREDENTIALS"])
    with warehouse() as raw, connection.cursor() as cursor:
        for table in TABLES:
            relation = raw.make_qualified_table_name(f"postgres_{table}")
            ((landed,),) = raw.execute_sql(f"SELECT count(*) FROM {relation} WHERE _deleted_at IS NULL")
            cursor.execute(f"select count(*) from {table}")
            ((expected,),) = cursor.fetchall()
            mark = "✓" if landed == expected else "✗"
            print(f"{mark} {scratch}RAW.POSTGRES_{table.upper()}: {landed:,} of {expected:,} rows")
            is_whole = is_whole and landed == expected
    connection.close()
    return is_whole


def drop(scratch: str) -> None:
    """Drop every schema of the run; the lake's files of it stay, below the folder with its name."""
    with warehouse() as raw:
        for schema in SCHEMAS:
            raw.execute_sql(f"DROP SCHEMA IF EXISTS {environment().database}.{scratch}{schema} CASCADE")
    print(f"dropped {scratch}…")


def warehouse():
    """Open the loader's own session on the warehouse."""
    pipeline = raw_pipeline("postgres")
    pipeline.activate()
    return pipeline.sql_client("postgres")


if __name__ == "__main__":
    sys.exit(main())
