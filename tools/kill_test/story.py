"""A story: a new world in which a pipeline is struck again and again, and after each strike must come right again."""

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.kill_test.boundaries import Strike
from tools.kill_test.reference import Reference
from tools.kill_test.scene import Scene, reason
from tools.kill_test.subject import Subject

READING = ("start", "extract")  # the phases in which a fault of the source is felt
LANDING = ("load job",)  # and one of the lake
PATIENCE = 90  # seconds in which a run that says no in one line (a lease of the killed one) is started again


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
    scene, found = Scene(subject, world), {}
    scene.renew()
    for turn, state in enumerate(("empty", "filled")):
        if turn:
            scene.change(turn)
        ending = scene.run()
        if ending.code != 0:
            raise RuntimeError(f"{subject.name} fails where nothing disturbs it:\n{ending.output}")
        found[state] = Reference(ending.seen)
        wrong, _ = scene.examine({})
        if wrong.lines:
            raise RuntimeError(f"{subject.name} is wrong where nothing disturbs it: " + "; ".join(wrong.lines))
    return found


def tell(subject: Subject, world: Path, references: dict[str, Reference], seed: int, story: int) -> Iterator[Outcome]:
    """Live through a story, yield the outcome of each strike; the first that leaves something wrong ends it."""
    dice = random.Random(f"{seed} {subject.name} {story}")  # noqa: S311  not a secret
    scene = Scene(subject, world)
    scene.renew()
    cursors: dict = {}
    for turn in range(subject.strikes):  # the first on an empty warehouse, the others on a filled one
        started = time.monotonic()
        state = "filled" if turn else "empty"
        fault = dice.choice(sorted(subject.faults)) if turn and subject.faults and dice.random() < 0.25 else ""
        number = story if not turn else story * (subject.strikes - 1) + turn - 1
        within = (LANDING if fault in subject.landing else READING) if fault else subject.within
        strike, phase = references[state].strike(number, seed, dice, within=within)
        place = dice.choices(["same", "fresh", "woken"], [5, 3, 2])[0] if not fault else "same"
        outcome = Outcome(subject.name, story, turn, state, phase, fault or str(strike), place, fault)
        if turn:
            scene.change(turn * 10)
        if fault:
            _suffer(scene, fault, strike, outcome)
        else:
            _kill(scene, strike, dice, outcome)
        if not outcome.problems:
            cursors = _recover(scene, turn, dice, cursors, outcome)
        outcome.seconds = time.monotonic() - started
        yield outcome
        if outcome.problems:
            return


def _kill(scene: Scene, strike: Strike, dice: random.Random, outcome: Outcome) -> None:
    """Kill a run; now and then the one that should have repaired it, too."""
    for _ in range(2 if dice.random() < 0.2 else 1):
        ending = scene.run(strike)
        outcome.runs += 1
        outcome.kills += ending.struck
        outcome.ended = "killed" if ending.signal else f"ended by itself with {ending.code}"
        if not ending.struck and ending.code != 0:
            outcome.problems.append(f"failed without a kill: {reason(ending.output)}")
            return


def _suffer(scene: Scene, fault: str, strike: Strike, outcome: Outcome) -> None:
    """Run under a fault: success or one line, nothing between."""
    with scene.subject.faults[fault](scene.world) or nullcontext() as at_strike:
        ending = scene.run(replace(strike, signal=0) if at_strike else None, at_strike)
    outcome.runs += 1
    outcome.ended = f"ended with {ending.code}"
    if ending.signal or "Traceback" in ending.output:
        outcome.problems.append(f"no one-line end under {fault}: {reason(ending.output)}")


def _recover(scene: Scene, turn: int, dice: random.Random, cursors: dict, outcome: Outcome) -> dict:
    """Run again, here or as on another machine, until the run ends well; return the cursors then."""
    asleep = scene.world / "asleep"
    if outcome.place != "same" and scene.working.exists():
        scene.working.rename(asleep)
    if dice.random() < 0.4:
        scene.change(turn * 10 + 1)
    cursors = _until_well(scene, cursors, outcome)
    if outcome.place == "woken" and asleep.exists() and not outcome.problems:
        # The machine that was struck wakes up with what it has in hand, after another one has gone on.
        scene.change(turn * 10 + 2)
        cursors = _until_well(scene, cursors, outcome)
        if scene.working.exists():  # dbt alone makes none
            scene.working.rename(scene.world / "other")
        asleep.rename(scene.working)
        if not outcome.problems:
            cursors = _until_well(scene, cursors, outcome, "after the old machine woke up: ")
        shutil.rmtree(scene.world / "other", ignore_errors=True)
    shutil.rmtree(asleep, ignore_errors=True)
    return cursors


def _until_well(scene: Scene, cursors: dict, outcome: Outcome, when: str = "") -> dict:
    deadline = time.monotonic() + PATIENCE
    while (ending := scene.run()).code != 0:
        outcome.runs += 1
        if "Traceback" in ending.output or time.monotonic() > deadline:
            outcome.problems.append(f"{when}the next run fails: {reason(ending.output)}")
            return cursors
        time.sleep(0.2)
    outcome.runs += 1
    found, now = scene.examine(cursors)
    outcome.lost += found.lost
    outcome.doubled += found.doubled
    if found.lines:
        outcome.problems += [when + line for line in found.lines]
        is_repaired = scene.run().code == 0 and not scene.examine({})[0].lines
        outcome.problems.append("one more run " + ("repairs it" if is_repaired else "does not repair it"))
    return now
