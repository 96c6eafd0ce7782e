"""The output of a kill test: each violation with the command that repeats it, a table by phase, a summary line."""

from collections import Counter

from tools.kill_test.scenario import Outcome

PHASES = (
    "start", "extract", "normalize", "staged file", "load job", "merge", "state write", "completion",
    "between pipelines", "dbt",
)  # fmt: skip


class Report:
    """Collects outcomes; `command` repeats the kill test, and with options one scenario."""

    def __init__(self, command: str) -> None:
        self._command = command
        self.outcomes: list[Outcome] = []

    def add(self, outcome: Outcome) -> str:
        """Add an outcome; return the lines of its violation, or an empty text."""
        self.outcomes.append(outcome)
        if not outcome.problems:
            return ""
        again = f"{self._command} --only {outcome.subject} --scenario {outcome.scenario}"
        lines = [
            f"✗ {outcome.subject}, scenario {outcome.scenario}, turn {outcome.turn}, {outcome.state} warehouse",
            f"  at: {outcome.kill_point} ({outcome.phase}); the run {outcome.ended}; then {outcome.place} folder",
            *(f"  {line}" for line in outcome.problems),
            f"  again: {again}",
        ]
        return "\n".join(lines)

    @property
    def kills(self) -> int:
        return sum(outcome.kills for outcome in self.outcomes)

    @property
    def violations(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.problems]

    def table(self) -> str:
        """Return a table of how the runs ended, by phase and by subject."""
        kills = [outcome for outcome in self.outcomes if not outcome.fault]
        heads = ("kill points", "killed", "ended by itself", "not reached", "empty", "other folder", "wrong")
        rows = []
        for name, order in (("phase", _order), ("subject", str)):
            groups = sorted({getattr(outcome, name) for outcome in kills}, key=order)
            rows += ["", _row(name, *heads)]
            rows += [
                _line(group, [outcome for outcome in kills if getattr(outcome, name) == group]) for group in groups
            ]
        faults = Counter(outcome.fault for outcome in self.outcomes if outcome.fault)
        if faults:
            rows += ["", "faults: " + ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))]
        return "\n".join(rows)

    def summary(self) -> str:
        """Return the last line."""
        lost, doubled = (sum(getattr(outcome, name) for outcome in self.outcomes) for name in ("lost", "doubled"))
        faults = sum(1 for outcome in self.outcomes if outcome.fault)
        return f"{self.kills} kills, {faults} faults, lost {lost}, doubled {doubled}"


def _line(name: str, outcomes: list[Outcome]) -> str:
    killed = sum(outcome.ended == "killed" for outcome in outcomes)
    missed = sum(not outcome.kills for outcome in outcomes)
    return _row(
        name,
        len(outcomes),
        killed,
        len(outcomes) - killed - missed,
        missed,
        sum(outcome.state == "empty" for outcome in outcomes),
        sum(outcome.place != "same" for outcome in outcomes),
        sum(bool(outcome.problems) for outcome in outcomes),
    )


def _row(name: str, *cells: object) -> str:
    return f"{name:<20}" + "".join(f"{cell!s:>16}" for cell in cells)


def _order(phase: str) -> int:
    return PHASES.index(phase) if phase in PHASES else len(PHASES)
