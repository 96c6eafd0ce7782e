"""The environments: `MAILBLAZE_ENV` selects where rows go; no other Python file reads it.

dlt is imported where it is used: the dashboard imports this module, and has no dlt.
"""

import errno
import json
import os
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from exactly_once.errors import PipelineError
from pipelines.configuration.library_safe_path import library_safe_path
from pipelines.configuration.shell import read_variable
from pipelines.registry import SOURCES

if TYPE_CHECKING:
    import dlt
    from dlt.destinations.sql_client import SqlClientBase

RAW = "RAW"
START_COMMAND = "`make up` starts it"
# Loads stream rows: DuckDB's memory is only a cache of its file, and a larger merge spills to disk.
DUCKDB = {"memory_limit": "128MB", "preserve_insertion_order": False}


@dataclass(frozen=True)
class Environment:
    """Where rows come from and where they go, for one value of MAILBLAZE_ENV.

    Args:
        name: the value.
        engine: of the warehouse: "duckdb" or "snowflake".
        database: the name of the warehouse's database; for DuckDB also of its file.
        lake: the URL or folder that has one prefix for each pipeline.
        uses_local_services: whether `services.json` has the addresses of the services.
    """

    name: str
    engine: str
    database: str
    lake: str
    uses_local_services: bool

    def settings(self) -> dict[str, Any]:
        """Return this environment as a dlt configuration document; `.dlt/` and the shell override it."""
        lake: dict[str, Any] = {"destination_type": "exactly_once.destinations.lake.lake"}
        destinations = {"lake": lake, "warehouse": self._warehouse(), "models": self._models()}
        document = {
            "destination": destinations,
            "load": {"workers": self._workers},
            "recovery": {"quarantine_dir": str(data_dir() / "set_aside")},
        }
        if self.uses_local_services:
            services = read_services()
            document["sources"] = {
                source.name: {setting: services.get(field) for setting, field in source.local.items()}
                for source in SOURCES.values()
            }
            if "s3_endpoint_url" in services:
                lake["credentials"] = services["s3_credentials"] | {"endpoint_url": services["s3_endpoint_url"]}
        return document

    def pipeline_settings(self, pipeline: str) -> dict[str, Any]:
        """Return what differs between pipelines: a prefix of the lake for each, and the stage over it.

        Both end in a slash: dlt puts them before the names of files as they are.
        """
        lake = {"bucket_url": f"{self.lake}/{pipeline}/"}
        stage = f"{self.database}.{RAW}.STG_S3_RAW/{pipeline}/"
        return {"destination": {"lake": lake, "warehouse": {"stage_name": stage} if self.engine == "snowflake" else {}}}

    @property
    def _workers(self) -> int:
        # Every job updates the row of the fencing token, and Snowflake lets 20 statements wait for one table. DuckDB
        # runs one statement on all cores, and two at a time need twice the memory.
        return 8 if self.engine == "snowflake" else 1

    def _warehouse(self) -> dict[str, Any]:
        if self.engine == "snowflake":
            credentials: Any = {"database": self.database, "warehouse": "LOAD_WH", "role": "LOADER"}
            return {
                "destination_type": "exactly_once.destinations.fenced_snowflake.fenced_snowflake",
                "credentials": credentials,
            }
        return {
            "destination_type": "exactly_once.destinations.staged_duckdb.staged_duckdb",
            "credentials": {"database": str(data_dir() / f"{self.database}.duckdb"), "global_config": DUCKDB},
        }

    def _models(self) -> dict[str, Any]:
        """Return the destination that reads as dbt does: the role of the loader may not read dbt's schemas."""
        if self.engine != "snowflake":
            return self._warehouse() | {"destination_type": "duckdb"}
        credentials = {
            "database": self.database,
            "warehouse": "TRANSFORM_WH",
            "role": "TRANSFORMER",
            "host": read_variable("SNOWFLAKE_ACCOUNT"),
            "username": read_variable("SNOWFLAKE_USER", "TRANSFORMER_SVC"),
            "private_key_path": read_variable("SNOWFLAKE_PRIVATE_KEY_PATH"),
            "private_key": read_variable("SNOWFLAKE_PRIVATE_KEY"),
            "password": read_variable("SNOWFLAKE_PASSWORD"),
            "query": snowflake_server(),
        }
        return {
            "destination_type": "snowflake",
            "credentials": {key: value for key, value in credentials.items() if value},
        }


def snowflake_server() -> dict[str, str]:
    """Return the set ones of SNOWFLAKE_HOST, _PORT and _PROTOCOL, which name a server that is not Snowflake's own."""
    found = {name: read_variable(f"SNOWFLAKE_{name.upper()}") for name in ("host", "port", "protocol")}
    return {name: value for name, value in found.items() if value}


def environment() -> Environment:
    """Return the environment that `MAILBLAZE_ENV` names (default `local`).

    Raises:
        PipelineError: the name is none of the four.
    """
    table = _environments(str(data_dir()))
    name = read_variable("MAILBLAZE_ENV", "local")
    if name not in table:
        raise PipelineError(
            f"MAILBLAZE_ENV={name!r} is unknown: set it to one of {', '.join(table)}, or unset it for local."
        )
    return table[name]


@cache
def _environments(data_dir: str) -> dict[str, Environment]:
    rows = [
        Environment("local", "duckdb", "dp_mailblaze_demo_local_db", f"{data_dir}/lake", True),
        Environment("ci", "duckdb", "dp_mailblaze_demo_ci_db", "s3://dp-mailblaze-demo-ci-raw", True),
        Environment("dev", "snowflake", "DP_MAILBLAZE_DEMO_DEV_DB", "s3://dp-mailblaze-demo-dev-raw-3dfbc1", False),
        Environment("prod", "snowflake", "DP_MAILBLAZE_DEMO_PROD_DB", "s3://dp-mailblaze-demo-prod-raw-3dfbc1", False),
    ]
    return {row.name: row for row in rows}


def data_dir() -> Path:
    """Return the absolute folder of the files of runs on this machine (`MAILBLAZE_DATA_DIR`, default `.data`).

    An empty variable counts as unset. If libraries would misread the path, it is a link (`library_safe_path`).

    Raises:
        PipelineError: it is not a folder, and none can be made there.
    """
    return _absolute(read_variable("MAILBLAZE_DATA_DIR", ".data"))


@cache
def _absolute(path: str) -> Path:
    folder = Path(path)
    try:
        folder = folder.expanduser().absolute()
        _check_folder(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~nobody
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        shown = f"{path[:57]}..." if len(path) > 60 else path
        unset = ", or unset it for .data" if read_variable("MAILBLAZE_DATA_DIR") else ""
        raise PipelineError(
            f"MAILBLAZE_DATA_DIR is {shown!r}, where no folder can be ({reason}): set it to a folder that you may "
            f"write to{unset}."
        ) from None
    return library_safe_path(folder)


def _check_folder(folder: Path) -> None:
    """Check that a folder exists or can be made.

    Raises:
        OSError: neither.
    """
    for place in (folder, *folder.parents):
        try:
            found = place.stat()
        except FileNotFoundError:
            if place.is_symlink():
                raise
            continue
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, f"{place} is a file")
        if place != folder:
            if not os.access(place, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, f"{place} cannot be written to")
            # Permission is not enough: /proc takes no folder, even from root.
            Path(mkdtemp(prefix=".mailblaze-", dir=place)).rmdir()
        return


def export_data_dir() -> None:
    """Set MAILBLAZE_DATA_DIR for dbt in this process, whose profile reads the variable itself."""
    os.environ["MAILBLAZE_DATA_DIR"] = str(data_dir())


def services_file() -> Path:
    """Return the file with the addresses of the services that `make up` starts."""
    return data_dir() / "services.json"


def read_services() -> dict[str, Any]:
    """Return the addresses of the services of `make up`; empty if none was started for this data folder.

    Raises:
        PipelineError: the file is damaged.
    """
    try:
        found = json.loads(services_file().read_text())
        return {} if _is_copied(found.get("folder")) else found
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise PipelineError(
            f"{services_file()} is damaged ({error}): remove it, then `make up` writes it again."
        ) from error


def _is_copied(folder: dict[str, Any] | None) -> bool:
    """Return whether the file is in a copy of the data folder: the services are the original's."""
    if not folder:
        return False
    try:
        original, here = os.stat(folder["path"]), os.stat(services_file().parent)  # noqa: PTH116
    except FileNotFoundError:
        return False  # it was moved
    return (original.st_dev, original.st_ino) != (here.st_dev, here.st_ino)


def uses_local_services() -> bool:
    """Return whether `make up` starts the services of this environment; also where MAILBLAZE_ENV is unknown."""
    try:
        return environment().uses_local_services
    except PipelineError:  # the caller reports it
        return True


def services_hint() -> str:
    """Return what to do about a service that does not answer in this environment."""
    return START_COMMAND if uses_local_services() else "check its address and the network"


def build_pipeline(name: str, folder: Path | None = None) -> "dlt.Pipeline":
    """Return the pipeline that loads a source through the lake into RAW of the environment's warehouse.

    Args:
        name: of the source.
        folder: of dlt's working folder; None: the environment's.
    """
    import dlt

    # Imported here, before threads start: two that meet in dlt's lazy import of pyarrow see half a module.
    import pyarrow  # noqa: F401

    working: dict[str, Any] = {"pipelines_dir": str(folder)} if folder else {}
    return dlt.pipeline(name, destination="warehouse", staging="lake", dataset_name=raw_dataset(), **working)


def raw_dataset() -> str:
    """Return the dataset that loads write: RAW, with the prefix of a trial run (dlt's setting `warehouse.scratch`)."""
    import dlt

    return f"{dlt.config.get('warehouse.scratch', str) or ''}{RAW}"


def mart_client() -> "SqlClientBase[Any]":
    """Return a client that reads MART with dbt's settings (dbt/profiles.yml), to be opened by `with`."""
    import dlt

    scratch = dlt.config.get("warehouse.scratch", str) or ""
    return dlt.dataset("models", f"{scratch}MART", dlt.Schema("models")).sql_client
