"""What a run does about refused tables: their models keep their last state, and the run fails at its end."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from exactly_once.errors import PipelineError
from exactly_once.report import LoadReport


class TablesRefused(PipelineError):
    """A run that loaded and built what it could, and not the tables that a load refused.

    Args:
        lines: why, one for each table.
        code: how the run ends: 3 where deletes were refused, else 4.
    """

    def __init__(self, lines: Sequence[str], code: int) -> None:
        super().__init__(" ".join(lines))
        self.lines = list(lines)
        self.exit_code = code


class BuildFailed(PipelineError):
    """A build of dbt of which nodes failed.

    Args:
        line: which, why and what to type.
        nodes: a row for each node, as `transform` returns them.
    """

    def __init__(self, line: str, nodes: Sequence[dict[str, Any]]) -> None:
        super().__init__(line)
        self.nodes = list(nodes)


def dbt_sources(loads: Iterable[LoadReport]) -> list[str]:
    """Return the refused tables as dbt names its sources, `<source>.<table>`, sorted."""
    return sorted(f"{load.pipeline}.{one.name}" for load in loads for one in load.refused)


def models_of(sources: Sequence[str], project: Path) -> list[str]:
    """Return the models and snapshots that depend on some of dbt's sources, sorted by name; dbt has parsed the project.

    Args:
        sources: as `dbt_sources` names them.
        project: dbt's folder.
    """
    if not sources:
        return []
    path = Path(os.environ.get("DBT_TARGET_PATH", project / "target"), "manifest.json")
    manifest = json.loads(path.read_text())
    found: set[str] = set()
    left = [
        node for node, source in manifest["sources"].items() if f"{source['source_name']}.{source['name']}" in sources
    ]
    while left:
        children = set(manifest["child_map"].get(left.pop(), [])) - found
        found |= children
        left += children
    kinds = ("model", "snapshot")
    return sorted(
        node["name"] for name in found if (node := manifest["nodes"].get(name, {})).get("resource_type") in kinds
    )
