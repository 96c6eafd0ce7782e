"""One warehouse through its turns, and then against a full refresh."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from dbt.contracts.graph.manifest import Manifest

from tests.history import raw
from tests.history.dbt_process import Fault, in_child, run
from tests.history.story import Settings, Turn, turns
from tests.history.tables import Compared, compare, keep, restore, tables

EVERYTHING = ("build", *(word for kind in ("model", "snapshot", "seed") for word in ("--resource-type", kind)))
FED = {"postgres", "saas", "dlt"}  # the sources of RAW that the histories load
STORED = ("--exclude", "path:models/staging")


@dataclass
class Outcome:
    """What a warehouse went through and what differs at its end."""

    seed: int
    loads: int = 0
    runs: int = 0
    faults: int = 0
    tables: int = 0
    rows: int = 0
    differing: list[tuple[str, Compared]] = field(default_factory=list)
    error: str = ""


class Warehouse:
    """A warehouse whose models grow by increments, with dbt in processes of their own."""

    def __init__(self, manifest: Manifest, folder: Path, seed: int, settings: Settings) -> None:
        folder.mkdir(parents=True)
        os.environ |= {"MAILBLAZE_DATA_DIR": str(folder), "DBT_TARGET_PATH": str(folder), "DBT_LOG_PATH": str(folder)}
        self.path = folder / "dp_mailblaze_demo_ci_db.duckdb"
        self.manifest, self.settings, self.outcome = manifest, settings, Outcome(seed)
        self.tables = tables(manifest.nodes)
        self.needed = self._with_parents([name for name in manifest.nodes if _grows(manifest, name)])
        self.increments = [table for table in self.tables if table.node in self.needed and table.is_incremental]
        self.incremental = [name for name in self.needed if manifest.nodes[name].config.materialized == "incremental"]
        self.events = 200  # statement events of a run; counted by each
        self.has_copies = False

    def live(self) -> Outcome:
        """Go through the turns, then compare what grew with a full refresh and with a run that has nothing new."""
        in_child(raw.create, self.path)
        for turn in turns(self.outcome.seed, self.settings):
            in_child(raw.merge, self.path, [*turn.completed, *turn.loads], turn.number)
            self.outcome.loads += len(turn.loads)
            if turn.number == 0:
                self._run(EVERYTHING)
            else:
                self._after_loads(turn)
        self._run(EVERYTHING)
        self._compare("grown", ("run", "--full-refresh", *STORED))
        self._compare("with nothing new", ("run", *STORED))
        return self.outcome

    def _compare(self, name: str, command: tuple[str, ...]) -> None:
        in_child(keep, self.path, self.tables, "BEFORE")
        self._run(command)
        compared = in_child(compare, self.path, self.tables, "BEFORE")
        self.outcome.tables, self.outcome.rows = len(compared), sum(table.rows for table in compared)
        self.outcome.differing += [(name, table) for table in compared if table.differing]

    def _after_loads(self, turn: Turn) -> None:
        roll, plain = turn.roll, self._only(self.needed)
        self.outcome.faults += turn.run not in ("run", "none")
        match turn.run:
            case "run":
                self._run(plain)
            case "some models":
                self._run(self._only(self._some_models(roll)))
            case "fails":
                fault = Fault(roll.choice(self.needed), roll.choice(["before", "within", "after"]))
                self._run(plain, fault)
            case "killed":
                self._run(plain, Fault(killed_at=roll.randrange(1, self.events + 1)))
            case "one model refreshed":
                self._run(("run", "--full-refresh", *self._only([self._any(roll)])[1:]))
            case "one table restored" if self.has_copies:
                in_child(restore, self.path, roll.choice(self.increments), "OLDER")
        if turn.run not in ("run", "none"):
            self._afterwards(roll)
        if roll.random() < 0.2:
            in_child(keep, self.path, self.increments, "OLDER")
            self.has_copies = True

    def _afterwards(self, roll: Random) -> None:
        """Catch up after a fault, build one model alone, or leave both to the next turn."""
        share = roll.random()
        if share < 0.5:
            self._run(self._only(self.needed))
        elif share < 0.75:
            self._run(self._only([self._any(roll)]))

    def _any(self, roll: Random) -> str:
        """Return an incremental model, mostly one of MART: what others look up there is lost when it is built alone."""
        marts = [name for name in self.incremental if self.manifest.nodes[name].schema == "MART"]
        return roll.choice(marts if roll.random() < 0.6 else self.incremental)

    def _some_models(self, roll: Random) -> list[str]:
        """Return some models, mostly with everything that they read."""
        some = roll.sample(self.needed, roll.randrange(1, 4))
        return some if roll.random() < 0.3 else self._with_parents(some)

    def _run(self, command: tuple[str, ...], fault: Fault | None = None) -> None:
        """Run dbt. It must succeed without a fault, and fail with one that is reached."""
        done = in_child(run, self.manifest, list(command), fault)
        self.outcome.runs += 1
        if fault is None and (done is None or done.failures):
            raise RuntimeError(f"dbt {' '.join(command)}: {done.failures if done else 'killed'}")
        if fault and fault.model and not done.failures:
            raise RuntimeError(f"dbt did not fail with {fault}")
        if fault is None and command == self._only(self.needed):
            self.events = done.events

    def _only(self, nodes: list[str]) -> tuple[str, ...]:
        return ("run", "--select", *(self.manifest.nodes[node].name for node in nodes))

    def _with_parents(self, names: list[str]) -> list[str]:
        """Return models and every stored model that they read, however far up."""
        models = [self.manifest.nodes[name] for name in _upwards(self.manifest, names) if name in self.manifest.nodes]
        return sorted(node.unique_id for node in models if node.config.materialized in ("table", "incremental"))


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
