"""The whole chain on a real Snowflake account, in scratch schemas that are dropped: `make smoke-snowflake`.

After the chain it asks what only an account can tell (account_probes.py) and prints a table.

Sources are those of `make up`; the account, its stage and its roles are those of MAILBLAZE_ENV (dev where it is unset).
LOADER and TRANSFORMER need CREATE SCHEMA on the database, which Terraform grants in dev (`allow_smoke_tests`). Each
owns and drops the schemas that it creates: LOADER grants TRANSFORMER read access to its own, TRANSFORMER grants it to
REPORTER. A later run drops what an interrupted run left, a day after its creation.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg2
from snowflake.connector import connect
from snowflake.connector.errors import Error

from dashboard.mart import MartUnavailable
from dashboard.mart import connection_settings as sign_in
from pipelines.environment import build_pipeline, environment
from pipelines.postgres import TABLES
from tools.snowflake_smoke.account_probes import ask_all
from tools.snowflake_smoke.question import Account, Session
from tools.snowflake_smoke.reporter import REGION, unmasked
from tools.snowflake_smoke.smoke_account import SmokeAccount, is_account

ROOT = Path(__file__).parents[2]
# Three sign-ins: dlt's and dbt's, and REPORTER's, which looks at MART at the end.
NEEDED = (
    *("DESTINATION__WAREHOUSE__CREDENTIALS__HOST", "SNOWFLAKE_ACCOUNT"),
    "SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH",
)
SCRATCH = "SMOKE_"  # how every schema of a run, every folder of it in the lake and its leases' names begin
LEFT = timedelta(days=1)  # after which a schema of a run is no longer at work: a workflow ends after an hour
LEASE = "_lease/DP_MAILBLAZE_DEMO_DEV_DB."  # before that, in the name of a lease
# dlt works as LOADER, dbt as TRANSFORMER; nobody but its owner may drop a schema.
MAKES = {"LOADER": ("RAW", "RAW_STAGING"), "TRANSFORMER": ("STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS")}


def main() -> int:
    """Run the chain twice in scratch schemas, check RAW, MART and the account; return the exit code."""
    argparse.ArgumentParser(prog="make smoke-snowflake", description=main.__doc__).parse_args()
    services = Path(os.environ.get("MAILBLAZE_DATA_DIR") or ".data") / "services.json"
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing or not services.exists():
        wanted = f"set {', '.join(missing)} (docs/snowflake.md)" if missing else "type `make up` first"
        print(f"✗ {wanted}, then make smoke-snowflake again", file=sys.stderr)
        return 2
    scratch = f"{SCRATCH}{uuid4().hex[:8].upper()}_"
    settings = shell(json.loads(services.read_text()), scratch)
    os.environ |= settings  # for this process's own look at RAW
    is_well = is_dropped = False
    try:
        drop_left(SmokeAccount(), datetime.now(UTC))
        is_well = runs(settings, scratch)
    finally:
        is_dropped = drop(settings, scratch)
    return 0 if is_well and is_dropped else 1


def runs(settings: dict[str, str], scratch: str) -> bool:
    """Run the chain twice and return whether it succeeded and RAW and the account are as expected."""
    try:
        for _ in range(2):
            run(settings, "python", "pipelines/postgres.py")
            run(settings, "python", "pipelines/saas.py")
            let_transformer_read(scratch)
            run(settings, *dbt("build", scratch))
    except subprocess.CalledProcessError as error:
        print(f"✗ {Path(error.cmd[0]).name} {error.cmd[1]} failed", file=sys.stderr)
        return False
    let_reporter_read(settings, scratch)
    is_whole, is_masked = is_raw_whole(settings, scratch), is_mart_masked(settings, scratch)
    return ask_all(SmokeAccount(), is_account()) and is_whole and is_masked


def shell(services: dict[str, str], scratch: str) -> dict[str, str]:
    """Return the settings of the run: local sources, the account's warehouse, a working folder of its own."""
    return {
        "MAILBLAZE_ENV": "dev",
        "SOURCES__POSTGRES__CREDENTIALS": services["postgres_url"],
        "SOURCES__SAAS__BASE_URL": services["saas_url"],
        "SOURCES__SAAS__API_KEY": services["saas_token"],
        **os.environ,
        "WAREHOUSE__SCRATCH": scratch,
        "MAILBLAZE_DATA_DIR": str(Path(os.environ.get("MAILBLAZE_DATA_DIR") or ".data").absolute() / scratch),
    }


def run(settings: dict[str, str], *command: str) -> None:
    """Run one of the project's commands and show what it prints."""
    print(f"$ {' '.join(command)}", flush=True)
    program = str(Path(sys.executable).parent / command[0])
    subprocess.run([program, *command[1:]], cwd=ROOT, env=settings, check=True)


def dbt(command: str, scratch: str, *arguments: str) -> list[str]:
    """Return a command line of dbt in the run's own schemas."""
    place = ("--project-dir", "dbt", "--profiles-dir", "dbt", "--vars", json.dumps({"scratch": scratch}))
    return ["dbt", command, *arguments, *place]


def let_transformer_read(scratch: str) -> None:
    """Let dbt read RAW of the run, as Terraform lets it read the real one.

    A grant on future tables is the administrator's, so this one is repeated after each load.
    """
    schema = f"{environment().database}.{scratch}RAW"
    with warehouse() as raw:
        raw.execute_sql(f"GRANT USAGE ON SCHEMA {schema} TO ROLE TRANSFORMER")
        raw.execute_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO ROLE TRANSFORMER")


def let_reporter_read(settings: dict[str, str], scratch: str) -> None:
    """Let REPORTER read MART of the run, as Terraform lets it read the real one; TRANSFORMER owns it."""
    schema = f"{environment().database}.{scratch}MART"
    grants = [
        f"GRANT USAGE ON SCHEMA {schema} TO ROLE REPORTER",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO ROLE REPORTER",
    ]
    run(settings, *dbt("run-operation", scratch, "run_query", "--args", json.dumps({"sql": ";\n".join(grants)})))


def is_mart_masked(settings: dict[str, str], scratch: str) -> bool:
    """Return whether REPORTER sees no person in MART, no row without a region's role, and with one only its rows.

    dbt made it in a schema of the run's own, under the tags and policies of the real MART.
    """
    database = environment().database
    target = Path(settings.get("DBT_TARGET_PATH") or "dbt/target")
    manifest = json.loads((ROOT / target / "manifest.json").read_text())
    try:
        with connect(**sign_in(database) | {"schema": None}) as connection:
            found = unmasked(connection, f"{database}.{scratch}MART", manifest)
    except (MartUnavailable, Error) as error:
        found = [f"REPORTER cannot read {scratch}MART: {str(error).splitlines()[0]}"]
    for line in found:
        print(f"✗ {line}")
    if not found:
        shown = f"rows by the roles of regions: all, {REGION} alone, none"
        print(f"✓ {scratch}MART: REPORTER sees no address and no name, and {shown}")
    return not found


def is_raw_whole(settings: dict[str, str], scratch: str) -> bool:
    """Return whether every table of RAW has as many undeleted rows as its source."""
    is_whole = True
    connection = psycopg2.connect(settings["SOURCES__POSTGRES__CREDENTIALS"])
    with warehouse() as raw, connection.cursor() as cursor:
        for table in [declared.name for declared in TABLES]:
            relation = raw.make_qualified_table_name(f"postgres_{table}")
            ((landed,),) = raw.execute_sql(f"SELECT count(*) FROM {relation} WHERE _deleted_at IS NULL")
            cursor.execute(f"select count(*) from {table}")
            ((expected,),) = cursor.fetchall()
            mark = "✓" if landed == expected else "✗"
            print(f"{mark} {scratch}RAW.POSTGRES_{table.upper()}: {landed:,} of {expected:,} rows")
            is_whole = is_whole and landed == expected
    connection.close()
    return is_whole


def drop(settings: dict[str, str], scratch: str) -> bool:
    """Let each role drop the schemas that it made; return whether none is left.

    The lake's files of the run stay, below folders with its name.
    """
    statements = {
        role: [f"DROP SCHEMA IF EXISTS {environment().database}.{scratch}{schema} CASCADE" for schema in schemas]
        for role, schemas in MAKES.items()
    }
    is_dropped = True
    try:
        sql = json.dumps({"sql": ";\n".join(statements["TRANSFORMER"])})
        run(settings, *dbt("run-operation", scratch, "run_query", "--args", sql))
    except subprocess.CalledProcessError:
        is_dropped = False
        print(f"✗ {', '.join(scratch + schema for schema in MAKES['TRANSFORMER'])} are left", file=sys.stderr)
    with warehouse() as raw:
        for statement in statements["LOADER"]:
            raw.execute_sql(statement)
    print(f"dropped {scratch}…" if is_dropped else f"dropped {scratch}RAW")
    return is_dropped


def drop_left(account: Account, now: datetime) -> None:
    """Let each role drop the schemas of interrupted runs; one that cannot be dropped is only reported."""
    for role in MAKES:
        try:
            with account.session(role) as session:
                schemas = session.shown(f"SHOW SCHEMAS LIKE '{SCRATCH}%' IN DATABASE {account.database}")
                for name in left_of(role, schemas, now):
                    _drop_left(session, f"{account.database}.{name}")
        except Exception as error:  # noqa: BLE001  whatever it is, the run itself says it again, or goes well
            print(f"! what {role} left in earlier runs is not known: {error}".splitlines()[0], file=sys.stderr)


def _drop_left(session: Session, schema: str) -> None:
    try:
        session.rows(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        print(f"dropped {schema}, which an earlier run left")
    except Error as error:
        print(f"! {schema}, which an earlier run left, stays: {error}".splitlines()[0], file=sys.stderr)


def left_of(role: str, schemas: Iterable[dict], now: datetime) -> list[str]:
    """Return the schemas that a role has made in a run and that are older than any run at work."""
    own = re.compile(rf"{SCRATCH}[0-9A-F]{{8}}_(?:{'|'.join(MAKES[role])})")
    return sorted(row["name"] for row in schemas if own.fullmatch(row["name"]) and now - row["created_on"] > LEFT)


def warehouse():
    """Open the loader's own session on the warehouse."""
    pipeline = build_pipeline("postgres")
    pipeline.activate()
    return pipeline.sql_client("postgres")


if __name__ == "__main__":
    sys.exit(main())
