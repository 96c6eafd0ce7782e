"""dbt's manifest as tests read it: nodes by kind, the layer of a model, who reads whom."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def nodes(manifest: dict, kind: str) -> dict[str, dict]:
    """Return the nodes of a kind (model, snapshot, seed, test, source) by their unique id."""
    found = manifest["sources"] if kind == "source" else manifest["nodes"]
    return {name: node for name, node in found.items() if node["resource_type"] == kind}


def layer(node: dict) -> str:
    """Return the folder below models/ that a node is in: staging, intermediate or marts."""
    return node["fqn"][1]


def parents(node: dict) -> list[str]:
    """Return the unique ids of what a node reads, each once."""
    return sorted(set(node["depends_on"]["nodes"]))


def children(manifest: dict) -> dict[str, list[str]]:
    """Return the unique ids of the models and snapshots that read each node."""
    found: dict[str, list[str]] = {}
    for kind in ("model", "snapshot"):
        for name, node in nodes(manifest, kind).items():
            for parent in parents(node):
                found.setdefault(parent, []).append(name)
    return found


def key_tests(manifest: dict) -> set[str]:
    """Return the unique ids of the nodes that have a test of their primary key."""
    tests = nodes(manifest, "test").values()
    return {test["attached_node"] for test in tests if (test.get("test_metadata") or {}).get("name") == "primary_key"}
