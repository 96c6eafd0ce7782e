"""The record of one run: a JSON document in `runs/<environment>/` of the data folder.

A record is written when a run begins, when each of its parts ends, and when the run ends. A killed run leaves a record
without an end. This module and `run_history` need the standard library only, so that `make status` answers at once.
"""

import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.environment import data_dir

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

VERSION = 1

# How a run or a part of it ended. KILLED and RUNNING are never written: readers infer them.
OK = "ok"
REFUSED = "refused"
FAILED = "failed"
INTERRUPTED = "interrupted"
LEASE_LOST = "overtaken"
BUSY = "busy"
KILLED = "killed"
RUNNING = "at work"

# By exit code; any other code is FAILED.
RESULTS = {0: OK, 3: REFUSED, 4: REFUSED, 75: BUSY, 76: LEASE_LOST, 130: INTERRUPTED, 143: INTERRUPTED}

DBT = "dbt"  # the part of a run that is dbt's build; other parts have the names of sources

Document = TypeVar("Document", bound="DataclassInstance")


@dataclass
class TableRows:
    """One table after its load; `loaded_at` is the end of the load, `read_to` the cursor's last value at the source."""

    table: str
    source: str
    extracted: int = 0
    in_lake: int = 0
    in_raw: int = 0
    seconds: float = 0.0
    loaded_at: str = ""
    read_to: str = ""


@dataclass
class Outcome:
    """How one part of a run ended: the load of a source, or dbt's build."""

    part: str
    result: str
    line: str = ""
    ended_at: str = ""


@dataclass
class Refused:
    """A table that a load did not load, and why."""

    source: str
    table: str
    line: str


@dataclass
class Build:
    """dbt's nodes by status, those that failed, and the models that were left out."""

    counts: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    not_built: list[str] = field(default_factory=list)
    is_needed: bool = True  # False: nothing had changed since the last build


@dataclass
class RunRecord:
    """One run. Times are ISO 8601 in UTC; `result` is None until the run has ended."""

    run_id: str
    kind: str  # flow, load or replay
    command: str
    environment: str
    sources: list[str]
    host: str
    pid: int
    machine: str | None
    started: int | None
    began_at: str
    version: int = VERSION
    database: str = ""
    ended_at: str | None = None
    seconds: float | None = None
    result: str | None = None
    exit_code: int | None = None
    line: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    tables: list[TableRows] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    build: Build | None = None
    flow_run: str = ""
    page: str = ""

    @classmethod
    def parse(cls, text: bytes) -> "RunRecord":
        """Return the record of a document; fields of a later version are left out.

        Raises:
            ValueError: it is no record.
        """
        try:
            values = json.loads(text)
            record = _from_json(cls, values)
            record.outcomes = [_from_json(Outcome, one) for one in values.get("outcomes", [])]
            record.tables = [_from_json(TableRows, one) for one in values.get("tables", [])]
            record.refused = [_from_json(Refused, one) for one in values.get("refused", [])]
            record.build = _from_json(Build, values["build"]) if values.get("build") else None
            datetime.fromisoformat(record.began_at)
            datetime.fromisoformat(record.ended_at or record.began_at)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(str(error)) from error
        return record

    @property
    def is_good(self) -> bool:
        """Whether the run did everything that it had to do."""
        return self.result == OK

    def outcome(self, part: str) -> Outcome | None:
        """Return how a part ended; None: the run did not reach its end."""
        return next((one for one in self.outcomes if one.part == part), None)


def records_folder(environment: str) -> Path:
    """Return the folder of an environment's records."""
    return data_dir() / "runs" / environment


def _from_json(kind: type[Document], values: dict[str, Any]) -> Document:
    known = {one.name for one in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in known})
