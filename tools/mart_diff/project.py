"""One side of the comparison: a dbt project, and a copy of the warehouse that it builds in."""

import contextlib
import json
import os
import shutil
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from exactly_once.errors import PipelineError

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


class Project:
    """A dbt project in a process of its own, a context manager: dbt keeps the warehouse open until the process ends.

    `folder` holds its warehouse and, in `target`, the artifacts of dbt.
    """

    def __init__(self, dbt: Path, folder: Path):
        folder.mkdir(exist_ok=True)
        self.dbt, self.folder, self.target = dbt, folder, folder / "target"
        self._process = ProcessPoolExecutor(1, initializer=_settle, initargs=(folder,))
        self._parsed = self._submit("parse", "--no-partial-parse")  # both sides at the same time

    def __enter__(self) -> "Project":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End dbt, which closes the warehouse."""
        self._process.shutdown()

    def read(self, called: str) -> None:
        """Wait until dbt has read the project.

        Raises:
            PipelineError: it cannot.
        """
        try:
            self._parsed.result()
        except PipelineError as reason:
            raise PipelineError(f"dbt cannot read {called}: {reason}") from reason

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest that dbt has parsed."""
        return self._written("manifest")

    @cached_property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """The manifest's nodes of every kind by their ids."""
        kinds = ("nodes", "unit_tests", "sources", "exposures", "semantic_models", "metrics")
        return {name: node for kind in kinds for name, node in self.manifest[kind].items()}

    def marts(self) -> dict[str, list[str]]:
        """Return the tables of MART by name, each with the columns of its primary_key test; views are left out."""
        tests = (node for node in self.nodes.values() if (node.get("test_metadata") or {}).get("name") == "primary_key")
        keys = {test["attached_node"]: test["test_metadata"]["kwargs"]["columns"] for test in tests}
        models = (node for node in self.nodes.values() if node["resource_type"] == "model")
        tables = (node for node in models if node["config"]["materialized"] in ("table", "incremental"))
        marts = sorted((node["name"], node["unique_id"]) for node in tables if node["schema"].upper() == "MART")
        return {name: keys.get(one, []) for name, one in marts}

    def modified(self, before: "Project") -> list[str]:
        """Return the ids of nodes modified since `before`; a test is not modified because its model is."""
        where = ("--select", "state:modified", "--state", str(before.target), "--indirect-selection", "empty")
        lines = self._submit("ls", *where, "--output", "json", "--output-keys", "unique_id").result()
        return [json.loads(line)["unique_id"] for line in lines or ()]

    def build(self, *arguments: str) -> list[dict[str, Any]]:
        """Build and test, and return dbt's results, failures included.

        Raises:
            PipelineError: dbt failed before it built anything.
        """
        # An increment on rows of other SQL would be the result of neither side.
        self._submit("build", "--full-refresh", *arguments).result()
        return self._written("run_results")["results"]

    def _submit(self, *arguments: str) -> "Future[list[str] | None]":
        place = ("--project-dir", str(self.dbt), "--profiles-dir", str(self.dbt), "--target-path", str(self.target))
        return self._process.submit(_invoke, [*arguments, *place, "--quiet", "--no-use-colors"])

    def _written(self, artifact: str) -> dict[str, Any]:
        return json.loads((self.target / f"{artifact}.json").read_text())


def _settle(folder: Path) -> None:
    os.environ |= {"MAILBLAZE_DATA_DIR": str(folder), "DBT_LOG_PATH": str(folder)}


_read: dict[str, "Manifest"] = {}  # the project of this process; dbt parses it once


def _invoke(arguments: list[str]) -> list[str] | None:
    """Invoke dbt in this process; return the lines of a listing.

    Raises:
        PipelineError: dbt has no result.
    """
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        done = dbtRunner(_read.get("manifest")).invoke(arguments)
    if done.result is None:
        raise PipelineError(" ".join(str(done.exception).split()))
    if isinstance(done.result, Manifest):  # of `dbt parse`
        _read["manifest"] = done.result
    return done.result if isinstance(done.result, list) else None  # of `dbt ls`


def empty(warehouse: Path) -> None:
    """Drop all that dbt rebuilds; RAW and the history in SNAPSHOTS stay."""
    with duckdb.connect(str(warehouse)) as connection:
        for schema in ("MART", "INTERMEDIATE", "STAGING"):
            connection.execute(f"drop schema if exists {schema} cascade")


def copy(warehouse: Path, folder: Path) -> None:
    """Copy a warehouse that no process writes to; the file keeps its name, which is that of its database.

    Raises:
        PipelineError: it does not exist, has no RAW, or is being written to.
    """
    if not warehouse.exists():
        raise PipelineError(f"There is no warehouse {warehouse} with a RAW to build from: run make run.")
    folder.mkdir(exist_ok=True)
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            if not connection.execute("select 1 from duckdb_tables() where schema_name = 'RAW'").fetchone():
                raise PipelineError(f"The warehouse {warehouse} has no RAW to build from: run make run.")
            for path in (warehouse, warehouse.with_name(f"{warehouse.name}.wal")):
                if path.exists():
                    shutil.copy(path, folder)
    except duckdb.IOException as error:
        raise PipelineError(f"The warehouse {warehouse} is in use: {str(error).splitlines()[0]}") from error
