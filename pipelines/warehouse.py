"""The one switch: `MAILBLAZE_ENV` says where rows land; no other Python file reads it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt

from pipelines.errors import Refusal

RAW = "RAW"


@dataclass(frozen=True)
class Environment:
    """Where rows come from and land for one word.

    `database` names the warehouse's database (for DuckDB also the file), `lake` the URL that holds one prefix for each
    pipeline, `is_embedded` whether the services' addresses stand in `services.json`.
    """

    word: str
    engine: str
    database: str
    lake: str
    is_embedded: bool

    def settings(self, pipelines: tuple[str, ...]) -> dict[str, Any]:
        """Return this environment as a dlt configuration document, below what `.dlt/` and the shell say."""
        stage = f"{self.database}.{RAW}.STG_S3_RAW"
        document: dict[str, Any] = {
            name: {
                "destination": {
                    # A prefix for each pipeline, with its slash: dlt pastes stage and prefix together.
                    "lake": {"bucket_url": f"{self.lake}/{name}/"},
                    "warehouse": {"stage_name": f"{stage}/{name}/"} if self.engine == "snowflake" else {},
                }
            }
            for name in pipelines
        }
        document["destination"] = {"lake": {"destination_type": "filesystem"}, "warehouse": self._warehouse()}
        if self.is_embedded:
            services = read_services()
            document["sources"] = {
                "postgres": {"credentials": services.get("postgres_url")},
                "saas": {"base_url": services.get("saas_url"), "api_key": services.get("saas_token")},
            }
            if "s3_endpoint_url" in services:
                document["destination"]["lake"]["credentials"] = services["s3_credentials"] | {
                    "endpoint_url": services["s3_endpoint_url"]
                }
        return document

    def _warehouse(self) -> dict[str, Any]:
        if self.engine == "snowflake":
            credentials: Any = {"database": self.database, "warehouse": "LOAD_WH", "role": "LOADER"}
            return {"destination_type": "snowflake", "credentials": credentials}
        return {
            "destination_type": "pipelines.staged_duckdb.staged_duckdb",
            "credentials": str(data_dir() / f"{self.database}.duckdb"),
        }


def environment() -> Environment:
    """Return the environment that `MAILBLAZE_ENV` names (default `local`).

    Raises:
        Refusal: the word is none of the four.
    """
    word = os.environ.get("MAILBLAZE_ENV", "local")
    table = {
        "local": Environment(word, "duckdb", "dp_mailblaze_demo_local_db", f"{data_dir()}/lake", True),
        "ci": Environment(word, "duckdb", "dp_mailblaze_demo_ci_db", "s3://dp-mailblaze-demo-ci-raw", True),
        "dev": Environment(word, "snowflake", "DP_MAILBLAZE_DEMO_DEV_DB", "s3://dp-mailblaze-demo-dev-raw-3dfbc1", False),
        "prod": Environment(
            word, "snowflake", "DP_MAILBLAZE_DEMO_PROD_DB", "s3://dp-mailblaze-demo-prod-raw-3dfbc1", False
        ),
    }
    if word not in table:
        raise Refusal(f"MAILBLAZE_ENV={word!r} is unknown: set it to one of {', '.join(table)}, or unset it for local.")
    return table[word]


def data_dir() -> Path:
    """Return the absolute folder that holds what runs leave behind on this machine (`MAILBLAZE_DATA_DIR`, `.data`)."""
    return Path(os.environ.get("MAILBLAZE_DATA_DIR", ".data")).absolute()


def read_services() -> dict[str, Any]:
    """Return the addresses of the services of `make up`, or nothing where none was started."""
    try:
        return json.loads((data_dir() / "services.json").read_text())
    except FileNotFoundError:
        return {}


def raw_pipeline(name: str) -> "dlt.Pipeline":
    """Return the pipeline that carries source `name` through the lake into RAW of the environment's warehouse."""
    # Two threads that meet in dlt's own lazy import of pyarrow see half a module.
    import pyarrow  # noqa: F401

    return dlt.pipeline(name, destination="warehouse", staging="lake", dataset_name=RAW)
