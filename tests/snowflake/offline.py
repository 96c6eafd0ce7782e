"""A Snowflake without an account: fakesnow in its own process; the real connector talks to it over HTTP."""

import json
import logging
import os
import subprocess
import time
from pathlib import Path

import snowflake.connector

from mock_services.system import processes
from mock_services.system.ports import free_port
from tests.snowflake.policies import policies

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv-snowflake" / "bin" / "python"
SCHEMAS = ("RAW", "RAW_STAGING", "STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS", "METERING")
ROLES = ("LOADER", "TRANSFORMER", "REPORTER")
WAREHOUSES = ("LOAD_WH", "TRANSFORM_WH")
log = logging.getLogger(__name__)


class OfflineSnowflake:
    """A server that runs inside a `with` and starts empty; `without` names corrections that it leaves out."""

    def __init__(self, folder: Path, s3_url: str, without: tuple[str, ...] = ()):
        self.folder, self.s3_url, self.without = Path(folder), s3_url, without
        self.port: int | None = None
        self.process: subprocess.Popen | None = None
        self.cold_start_seconds: float | None = None

    def start(self, seconds: float = 60) -> "OfflineSnowflake":
        """Start the server on a free port and wait until it answers."""
        if not PYTHON.exists():
            raise FileNotFoundError("no environment for the offline Snowflake: type make .venv-snowflake/.ready")
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        command = [PYTHON, HERE / "server" / "serve.py", "--port", self.port, "--log", self._log, "--s3", self.s3_url]
        if self.without:
            command += ["--without", *self.without]
        with self._output.open("ab") as output:
            # stdin is a pipe that closes when this process ends, even if it is killed
            self.process = subprocess.Popen(
                [str(part) for part in command], cwd=self.folder, start_new_session=True, stdin=subprocess.PIPE,
                stdout=output, stderr=output, env=os.environ | {"AWS_EC2_METADATA_DISABLED": "true"})  # fmt: skip
        try:
            self._wait(began + seconds)
        except BaseException:
            self.stop()
            raise
        self.cold_start_seconds = time.monotonic() - began
        log.info("offline Snowflake answers on port %s after %.1f s", self.port, self.cold_start_seconds)
        return self

    def stop(self) -> None:
        """Stop the server and lose its data."""
        if self.process:
            processes.terminate(self.process.pid, polite=15, seconds=5, whole_group=True)
            self.process.stdin.close()
            self.process.wait(5)
            self.process = None

    def connect(self, user: str = "ADMIN", **more) -> snowflake.connector.SnowflakeConnection:
        """Open a session; the server takes any password or key."""
        secret = {} if {"password", "private_key", "private_key_file"} & set(more) else {"password": "any"}
        place = {"account": "acct", "host": "127.0.0.1", "port": self.port, "protocol": "http"}
        limits = {"network_timeout": 15, "login_timeout": 15}
        return snowflake.connector.connect(user=user, **(place | limits | secret | more))

    def execute(self, *statements: str, **session) -> list[tuple]:
        """Run statements in a new session and return the rows of the last one."""
        rows = []
        with self.connect(**session) as connection:
            for statement in statements:
                rows = connection.cursor().execute(statement, num_statements=0).fetchall()
        return rows

    def statements(self) -> list[dict]:
        """Return every statement that the server received, ordered by its end: {"at", "sql", "error", "session"}.

        `at` is Unix time; a session has a number, and the user, role, warehouse and parameters of its sign-in.
        """
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    def create_account_objects(self, database: str, bucket: str) -> None:
        """Create the objects that an administrator creates before the first load."""
        integration = f"{database.removesuffix('_DB')}_S3_INT"
        self.execute(
            f"CREATE DATABASE IF NOT EXISTS {database}",
            *(f"CREATE SCHEMA IF NOT EXISTS {database}.{schema}" for schema in SCHEMAS),
            f"CREATE STORAGE INTEGRATION IF NOT EXISTS {integration} TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3'"
            " ENABLED = TRUE STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::000000000000:role/snowflake'"
            f" STORAGE_ALLOWED_LOCATIONS = ('s3://{bucket}/')",
            f"CREATE STAGE IF NOT EXISTS {database}.RAW.STG_S3_RAW URL = 's3://{bucket}/'"
            f" STORAGE_INTEGRATION = {integration}",
            *(f"CREATE ROLE IF NOT EXISTS {role}" for role in ROLES),
            *(f"CREATE WAREHOUSE IF NOT EXISTS {warehouse}" for warehouse in WAREHOUSES),
            *(f"GRANT USAGE ON DATABASE {database} TO ROLE {role}" for role in ROLES),
            "GRANT USAGE ON WAREHOUSE LOAD_WH TO ROLE LOADER",
            *(f"GRANT USAGE ON WAREHOUSE TRANSFORM_WH TO ROLE {role}" for role in ("TRANSFORMER", "REPORTER")),
            *(() if "policies" in self.without else policies(database)),
        )

    def _wait(self, deadline: float) -> None:
        while True:
            try:
                self.connect(network_timeout=5, login_timeout=5).close()
                return
            except snowflake.connector.errors.Error as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    tail = "\n".join(self._output.read_text(errors="replace").splitlines()[-15:])
                    raise RuntimeError(f"the offline Snowflake did not start ({self._output}):\n{tail}") from error
            time.sleep(0.05)

    @property
    def _log(self) -> Path:
        return self.folder / "statements.jsonl"

    @property
    def _output(self) -> Path:
        return self.folder / "server.log"

    def __enter__(self) -> "OfflineSnowflake":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
