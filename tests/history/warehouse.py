"""One warehouse: what loads merge into it, dbt over it, and the comparison with a full refresh."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest

from tests.history import raw
from tests.history.dbt_process import Fault, in_child, run
from tests.history.raw import Load
from tests.history.tables import Compared, compare, keep, tables

EVERYTHING = ("build", *(word for kind in ("model", "snapshot", "seed") for word in ("--resource-type", kind)))
FED = {"postgres", "saas", "dlt"}  # the sources of RAW that the histories load
STORED = ("--exclude", "path:models/staging")


@dataclass
class Outcome:
    """What a warehouse went through and what differs at its end."""

    name: str
    loads: int = 0
    runs: int = 0
    faults: int = 0
    killed: int = 0
    tables: int = 0
    rows: int = 0
    differing: list[tuple[str, Compared]] = field(default_factory=list)
    error: str = ""


class Warehouse:
    """A warehouse whose models grow by increments, with dbt in processes of their own."""

    def __init__(self, manifest: Manifest, folder: Path, name: str) -> None:
        folder.mkdir(parents=True)
        os.environ |= {"MAILBLAZE_DATA_DIR": str(folder), "DBT_TARGET_PATH": str(folder), "DBT_LOG_PATH": str(folder)}
        self.path = folder / "dp_mailblaze_demo_ci_db.duckdb"
        self.manifest, self.outcome, self.turn = manifest, Outcome(name), 0
        self.tables = tables(manifest.nodes)
        self.needed = self.with_parents([name for name in manifest.nodes if _grows(manifest, name)])
        self.incremental = [name for name in self.needed if manifest.nodes[name].config.materialized == "incremental"]
        self.events = 200  # statement events of a run; counted by each
        in_child(raw.create, self.path)

    def merge(self, *loads: Load) -> None:
        """Merge loads into RAW."""
        in_child(raw.merge, self.path, list(loads), self.turn)
        self.outcome.loads += len(loads)
        self.turn += 1

    def build(self, nodes: list[str] | None = None, *options: str, fault: Fault | None = None) -> None:
        """Run incremental models and what they read, or those named; with a fault the run must fail."""
        done = self._dbt(["run", "--select", *map(self._name, nodes or self.needed), *options], fault)
        if nodes is None and done and not fault:
            self.events = done.events

    def build_everything(self) -> None:
        self._dbt([*EVERYTHING])

    def end(self) -> None:
        """Compare what grew with a full refresh, and that with a run that has nothing new."""
        self.build_everything()
        self._compare("grown", ["run", "--full-refresh", *STORED])
        self._compare("with nothing new", ["run", *STORED])

    def with_parents(self, nodes: list[str]) -> list[str]:
        """Return models and every stored model that they read, however far up."""
        models = [self.manifest.nodes[name] for name in _upwards(self.manifest, nodes) if name in self.manifest.nodes]
        return sorted(node.unique_id for node in models if node.config.materialized in ("table", "incremental"))

    def _compare(self, name: str, command: list[str]) -> None:
        in_child(keep, self.path, self.tables, "BEFORE")
        self._dbt(command)
        compared = in_child(compare, self.path, self.tables, "BEFORE")
        self.outcome.tables, self.outcome.rows = len(compared), sum(table.rows for table in compared)
        self.outcome.differing += [(name, table) for table in compared if table.differing]

    def _dbt(self, command: list[str], fault: Fault | None = None):
        """Run dbt. It must succeed without a fault, and fail with one that is reached."""
        done = in_child(run, self.manifest, command, fault)
        self.outcome.runs += 1
        self.outcome.killed += done is None
        if fault is None and (done is None or done.failures):
            raise RuntimeError(f"dbt {' '.join(command)}: {done.failures if done else 'died'}")
        if fault and fault.model and not done.failures:
            raise RuntimeError(f"dbt did not fail with {fault}")
        return done

    def _name(self, node: str) -> str:
        return self.manifest.nodes[node].name


def _grows(manifest: Manifest, name: str) -> bool:
    """Return whether a model is incremental and reads, however far up, rows that the histories bring."""
    node = manifest.nodes[name]
    is_incremental = node.resource_type == "model" and node.config.materialized == "incremental"
    return is_incremental and bool(FED & {above.split(".")[2] for above in _upwards(manifest, [name])})


def _upwards(manifest: Manifest, names: list[str]) -> set[str]:
    """Return nodes and all that they read."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += getattr(manifest.nodes[name].depends_on, "nodes", []) if name in manifest.nodes else []
    return found
