"""The last good dbt build: where everything that it depended on is the same, dbt has nothing to do.

dbt's own selectors (`state:modified`, `source_status:fresher`) answer the same question, but only after dbt is
imported, has parsed the project and has queried each source. RAW's list of loads and a digest of the project answer it
at once.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.dbt_build.warehouse_state import loads_in_raw, models_in_warehouse
from pipelines.environment import data_dir, environment

MAX_AGE = timedelta(days=1)  # a model may use the current date: an older build is repeated
WRITTEN_BY_DBT = {"target", "logs", "dbt_packages"}  # folders of the project that are no source code
PACKAGES = ("dbt-core", "dbt-duckdb", "dbt-snowflake")


@dataclass(frozen=True)
class BuildFingerprint:
    """What a build depends on.

    Args:
        environment: its name.
        project: digest of dbt's project and of dbt's versions.
        loads: as `loads_in_raw` returns them.
        left_out: dbt's sources whose models the build leaves out, and other limits of it.
    """

    environment: str
    project: str
    loads: list[str]
    left_out: list[str] = field(default_factory=list)

    def built_at(self) -> datetime | None:
        """Return when the last good build with this fingerprint ended; None: dbt has something to do."""
        cached = _read()
        at = _recent(cached.get("built_at"))
        is_same = cached.get("ground") == self._as_json()
        return at if at and is_same and cached.get("models") == models_in_warehouse() else None

    def tested_at(self) -> datetime | None:
        """Return when a good build last ran every test of this project in this warehouse; None: over a day ago."""
        cached = _read()
        at = _recent(cached.get("tested_at"))
        is_same_project = cached.get("ground", [])[:2] == [self.environment, self.project]
        return at if at and is_same_project and cached.get("models") == models_in_warehouse() else None

    def save(self, tested_at: datetime | None = None) -> None:
        """Record that a build with this fingerprint has just ended well.

        Args:
            tested_at: when the last build that ran every test ended.
        """
        cached = {
            "built_at": datetime.now(UTC).isoformat(),
            "tested_at": tested_at and tested_at.isoformat(),
            "ground": self._as_json(),
            "models": models_in_warehouse(),
        }
        _file().write_text(json.dumps(cached, indent=1))

    def _as_json(self) -> list[Any]:
        return [self.environment, self.project, self.loads, *([self.left_out] if self.left_out else [])]


def take_fingerprint(project: Path, left_out: Sequence[str] = ()) -> BuildFingerprint:
    """Return the fingerprint of a build that begins now; take it before dbt reads RAW.

    Args:
        project: dbt's folder.
        left_out: dbt's sources whose models are left out, and other limits of the build.
    """
    digest = hashlib.sha256("".join(f"{package}={version(package)};" for package in PACKAGES).encode())
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if path.is_file() and name.parts[0] not in WRITTEN_BY_DBT:
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return BuildFingerprint(environment().name, digest.hexdigest(), loads_in_raw(), sorted(left_out))


def last_built_at() -> datetime | None:
    """Return when the last good build ended, whatever its fingerprint."""
    return _time(_read().get("built_at"))


def clear() -> None:
    """Invalidate the cache before a build begins: a failed build leaves unknown state."""
    _file().unlink(missing_ok=True)


def _read() -> dict[str, Any]:
    try:
        cached = json.loads(_file().read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return cached if isinstance(cached, dict) and isinstance(cached.get("ground"), list) else {}


def _recent(text: Any) -> datetime | None:
    at = _time(text)
    return at if at and datetime.now(UTC) - at <= MAX_AGE else None


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _file() -> Path:
    return data_dir() / "last_build.json"
