"""What happens to one warehouse, turn by turn, made from a seed: loads, runs of dbt, and faults."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.history.island import Island
from tests.history.raw import Load, Rows

FIRST_LOAD_ID = 1_700_000_000
# What follows the loads of a turn, and how often: a run, none, or one that goes wrong.
RUNS = {
    "run": 0.55,
    "none": 0.09,
    "some models": 0.09,
    "fails": 0.09,
    "killed": 0.09,
    "one model refreshed": 0.05,
    "one table restored": 0.04,
}

# After how many turns an incomplete load is completed; the last one is never reached.
COMPLETED_AFTER = [1, 1, 2, 3, 10**6]


@dataclass(frozen=True)
class Settings:
    """How many histories share a warehouse, how long they are, which of them take part, and what does not happen."""

    islands: int = 50
    turns: int = 24
    loads_each: int = 6
    only: frozenset[int] = frozenset()
    without: frozenset[str] = frozenset()


@dataclass
class Turn:
    """The loads since the last turn, the earlier ones that are completed now, and the run that follows."""

    number: int
    run: str
    roll: Random
    loads: list[Load]
    completed: list[Load]


def turns(seed: int, settings: Settings) -> Iterator[Turn]:
    """Yield the turns of a warehouse. What an island brings in a turn does not depend on the others."""
    islands = {
        number: Island(seed, number, settings.without)
        for number in range(settings.islands)
        if not settings.only or number in settings.only
    }
    due, clock, waiting = _due(seed, settings), FIRST_LOAD_ID, []
    for number in range(settings.turns):
        roll = Random(f"{seed} {number}")  # noqa: S311  test data, no secret
        run = roll.choices(list(RUNS), list(RUNS.values()))[0]
        is_plain = number in (0, settings.turns - 1) or settings.without & {run, "faults"}
        clock += roll.randrange(1, 9_000)
        came = [islands[island].load() for island in due.get(number, []) if island in islands]
        loads = list(_loads(roll, clock, came, settings.without))
        completed = [load for when, load in waiting if when == number]
        for load in (load for load in loads if not load.is_complete):
            later = _held_back(roll, load)
            waiting.append((number + roll.choice(COMPLETED_AFTER), later))
        yield Turn(number, "run" if is_plain else run, roll, loads, completed)


def _due(seed: int, settings: Settings) -> dict[int, list[int]]:
    """Return the islands that bring a load, by turn: in some turns one only, so that no other hides what it misses."""
    roll = Random(f"due {seed}")  # noqa: S311
    widths = [0.0 if turn % 4 == 3 else roll.choice([0.1, 0.1, 0.4, 1.0]) for turn in range(settings.turns)]
    due: dict[int, list[int]] = {turn: [] for turn in range(settings.turns)}
    for island in range(settings.islands):
        places = {turn: roll.random() ** (1 / width) for turn, width in enumerate(widths) if width}
        for turn in sorted(places, key=places.__getitem__)[-settings.loads_each :]:
            due[turn].append(island)
    for turn, width in enumerate(widths):
        if not width:
            due[turn].append(roll.randrange(settings.islands))
    return due


def _held_back(roll: Random, load: Load) -> Load:
    """Take from an incomplete load the tables that it merges when it is completed; return it as it is then."""
    later = Load(load.load_id, load.source)
    for table in list(load.rows):
        if roll.random() < 0.3:
            later.rows[table] = load.rows.pop(table)
    return later


def _loads(roll: Random, clock: int, came: list[Rows], without: frozenset[str]) -> Iterator[Load]:
    """Yield the loads of a turn: two of the API at most, empty ones, ones with an older id, incomplete ones."""
    parts: list[tuple[str, Rows]] = [("postgres", {}), ("saas", {}), ("saas", {})]
    for rows in came:
        second = roll.choice([1, 1, 2])
        for table, found in rows.items():
            target = parts[0 if table.startswith("postgres") else second][1]
            target.setdefault(table, []).extend(found)
    for source, rows in parts:
        seconds = clock + roll.randrange(1_000) - (30_000 if roll.random() < 0.15 else 0)
        load_id, share = f"{seconds}.{roll.randrange(10**6):06}", roll.random()
        is_complete = source == "postgres" or share > 0.1 or "incomplete" in without
        if rows or share > 0.9:
            yield Load(load_id, source, rows, is_complete)
