"""Which models depend on which of dbt's sources, from the manifest of dbt's last parse."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from exactly_once.report import LoadReport


def refused_sources(loads: Iterable[LoadReport]) -> list[str]:
    """Return the tables that loads refused as dbt names its sources, `<source>.<table>`, sorted."""
    return sorted(f"{load.pipeline}.{table.name}" for load in loads for table in load.refused)


def dependent_models(sources: Sequence[str], project: Path) -> list[str]:
    """Return the names of the models and snapshots that depend on some of dbt's sources, sorted.

    Args:
        sources: as source.table.
        project: dbt's folder, which dbt has parsed.
    """
    if not sources:
        return []
    path = Path(os.environ.get("DBT_TARGET_PATH", project / "target"), "manifest.json")
    manifest = json.loads(path.read_text())
    names = {node: f"{source['source_name']}.{source['name']}" for node, source in manifest["sources"].items()}
    unvisited = [node for node, name in names.items() if name in sources]
    dependent: set[str] = set()
    while unvisited:
        children = set(manifest["child_map"].get(unvisited.pop(), [])) - dependent
        dependent |= children
        unvisited += children
    nodes = [manifest["nodes"].get(node, {}) for node in dependent]
    return sorted(node["name"] for node in nodes if node.get("resource_type") in ("model", "snapshot"))
