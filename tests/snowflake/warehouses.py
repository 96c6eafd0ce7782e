"""The two warehouses that are compared: the same commands load the same sources into Snowflake (offline) and DuckDB."""

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.snowflake.statements import TEST

ROOT = Path(__file__).parents[2]
DATABASE, BUCKET = "DP_MAILBLAZE_DEMO_DEV_DB", "dp-mailblaze-demo-dev-raw-3dfbc1"
DBT = ("--project-dir", "dbt", "--profiles-dir", "dbt")
# Columns that depend on the load and not on the sources: they differ between any two loads.
OURS = {"load_id", "deleted_at", "newest_load_id", "source_loaded_at"}


@dataclass
class Warehouse:
    """One environment, run in child processes; `settings` are all of their settings."""

    environment: str
    folder: Path
    settings: dict[str, str]

    def run(self, *command: str) -> str:
        """Run one of the project's commands and return its output; a failure shows the output."""
        self.folder.mkdir(exist_ok=True)
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        own = {
            "MAILBLAZE_ENV": self.environment,
            "MAILBLAZE_DATA_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        done = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:]],
            cwd=ROOT,
            env=inherited | own | self.settings,
            capture_output=True,
            text=True,
            timeout=600,
        )
        output = done.stdout + done.stderr
        (self.folder / "output.txt").open("a").write(f"$ {' '.join(command)}\n{output}\n")
        assert done.returncode == 0, f"{self.environment}: {' '.join(command)}\n{output[-6000:]}"
        return output

    def load(self) -> None:
        """Run both pipelines by their commands."""
        self.run("python", "pipelines/postgres.py")
        self.run("python", "pipelines/saas.py")

    def dbt(self, *arguments: str) -> str:
        """Run one dbt command."""
        return self.run("dbt", *arguments, *DBT)

    def tables(self, schema: str) -> list[str]:
        """Return the names of a schema's tables and views, in lower case."""
        names = self.rows(f"select table_name from information_schema.tables where table_schema = '{schema}'")[1]
        return sorted(name.lower() for (name,) in names)

    def execute(self, *statements: str) -> None:
        """Run statements of a test, marked as such."""
        with closing(self.connect()) as connection:
            for statement in statements:
                connection.cursor().execute(f"{statement} {TEST}")

    def rows(self, sql: str) -> tuple[list[str], list[tuple]]:
        """Return the column names and rows of a query; JSON is parsed, with exact numbers."""
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"{sql} {TEST}")
            is_json = [self.is_json(column) for column in cursor.description]
            rows = [tuple(map(_parsed, row, is_json)) for row in cursor.fetchall()]
            return [column[0].lower() for column in cursor.description], rows


class DuckDb(Warehouse):
    """`ci`: a DuckDB file behind the S3 API."""

    zoned = "timestamptz"

    def connect(self):
        connection = duckdb.connect(str(self.folder / "dp_mailblaze_demo_ci_db.duckdb"))
        connection.execute("set TimeZone = 'UTC'")
        return connection

    @staticmethod
    def is_json(column) -> bool:
        return str(column[1]) == "JSON"


class Snowflake(Warehouse):
    """`dev`: the offline Snowflake behind the S3 API."""

    zoned = "timestamp_ltz"
    server = None

    def connect(self):
        return self.server.connect(database=DATABASE, timezone="UTC")

    @staticmethod
    def is_json(column) -> bool:
        return column.type_code in (5, 9, 10)  # VARIANT, OBJECT, ARRAY


def _parsed(value: object, is_json: bool) -> object:
    if is_json and isinstance(value, str):
        return json.loads(value, parse_float=Decimal)
    return value


def write_key(folder: Path) -> Path:
    """Write a private key for a service user of Snowflake and return its path."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = folder / "rsa_key.p8"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path
