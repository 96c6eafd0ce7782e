"""The account of a smoke run, for the probes of account_probes.py: its own RAW, its own folder of the lake."""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from exactly_once.clients import staging_of
from exactly_once.destinations.fencing import FencingToken, last_load_attempt, write_fencing_token
from exactly_once.destinations.left_over_transactions import TransactionOwner
from exactly_once.lease.store import open_store
from pipelines.configuration.settings import prepare
from pipelines.configuration.shell import read_variable
from pipelines.environment import build_pipeline, environment, mart_client, raw_dataset

ROOT = Path(__file__).parents[2]
# A load that is killed in the middle.
KILLED = """
import os, signal
from exactly_once.destinations.fencing import write_fencing_token
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline
prepare()
pipeline = build_pipeline("postgres")
write_fencing_token(pipeline, {token}, "{load_id}")
with pipeline.sql_client() as warehouse, warehouse.begin_transaction():
    fence = warehouse.make_qualified_table_name("_load_fence")
    warehouse.execute_sql(f"UPDATE {{fence}} SET load_id = load_id WHERE pipeline_name = 'postgres'")
    os.kill(os.getpid(), signal.SIGKILL)
"""


class SmokeSession:
    """A session of the connector's, without what dlt does around statements."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def rows(self, sql: str) -> list[tuple]:
        with self.connection.cursor() as cursor:
            return list(cursor.execute(sql).fetchall())

    def shown(self, sql: str) -> list[dict[str, Any]]:
        with self.connection.cursor() as cursor:
            rows = cursor.execute(sql).fetchall()
            names = [column.name.lower() for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]


class SmokeAccount:
    """Sessions as the two services have them, in the schemas of this run."""

    def __init__(self) -> None:
        prepare()
        place = environment()
        self.database = place.database
        self.raw = f"{place.database}.{raw_dataset()}"
        self.mart = f"{self.raw.removesuffix('RAW')}MART"
        self.folder = f"postgres/{raw_dataset()}/probes/"  # where the role of a smoke run may write
        self.stage = f"{place.database}.RAW.STG_S3_RAW/{self.folder}"
        self.lake = place.lake

    @contextmanager
    def session(self, role: str = "LOADER") -> Iterator[SmokeSession]:
        """Open a session as LOADER or TRANSFORMER."""
        client = mart_client() if role == "TRANSFORMER" else build_pipeline("postgres").sql_client()
        with client as opened:
            yield SmokeSession(opened.native_connection)

    def put(self, name: str, columns: dict[str, pa.Array]) -> None:
        """Write a Parquet file into the stage's folder."""
        with build_pipeline("postgres").destination_client() as warehouse:
            lake, _ = fsspec_from_config(staging_of(warehouse))
        body = io.BytesIO()
        pq.write_table(pa.table(columns), body)
        # Only where there is none, as the lake's policy demands of whoever writes to it.
        open_store(lake, f"{self.lake}/{self.folder}{name}").write(body.getvalue(), None)

    def kill_in_transaction(self) -> str:
        """Write the fencing token in a process that is killed in a transaction; return the transaction's name."""
        landing = self._landing()
        self.token, self.load_id = landing.token + 1, landing.load_id
        code = KILLED.format(token=self.token, load_id=self.load_id)
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != -signal.SIGKILL:
            raise RuntimeError(done.stderr.strip().rpartition("\n")[2] or "the process was not killed")
        return TransactionOwner(environment().database, raw_dataset(), FencingToken("postgres", self.token)).name

    def claim(self) -> None:
        """Write the fencing token as the next run does."""
        write_fencing_token(build_pipeline("postgres"), self.token + 1, self.load_id)

    @staticmethod
    def _landing() -> Any:
        with build_pipeline("postgres").sql_client() as warehouse:
            return last_load_attempt(warehouse, "postgres")


def is_account() -> bool:
    """Return whether the server is Snowflake: an account uses https only, the tests' stand-in http."""
    return read_variable("SNOWFLAKE_PROTOCOL") != "http"
