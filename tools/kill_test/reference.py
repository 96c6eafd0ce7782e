"""The boundaries of an undisturbed run, and the choice of where to strike the next ones."""

import random
from collections import Counter, defaultdict
from collections.abc import Container
from signal import SIGKILL, SIGTERM

from tools.kill_test.boundaries import Strike, phases

LONGEST = 0.4  # seconds of delay, where the next event is that far away


class Reference:
    """How often each kind of event comes in which phase, and how long before the next; `kinds` are all of them."""

    def __init__(self, seen: list[tuple[str, float]]) -> None:
        self.kinds = sorted({kind for kind, _ in seen})
        self._phases: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(dict)
        times = [moment for _, moment in seen]
        counts: Counter[str] = Counter()
        names = phases([kind for kind, _ in seen])
        for (kind, moment), phase, after in zip(seen, names, [*times[1:], *times[-1:]], strict=True):
            counts[kind] += 1
            self._phases[phase].setdefault(kind, []).append((counts[kind], after - moment))

    def strike(self, number: int, seed: int, dice: random.Random, within: Container[str] = ()) -> tuple[Strike, str]:
        """Return the strike of a number, and its phase: numbers in a row go round the phases and their kinds."""
        names = sorted(phase for phase in self._phases if not within or phase in within)
        number += seed  # so that few strikes are others on another seed
        phase = names[number % len(names)]
        kinds = sorted(self._phases[phase])
        random.Random(seed).shuffle(kinds)  # noqa: S311  not a secret
        kind = kinds[number // len(names) % len(kinds)]
        nth, gap = dice.choice(self._phases[phase][kind])
        # Half of them at the boundary itself, half between it and the next: there the warehouse is at work.
        delay = dice.choice([0.0, dice.uniform(0, min(max(gap, 0.005), LONGEST))])
        return Strike(kind, nth, delay, SIGTERM if dice.random() < 0.15 else SIGKILL), phase
