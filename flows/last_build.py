"""What the last good dbt build had before it: where all of it is the same today, dbt has nothing to do.

dbt's own selectors (`state:modified`, `source_status:fresher`) tell the same, after dbt was imported, has parsed the
project and has asked for each source; the warehouse's list of loads and a digest of the project tell it at once.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from pipelines.environment import data_dir, environment
from pipelines.runs.raw_contents import loads_in_raw, models_in_warehouse

FRESH = timedelta(days=1)  # a model may ask what day it is: an older build is done again
MADE = {"target", "logs", "dbt_packages"}  # folders of dbt's project that dbt itself writes
PACKAGES = ("dbt-core", "dbt-duckdb", "dbt-snowflake")


@dataclass(frozen=True)
class Ground:
    """What a build depends on: the environment's word, the project's digest, RAW's loads, and sources it leaves out."""

    word: str
    project: str
    loads: list[str]
    refused: list[str] = field(default_factory=list)

    @property
    def _kept(self) -> list:
        return [self.word, self.project, self.loads, *([self.refused] if self.refused else [])]

    def built_at(self) -> datetime | None:
        """Return when the last good build was done on this very ground; None if dbt has something to do."""
        try:
            kept = json.loads(_file().read_text())
            built_at = datetime.fromisoformat(kept["built_at"])
            is_same = kept["ground"] == self._kept
            models = kept["models"]
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            return None
        if not is_same or datetime.now(UTC) - built_at > FRESH or models != models_in_warehouse():
            return None
        return built_at

    def tested_at(self) -> datetime | None:
        """Return when a good build ran every test of this very project in this warehouse, unless that was a day ago."""
        try:
            kept = json.loads(_file().read_text())
            tested_at = datetime.fromisoformat(kept["tested_at"])
            is_same = kept["ground"][:2] == [self.word, self.project]
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            return None
        if not is_same or datetime.now(UTC) - tested_at > FRESH or kept.get("models") != models_in_warehouse():
            return None
        return tested_at

    def keep(self, tested_at: datetime | None = None) -> None:
        """Say that a build has just ended well on this ground, and when the last one with every test did."""
        kept = {
            "built_at": datetime.now(UTC).isoformat(),
            "tested_at": tested_at and tested_at.isoformat(),
            "ground": self._kept,
            "models": models_in_warehouse(),
        }
        _file().write_text(json.dumps(kept, indent=1))


def ground(project: Path, refused: Sequence[str] = ()) -> Ground:
    """Return what a build of dbt's `project` would depend on now; to be asked before dbt reads RAW.

    Args:
        project: dbt's folder.
        refused: sources whose models are left out.
    """
    digest = hashlib.sha256("".join(f"{package}={version(package)};" for package in PACKAGES).encode())
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if path.is_file() and name.parts[0] not in MADE:
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return Ground(environment().word, digest.hexdigest(), loads_in_raw(), sorted(refused))


def last() -> datetime | None:
    """Return when the last good build was done, whatever it stood on."""
    try:
        return datetime.fromisoformat(json.loads(_file().read_text())["built_at"])
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return None


def forget() -> None:
    """Know of no good build: one begins, and what it leaves if it fails is anybody's guess."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return data_dir() / "last_build.json"
