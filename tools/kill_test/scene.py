"""A subject in its world: what it runs, what changes, and whether all that must hold does."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.kill_test.boundaries import Strike
from tools.kill_test.children import Ending, ask, run
from tools.kill_test.subject import WORKING, Difference, Subject, compare

SAID = re.compile(r"✗|Traceback: |\w*(Error|Exception|Failed)\b|([a-z_]\w*\.)+[A-Z]\w+: ")  # how an error begins


@dataclass
class Scene:
    """One subject in one world, a folder."""

    subject: Subject
    world: Path

    @property
    def working(self) -> Path:
        """The folder of the machine that the run is on."""
        return self.world / WORKING

    def renew(self) -> None:
        """Make a new, empty world."""
        shutil.rmtree(self.world, ignore_errors=True)
        self.world.mkdir(parents=True)
        self.change(0)

    def change(self, turn: int) -> None:
        """Change the sources a little."""
        ask(partial(self.subject.prepare, self.world, turn), self.subject.variables(self.world))

    def run(self, strike: Strike | None = None, at_strike: Callable[[], object] | None = None) -> Ending:
        """Run the subject once, struck or not."""
        subject = self.subject
        return run(subject.load, self.world, subject.variables(self.world), strike, subject.names, at_strike)

    def examine(self, cursors: dict) -> tuple[Difference, dict]:
        """Return what is wrong after a run that ended well, and the cursors now; `cursors` were seen before."""
        try:
            found, now = ask(self._look, self.subject.variables(self.world))
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
        # A file there is what a cut-off atomic write left: dlt never looks at it again.
        return sorted(str(place.relative_to(self.working)) for place in places if place.is_dir())

    def _look(self) -> tuple[Difference, dict]:
        found = compare(self.subject.check(self.world))
        found.lines += self.subject.examine(self.world)
        return found, dict(self.subject.cursors(self.world))


def reason(output: str) -> str:
    """Return what a run said of its end: its one line, or the last lines that name errors."""
    lines = [line for line in output.splitlines() if SAID.match(line)]
    return " | ".join(line[:300] for line in lines[-3:]) or output.strip()[-300:] or "without a word"
