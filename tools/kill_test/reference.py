"""The boundaries of a run without a kill, and the choice of where to kill the next ones."""

import random
from collections import Counter, defaultdict
from collections.abc import Container
from signal import SIGKILL, SIGTERM

from tools.kill_test.boundaries import KillPoint, phases_of

MAX_DELAY = 0.4  # seconds


class Reference:
    """The events of each kind and phase, with the time to the next one; `kinds` are all kinds."""

    def __init__(self, seen: list[tuple[str, float]]) -> None:
        self.kinds = sorted({kind for kind, _ in seen})
        self._phases: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(dict)
        times = [at for _, at in seen]
        counts: Counter[str] = Counter()
        names = phases_of([kind for kind, _ in seen])
        for (kind, at), phase, after in zip(seen, names, [*times[1:], *times[-1:]], strict=True):
            counts[kind] += 1
            self._phases[phase].setdefault(kind, []).append((counts[kind], after - at))

    def choose(self, number: int, seed: int, rng: random.Random, within: Container[str] = ()) -> tuple[KillPoint, str]:
        """Return the kill point of a number, and its phase: consecutive numbers rotate over phases and kinds."""
        names = sorted(phase for phase in self._phases if not within or phase in within)
        number += seed  # else another seed would repeat most of them
        phase = names[number % len(names)]
        kinds = sorted(self._phases[phase])
        random.Random(seed).shuffle(kinds)  # noqa: S311  not a secret
        kind = kinds[number // len(names) % len(kinds)]
        nth, gap = rng.choice(self._phases[phase][kind])
        # Half of them are at the boundary itself, half between it and the next, when the warehouse works.
        delay = rng.choice([0.0, rng.uniform(0, min(max(gap, 0.005), MAX_DELAY))])
        return KillPoint(kind, nth, delay, SIGTERM if rng.random() < 0.15 else SIGKILL), phase
