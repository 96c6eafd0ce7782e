"""Which nodes of the dbt project a change has modified, and why.

dbt's `state:modified` finds them by text, settings, contracts and macros, but not by variables: nothing in dbt-core
1.11 reads the flag state_modified_compare_vars. This module follows variables by their names in the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tools.mart_diff.project import Project


@dataclass(frozen=True)
class Changes:
    """Modified nodes (kind, name, why), removed nodes (kind, name), and dbt's selection with everything downstream."""

    modified: list[tuple[str, str, str]]
    gone: list[tuple[str, str]]
    selection: list[str]

    def __bool__(self) -> bool:
        return bool(self.modified or self.gone)


def changes(before: Project, after: Project) -> Changes:
    """Compare two projects.

    Raises:
        PipelineError: dbt cannot read one of them.
    """
    old, new = before.nodes, after.nodes
    listed = after.modified(before)
    why = {name: _why(name, before, after) for name in listed}
    selection = ["state:modified+"] if listed else []
    for variable, said in _variables(before, after):
        asks = re.compile(rf"""\bvar\(\s*['"]{re.escape(variable)}['"]""")
        for name, node in new.items():
            if name not in why and any(asks.search(text) for text in _texts(node, after)):
                why[name] = said
                selection.append(f"{node['name']}+")
    return Changes(
        sorted((new[name]["resource_type"], new[name]["name"], because) for name, because in why.items()),
        sorted((node["resource_type"], node["name"]) for name, node in old.items() if name not in new),
        selection,
    )


def _why(name: str, before: Project, after: Project) -> str:
    if name not in before.nodes:
        return "new"
    if _written(before.nodes[name]) != _written(after.nodes[name]):
        return "its text"
    old, new = before.manifest["macros"], after.manifest["macros"]
    macros = [
        f"`{new[one]['name']}`"
        for one in _macros(after.nodes[name], new)
        if new[one]["macro_sql"] != old.get(one, {}).get("macro_sql")
    ]
    return f"macro {', '.join(macros)}" if macros else "its settings or description"


def _written(node: dict[str, Any]) -> Any:
    """Return the text of a node, or its checksum for a seed or a unit test."""
    return node.get("raw_code") or node.get("checksum")


def _texts(node: dict[str, Any], project: Project) -> Iterator[str]:
    """Yield the text of a node and of every macro of the project that it calls, directly or not."""
    yield node.get("raw_code") or ""
    macros = project.manifest["macros"]
    yield from (
        macros[name]["macro_sql"] for name in _macros(node, macros) if name.split(".")[1] == node["package_name"]
    )


def _macros(node: dict[str, Any], macros: dict[str, Any]) -> list[str]:
    """Return the ids of every macro that a node calls, directly or not."""
    found: set[str] = set()
    waiting = list(node.get("depends_on", {}).get("macros", []))
    while waiting:
        name = waiting.pop()
        if name in macros and name not in found:
            found.add(name)
            waiting += macros[name]["depends_on"]["macros"]
    return sorted(found)


def _variables(before: Project, after: Project) -> Iterator[tuple[str, str]]:
    """Yield each variable of dbt_project.yml whose value differs, with the difference as text."""
    old, new = (yaml.safe_load((one.dbt / "dbt_project.yml").read_text()).get("vars") or {} for one in (before, after))
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield name, f"variable `{name}`: {old.get(name)} → {new.get(name)}"
