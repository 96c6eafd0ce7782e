"""One schema from its first load to its last: change, load (killed now and then), compare."""

import random
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.crash.children import Ending
from tests.crash.reference import Reference
from tests.crash.scene import reason
from tests.foreign.reader import Known, Problem, compare, digests
from tests.foreign.schema import Schema, Turn
from tests.foreign.world import World

REFUSED = (3, 4)  # the exit codes of a load that left tables out


@dataclass
class Result:
    """What came of a schema; `refused` counts refusals, `kills` loads that were killed."""

    schema: str
    tables: int = 0
    loads: int = 0
    kills: int = 0
    rows: int = 0
    refused: int = 0
    unexpected: int = 0
    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Story:
    """A schema in a world.

    Args:
        references: the boundaries of the last undisturbed load, "first" and "later"; filled as loads go.
        kills: how many loads to kill.
        seed: says which and where.
    """

    world: World
    schema: Schema
    references: dict[str, Reference]
    kills: int
    seed: int

    def __post_init__(self) -> None:
        self._dice = random.Random(f"{self.seed} {self.schema.name}")  # noqa: S311  not a secret
        self._known: dict[str, Known] = {}
        self.result = Result(self.schema.name)

    def tell(self) -> Result:
        """Live through the schema's turns; one that cannot load ends it."""
        started, result = time.monotonic(), self.result
        self.world.begin(self.schema)
        tables = {name: dict(line) for name, line in self.schema.tables.items()}
        seen = set(tables)
        turns = self.schema.turns
        busy = [number for number, turn in enumerate(turns) if not turn.is_idle]
        kills = self._dice.choices(busy, k=self.kills) if self.schema.is_killed else []
        for number, turn in enumerate(turns):
            self.world.change(turn.sql)
            tables = {name: line for name, line in {**tables, **turn.tables}.items() if line is not None}
            seen |= set(tables)
            if not self._turn(number, turn, tables, kills.count(number)):
                break
        result.tables = len(seen)
        result.seconds = time.monotonic() - started
        return result

    def _turn(self, number: int, turn: Turn, tables: Mapping, kills: int) -> bool:
        result, state = self.result, "later" if number else "first"
        before = (
            self.world.ask(partial(digests, self.world.warehouse))
            if turn.is_idle or turn.refused or turn.may_refuse
            else {}
        )
        for _ in range(kills if state in self.references else 0):
            self._kill(number, turn, tables, self.references[state])
        ending = self.world.load(tables, turn.arguments)
        result.loads += 1
        where = f"{result.schema}, load {number + 1}"
        if ending.code not in (0, *REFUSED):
            self._add([Problem("failed", where, f"exit code {ending.code}: {reason(ending.output)}")])
        refused = self._refused(ending, turn, tables, where)
        if ending.code == 0 and not kills and not turn.is_idle:
            self.references[state] = Reference(ending.seen)
        if ending.code not in (0, *REFUSED):
            return False  # nothing was loaded, and the command said so
        self._compare({name: line for name, line in tables.items() if name not in refused}, where)
        after = self.world.ask(partial(digests, self.world.warehouse)) if before else {}
        if turn.is_idle and not kills:
            moved = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
            self._add([Problem("rewritten", where, f"{name} changed, and nothing was new") for name in moved])
        return True

    def _kill(self, number: int, turn: Turn, tables: Mapping, reference: Reference) -> None:
        """Kill a load; its machine may be gone with it, and the source goes on."""
        strike, phase = reference.strike(self._dice.randrange(1000), self.seed, self._dice)
        ending = self.world.load(tables, turn.arguments, strike)
        self.result.loads += 1
        self.result.kills += bool(ending.signal)
        place = "same"
        if self._dice.random() < 0.35:
            shutil.rmtree(self.world.working, ignore_errors=True)
            place = "new"
        if self.schema.after_kill and self._dice.random() < 0.5:
            self.world.change(self.schema.after_kill)
        how = "killed" if ending.signal else f"ended with {ending.code}"
        self.result.lines.append(f"load {number + 1} {how} in {phase}, {place} machine: {strike}")

    def _refused(self, ending: Ending, turn: Turn, tables: Mapping, where: str) -> set[str]:
        """Hold the refusals of a load against what is expected, and return the tables."""
        result = self.result
        lines = [line for line in ending.output.splitlines() if line.startswith("✗")]
        found = self.world.refused() if ending.code in REFUSED else {}
        said = " ".join(" ".join(lines).split())
        result.refused += len(found)
        result.lines += [f"load {where.rpartition(' ')[2]} refused {name}: {line}" for name, line in found.items()]
        problems = []
        if ending.code in REFUSED and not found:
            problems.append(Problem("refused", where, f"exit code {ending.code}, and no table is named: {said}"))
        for name, line in found.items():
            if name not in turn.refused and name not in turn.may_refuse:
                result.unexpected += 1
                problems.append(Problem("refused", f"{where}, {name}", line))
            elif not re.search(turn.refused.get(name, ""), line):
                problems.append(
                    Problem("refused", f"{where}, {name}", f"the line lacks {turn.refused[name]!r}: {line}")
                )
            if line not in said:
                problems.append(Problem("refused", f"{where}, {name}", "the command does not say it"))
        problems += [
            Problem("accepted", f"{where}, {name}", "the table had to be refused")
            for name in turn.refused
            if name not in found and ending.code in (0, *REFUSED)
        ]
        self._add(problems)
        return set(found)

    def _compare(self, tables: Mapping, where: str) -> None:
        found = self.world.ask(
            partial(compare, self.world.addresses["postgres_url"], self.world.warehouse, tables, self._known)
        )
        self._known |= found.known
        self.result.rows += found.rows
        self._add([Problem(one.kind, f"{where}, {one.table}", one.what) for one in found.problems])

    def _add(self, problems: list[Problem]) -> None:
        for problem in problems:
            self.result.counts[problem.kind] = self.result.counts.get(problem.kind, 0) + 1
            if not problem.what.startswith("and more"):
                self.result.problems.append(str(problem))
