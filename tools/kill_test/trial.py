"""One subject in one world: runs it, changes its sources, and checks the invariants."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.kill_test.boundaries import KillPoint
from tools.kill_test.children import RunResult, call_in_child, run_in_child
from tools.kill_test.subject import WORKING, Difference, Subject, compare

QUARANTINE = "set_aside"  # the engine's default; in dlt's data folder where no setting names another
ERROR_LINE = re.compile(r"✗|Traceback: |\w*(Error|Exception|Failed)\b|([a-z_]\w*\.)+[A-Z]\w+: ")  # how an error begins


@dataclass
class Trial:
    """A subject in its world, a folder."""

    subject: Subject
    world: Path

    @property
    def working(self) -> Path:
        """The working folder of the machine that runs it."""
        return self.world / WORKING

    def renew(self) -> None:
        """Make a new, empty world."""
        shutil.rmtree(self.world, ignore_errors=True)
        self.world.mkdir(parents=True)
        self.change(0)

    def change(self, turn: int) -> None:
        """Change the sources a little."""
        call_in_child(partial(self.subject.prepare, self.world, turn), self.subject.variables(self.world))

    def run(self, kill_point: KillPoint | None = None, at_kill_point: Callable[[], object] | None = None) -> RunResult:
        """Run the subject once, killed at a point or not."""
        subject = self.subject
        return run_in_child(
            subject.load, self.world, subject.variables(self.world), kill_point, subject.names, at_kill_point
        )

    def examine(self, cursors: dict) -> tuple[Difference, dict]:
        """Return what is wrong after a successful run, and the cursors now.

        Args:
            cursors: those seen before; none may have decreased.
        """
        try:
            found, now = call_in_child(self._look, self.subject.variables(self.world))
        except RuntimeError as error:
            return Difference(lines=[f"the check fails: {reason(str(error))}"]), cursors
        found.lines += [f"pending in the working folder: {path}" for path in self.pending()]
        for name, value in cursors.items():
            if name not in now or now[name] < value:
                found.lines.append(f"cursor {name} fell from {value} to {now.get(name)}")
        return found, now

    def pending(self) -> list[str]:
        """Return the packages of dlt that wait in the working folder."""
        places = [*self.working.rglob("normalize/extracted/*"), *self.working.rglob("load/normalized/*")]
        # A file there is what an interrupted atomic write left: dlt never reads it.
        # A quarantined folder keeps its packages for a person: no run loads them.
        found = [place.relative_to(self.working) for place in places if place.is_dir()]
        return sorted(str(place) for place in found if QUARANTINE not in place.parts)

    def _look(self) -> tuple[Difference, dict]:
        found = compare(self.subject.check(self.world))
        found.lines += self.subject.examine(self.world)
        return found, dict(self.subject.cursors(self.world))


def reason(output: str) -> str:
    """Return why a run failed: its error line, or the last lines that name errors."""
    lines = [line for line in output.splitlines() if ERROR_LINE.match(line)]
    return " | ".join(line[:300] for line in lines[-3:]) or output.strip()[-300:] or "no output"
