"""A scenario: in a new world a pipeline is killed several times, and must load correctly after each kill."""

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.kill_test.boundaries import KillPoint
from tools.kill_test.reference import Reference
from tools.kill_test.subject import Subject
from tools.kill_test.trial import Trial, reason

READ_PHASES = ("start", "extract")  # the phases that a fault of the source affects
LOAD_PHASES = ("load job",)  # and those that a fault of the lake affects
RETRY_SECONDS = 90  # seconds in which a run that fails with one line (the killed run's lease) is started again


@dataclass
class Outcome:
    """What one kill or fault did: where it was, how the run ended, and what was wrong afterwards (`problems`)."""

    subject: str
    scenario: int
    turn: int
    state: str
    phase: str
    kill_point: str
    place: str
    fault: str = ""
    ended: str = ""
    kills: int = 0
    runs: int = 0
    lost: int = 0
    doubled: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def record_references(subject: Subject, world: Path) -> dict[str, Reference]:
    """Return the boundaries of a run on an empty warehouse and on a filled one.

    Raises:
        RuntimeError: the subject fails or is wrong without a kill.
    """
    trial, found = Trial(subject, world), {}
    trial.renew()
    for turn, state in enumerate(("empty", "filled")):
        if turn:
            trial.change(turn)
        result = trial.run()
        if result.code != 0:
            raise RuntimeError(f"{subject.name} fails without a kill:\n{result.output}")
        found[state] = Reference(result.seen)
        wrong, _ = trial.examine({})
        if wrong.lines:
            raise RuntimeError(f"{subject.name} is wrong without a kill: " + "; ".join(wrong.lines))
    return found


def run_scenario(
    subject: Subject, world: Path, references: dict[str, Reference], seed: int, scenario: int
) -> Iterator[Outcome]:
    """Run a scenario and yield the outcome of each kill; the first violation ends it."""
    rng = random.Random(f"{seed} {subject.name} {scenario}")  # noqa: S311  not a secret
    trial = Trial(subject, world)
    trial.renew()
    cursors: dict = {}
    for turn in range(subject.kills_per_scenario):  # the first on an empty warehouse, the others on a filled one
        started = time.monotonic()
        state = "filled" if turn else "empty"
        fault = rng.choice(sorted(subject.faults)) if turn and subject.faults and rng.random() < 0.25 else ""
        number = scenario if not turn else scenario * (subject.kills_per_scenario - 1) + turn - 1
        within = (LOAD_PHASES if fault in subject.load_faults else READ_PHASES) if fault else subject.within
        kill_point, phase = references[state].choose(number, seed, rng, within=within)
        place = rng.choices(["same", "fresh", "woken"], [5, 3, 2])[0] if not fault else "same"
        outcome = Outcome(subject.name, scenario, turn, state, phase, fault or str(kill_point), place, fault)
        if turn:
            trial.change(turn * 10)
        if fault:
            _run_with_fault(trial, fault, kill_point, outcome)
        else:
            _run_with_kill(trial, kill_point, rng, outcome)
        if not outcome.problems:
            cursors = _recover(trial, turn, rng, cursors, outcome)
        outcome.seconds = time.monotonic() - started
        yield outcome
        if outcome.problems:
            return


def _run_with_kill(trial: Trial, kill_point: KillPoint, rng: random.Random, outcome: Outcome) -> None:
    """Kill a run, and sometimes the recovering one, too."""
    for _ in range(2 if rng.random() < 0.2 else 1):
        result = trial.run(kill_point)
        outcome.runs += 1
        outcome.kills += result.reached
        outcome.ended = "killed" if result.signal else f"ended by itself with {result.code}"
        if not result.reached and result.code != 0:
            outcome.problems.append(f"failed without a kill: {reason(result.output)}")
            return


def _run_with_fault(trial: Trial, fault: str, kill_point: KillPoint, outcome: Outcome) -> None:
    """Run under a fault, which must end in success or with one line."""
    with trial.subject.faults[fault](trial.world) or nullcontext() as at_kill_point:
        result = trial.run(replace(kill_point, signal=0) if at_kill_point else None, at_kill_point)
    outcome.runs += 1
    outcome.ended = f"ended with {result.code}"
    if result.signal or "Traceback" in result.output:
        outcome.problems.append(f"no one-line end under {fault}: {reason(result.output)}")


def _recover(trial: Trial, turn: int, rng: random.Random, cursors: dict, outcome: Outcome) -> dict:
    """Run again, in the same working folder or as on another machine, until it succeeds; return the cursors."""
    asleep = trial.world / "asleep"
    if outcome.place != "same" and trial.working.exists():
        trial.working.rename(asleep)
    if rng.random() < 0.4:
        trial.change(turn * 10 + 1)
    cursors = _run_until_success(trial, cursors, outcome)
    if outcome.place == "woken" and asleep.exists() and not outcome.problems:
        # The killed run's machine resumes with its working folder after another machine has loaded.
        trial.change(turn * 10 + 2)
        cursors = _run_until_success(trial, cursors, outcome)
        if trial.working.exists():  # dbt alone has none
            trial.working.rename(trial.world / "other")
        asleep.rename(trial.working)
        if not outcome.problems:
            cursors = _run_until_success(trial, cursors, outcome, "after the old machine resumed: ")
        shutil.rmtree(trial.world / "other", ignore_errors=True)
    shutil.rmtree(asleep, ignore_errors=True)
    return cursors


def _run_until_success(trial: Trial, cursors: dict, outcome: Outcome, when: str = "") -> dict:
    deadline = time.monotonic() + RETRY_SECONDS
    while (result := trial.run()).code != 0:
        outcome.runs += 1
        if "Traceback" in result.output or time.monotonic() > deadline:
            outcome.problems.append(f"{when}the next run fails: {reason(result.output)}")
            return cursors
        time.sleep(0.2)
    outcome.runs += 1
    found, now = trial.examine(cursors)
    outcome.lost += found.lost
    outcome.doubled += found.doubled
    if found.lines:
        outcome.problems += [when + line for line in found.lines]
        is_repaired = trial.run().code == 0 and not trial.examine({})[0].lines
        outcome.problems.append("one more run " + ("repairs it" if is_repaired else "does not repair it"))
    return now
