"""One schema from its first load to its last: change, load (killed now and then), compare."""

import random
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.foreign.reader import Known, Problem, compare, digests
from tests.foreign.schema import Schema, Turn
from tests.foreign.world import Refused, World
from tools.kill_test.children import RunResult
from tools.kill_test.reference import Reference
from tools.kill_test.trial import reason

REFUSED = (3, 4)  # the exit codes of a load that left tables out


@dataclass
class Result:
    """The result of a schema; `refused` counts rejected tables, `kills` killed loads."""

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
        """Run the schema's turns; one that cannot load ends them."""
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
        """Kill some loads, load and compare; return whether the next turn makes sense."""
        result, state = self.result, "later" if number else "first"
        before = self.world.ask(partial(digests, self.world.warehouse))
        for _ in range(kills if state in self.references else 0):
            self._kill(number, turn, tables, self.references[state])
        ending = self.world.load(tables, turn.arguments)
        result.loads += 1
        where = f"{result.schema}, load {number + 1}"
        self._judge_output(ending, turn, where)
        after = self.world.ask(partial(digests, self.world.warehouse))
        if turn.fails:
            self._judge_unchanged(before, after, set(before), where, "changed by a load that was refused")
            return True
        if ending.code not in (0, *REFUSED):
            return False  # nothing was loaded, and the command said so
        refused = self._refused(ending, turn, where)
        if not kills:
            # A killed load may have loaded what was new, so that the next one has nothing to do.
            kept = {one.raw_name for one in refused.values()}
            self._judge_unchanged(before, after, kept, where, "changed, and the table was refused")
            if turn.is_idle:
                self._judge_unchanged(before, after, {*before, *after}, where, "changed, and nothing was new")
            elif ending.code == 0:
                self.references[state] = Reference(ending.seen)
        self._compare({name: line for name, line in tables.items() if name not in refused}, where)
        return True

    def _judge_output(self, ending: RunResult, turn: Turn, where: str) -> None:
        """Compare the exit code and the output of a load with the expected ones."""
        said, problems = reason(ending.output), []
        if turn.fails:
            is_right = ending.code and not ending.signal and re.search(turn.fails, ending.output)
            if not is_right:
                problems.append(Problem("accepted", where, f"must fail with {turn.fails!r}; {ending.code}: {said}"))
        elif ending.code not in (0, *REFUSED):
            problems.append(Problem("failed", where, f"exit code {ending.code or ending.signal}: {said}"))
        if "Traceback (most recent" in ending.output:
            problems.append(Problem("traceback", where, said))
        problems += [
            Problem("silent", where, f"the output lacks {pattern!r}")
            for pattern in turn.says
            if ending.code in (0, *REFUSED) and not re.search(pattern, ending.output)
        ]
        self._add(problems)

    def _judge_unchanged(self, before: Mapping, after: Mapping, tables: set[str], where: str, what: str) -> None:
        moved = sorted(name for name in tables if before.get(name) != after.get(name))
        self._add([Problem("rewritten", where, f"{name} {what}") for name in moved])

    def _kill(self, number: int, turn: Turn, tables: Mapping, reference: Reference) -> None:
        """Kill a load, with or without its machine's folder, and change the source."""
        kill_point, phase = reference.choose(self._dice.randrange(1000), self.seed, self._dice)
        ending = self.world.load(tables, turn.arguments, kill_point)
        self.result.loads += 1
        self.result.kills += bool(ending.signal)
        place = "same"
        if self._dice.random() < 0.35:
            shutil.rmtree(self.world.working, ignore_errors=True)
            place = "new"
        if self.schema.after_kill and self._dice.random() < 0.5:
            self.world.change(self.schema.after_kill)
        how = "killed" if ending.signal else f"ended with {ending.code}"
        self.result.lines.append(f"load {number + 1} {how} in {phase}, {place} machine: {kill_point}")

    def _refused(self, ending: RunResult, turn: Turn, where: str) -> dict[str, Refused]:
        """Compare the rejected tables of a load with the expected ones, and return them."""
        result = self.result
        lines = [line for line in ending.output.splitlines() if line.startswith("✗")]
        found = self.world.refused() if ending.code in REFUSED else {}
        said = " ".join(" ".join(lines).split())
        result.refused += len(found)
        result.lines += [f"load {where.rpartition(' ')[2]} refused {name}: {one.line}" for name, one in found.items()]
        problems = []
        if ending.code in REFUSED and not found:
            problems.append(Problem("refused", where, f"exit code {ending.code}, and no table is named: {said}"))
        code = (4 if found else 0) if turn.code is None else turn.code
        if ending.code != code:
            problems.append(Problem("refused", where, f"exit code {ending.code}, expected {code}: {said}"))
        for name, line in ((name, one.line) for name, one in found.items()):
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
            if name not in found
        ]
        self._add(problems)
        return found

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
