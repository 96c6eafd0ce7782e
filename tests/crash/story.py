"""A story: a new world in which a pipeline is struck again and again, and after each strike must come right again."""

import random
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.crash.boundaries import Strike
from tests.crash.children import Ending, ask, run
from tests.crash.reference import Reference
from tests.crash.subject import WORKING, Difference, Subject, compare

READING = ("start", "extract")  # the phases in which a fault of the source is felt
PATIENCE = 90  # seconds in which a run that was refused (a lease of the killed one) is started again


@dataclass
class Outcome:
    """What one strike did: where it fell, how the run ended, what the next runs left wrong (`problems`, else empty)."""

    subject: str
    story: int
    turn: int
    state: str
    phase: str
    strike: str
    place: str
    fault: str = ""
    ended: str = ""
    kills: int = 0
    runs: int = 0
    lost: int = 0
    doubled: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def record(subject: Subject, world: Path) -> dict[str, Reference]:
    """Return the boundaries of a run on an empty warehouse and on a filled one.

    Raises:
        RuntimeError: the subject does not come right even undisturbed.
    """
    found = {}
    renew(subject, world)
    for turn, state in enumerate(("empty", "filled")):
        if turn:
            ask(partial(subject.prepare, world, turn), subject.variables(world))
        ending = _run(subject, world)
        if ending.code != 0:
            raise RuntimeError(f"{subject.name} fails where nothing disturbs it:\n{ending.output}")
        found[state] = Reference(ending.seen)
        wrong, _ = examine(subject, world, {})
        if wrong.lines:
            raise RuntimeError(f"{subject.name} is wrong where nothing disturbs it: " + "; ".join(wrong.lines))
    return found


def renew(subject: Subject, world: Path) -> None:
    """Make a new, empty world."""
    shutil.rmtree(world, ignore_errors=True)
    world.mkdir(parents=True)
    ask(partial(subject.prepare, world, 0), subject.variables(world))


def tell(subject: Subject, world: Path, references: dict[str, Reference], seed: int, story: int) -> Iterator[Outcome]:
    """Live through a story, yield the outcome of each strike; the first that leaves something wrong ends it."""
    dice = random.Random(f"{seed} {subject.name} {story}")  # noqa: S311  not a secret
    renew(subject, world)
    cursors: dict = {}
    for turn in range(subject.strikes):  # the first on an empty warehouse, the others on a filled one
        started = time.monotonic()
        state = "filled" if turn else "empty"
        fault = dice.choice(sorted(subject.faults)) if turn and subject.faults and dice.random() < 0.25 else ""
        number = story if not turn else story * (subject.strikes - 1) + turn - 1
        strike, phase = references[state].strike(number, seed, dice, within=READING if fault else subject.within)
        place = dice.choices(["same", "fresh", "woken"], [5, 3, 2])[0] if not fault else "same"
        outcome = Outcome(subject.name, story, turn, state, phase, fault or str(strike), place, fault)
        if turn:
            _change(subject, world, turn * 10)
        if fault:
            _suffer(subject, world, fault, strike, outcome)
        else:
            _kill(subject, world, strike, dice, outcome)
        if not outcome.problems:
            cursors = _recover(subject, world, turn, dice, cursors, outcome)
        outcome.seconds = time.monotonic() - started
        yield outcome
        if outcome.problems:
            return


def examine(subject: Subject, world: Path, cursors: dict) -> tuple[Difference, dict]:
    """Return what is wrong in a world after a run that ended well, and its cursors now."""

    def look() -> tuple[Difference, dict]:
        found = compare(subject.check(world))
        found.lines += subject.examine(world)
        return found, dict(subject.cursors(world))

    try:
        found, now = ask(look, subject.variables(world))
    except RuntimeError as error:
        return Difference(lines=[f"the check fails: {str(error).strip().splitlines()[-1]}"]), cursors
    found.lines += [f"pending in the working folder: {path}" for path in pending(world / WORKING)]
    for name, value in cursors.items():
        if name not in now or now[name] < value:
            found.lines.append(f"cursor {name} fell from {value} to {now.get(name)}")
    return found, now


def reason(output: str) -> str:
    """Return what a run said of its end: its one line, or the last lines that name errors."""
    lines = [line for line in output.splitlines() if re.match(r"✗|Traceback: |[\w.]*(Error|Exception|Failed)\b", line)]
    return " | ".join(line[:300] for line in lines[-3:]) or output.strip()[-300:] or "without a word"


def pending(working: Path) -> list[str]:
    """Return the packages of dlt that wait below a working folder."""
    places = [*working.rglob("normalize/extracted/*"), *working.rglob("load/normalized/*")]
    return sorted(str(place.relative_to(working)) for place in places)


def _run(subject: Subject, world: Path, strike: Strike | None = None, at_strike=None) -> Ending:
    return run(subject.load, world, subject.variables(world), strike, subject.names, at_strike)


def _change(subject: Subject, world: Path, turn: int) -> None:
    ask(partial(subject.prepare, world, turn), subject.variables(world))


def _kill(subject: Subject, world: Path, strike: Strike, dice: random.Random, outcome: Outcome) -> None:
    """Kill a run; now and then the one that should have repaired it, too."""
    for _ in range(2 if dice.random() < 0.2 else 1):
        ending = _run(subject, world, strike)
        outcome.runs += 1
        outcome.kills += ending.struck
        outcome.ended = "killed" if ending.signal else f"ended by itself with {ending.code}"
        if not ending.struck and ending.code != 0:
            outcome.problems.append(f"failed without a kill: {reason(ending.output)}")
            return


def _suffer(subject: Subject, world: Path, fault: str, strike: Strike, outcome: Outcome) -> None:
    """Run under a fault: success or one line, nothing between."""
    with subject.faults[fault](world) or nullcontext() as at_strike:
        ending = _run(
            subject, world, Strike(strike.kind, strike.nth, strike.delay, 0) if at_strike else None, at_strike
        )
    outcome.runs += 1
    outcome.ended = f"ended with {ending.code}"
    if ending.signal or "Traceback" in ending.output:
        outcome.problems.append(f"no one-line end under {fault}: {reason(ending.output)}")


def _recover(subject: Subject, world: Path, turn: int, dice: random.Random, cursors: dict, outcome: Outcome) -> dict:
    """Run again, here or as on another machine, until the run ends well; then look."""
    asleep = world / "asleep"
    if outcome.place != "same" and (world / WORKING).exists():
        (world / WORKING).rename(asleep)
    if dice.random() < 0.4:
        _change(subject, world, turn * 10 + 1)
    cursors = _until_well(subject, world, cursors, outcome)
    if outcome.place == "woken" and asleep.exists() and not outcome.problems:
        # The machine that was struck wakes up with what it has in hand, after another one has gone on.
        _change(subject, world, turn * 10 + 2)
        cursors = _until_well(subject, world, cursors, outcome)
        (world / WORKING).rename(world / "other")
        asleep.rename(world / WORKING)
        if not outcome.problems:
            cursors = _until_well(subject, world, cursors, outcome, "after the old machine woke up: ")
        shutil.rmtree(world / "other", ignore_errors=True)
    shutil.rmtree(asleep, ignore_errors=True)
    return cursors


def _until_well(subject: Subject, world: Path, cursors: dict, outcome: Outcome, when: str = "") -> dict:
    deadline = time.monotonic() + PATIENCE
    while (ending := _run(subject, world)).code != 0:
        outcome.runs += 1
        if "Traceback" in ending.output or time.monotonic() > deadline:
            outcome.problems.append(f"{when}the next run fails: {reason(ending.output)}")
            return cursors
        time.sleep(0.2)
    outcome.runs += 1
    found, now = examine(subject, world, cursors)
    outcome.lost += found.lost
    outcome.doubled += found.doubled
    if found.lines:
        outcome.problems += [when + line for line in found.lines]
        again = _run(subject, world)
        left, _ = examine(subject, world, {}) if again.code == 0 else (Difference(lines=["the run failed"]), {})
        outcome.problems.append("one more run " + ("does not mend it" if left.lines else "mends it"))
    return now
