"""The bench: stories dealt to worker processes until enough strikes have fallen, bounded in count and time."""

import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tools.kill_test.story import Outcome, Reference, record, tell
from tools.kill_test.subject import Subject, named

Offer = Callable[
    [Path], Iterator[list[Subject]]
]  # a context manager: what the subjects need runs as long as it is open


@dataclass(frozen=True)
class Order:
    """What to do: `kills` strikes from `seed` (faults come on top), on subjects whose name has a part of `only`.

    `offer` names the context manager, as module:name, that gives the subjects to each worker in a folder of its own;
    `arguments` are handed to it. With `story` only that one is told. `keep` is where the worlds of violations stay.
    A worker gets `patience` seconds to end by itself.
    """

    offer: str
    kills: int
    seed: int
    folder: Path
    keep: Path
    arguments: tuple[str, ...] = ()
    workers: int = 2
    only: str = ""
    story: int | None = None
    seconds: float = 3600.0
    patience: float = 20.0


class Bench:
    """Deals stories; `coverage` counts the kinds of boundaries of each subject that there are."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.references: dict[str, dict[str, Reference]] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """Yield each outcome as it comes.

        Raises:
            RuntimeError: a subject fails undisturbed, or a worker ended.
        """
        order, deadline = self.order, time.monotonic() + self.order.seconds
        with self._workers() as workers:
            names = self._record(workers)
            stories = self._stories(names)
            busy = {worker for worker in workers if self._deal(worker, stories)}
            kills = 0
            while busy:
                for worker in wait(list(busy)):
                    outcome = _received(worker)
                    if isinstance(outcome, dict):
                        self.references |= outcome
                    elif outcome:
                        kills += outcome.kills
                        yield outcome
                    elif kills >= order.kills or time.monotonic() > deadline or not self._deal(worker, stories):
                        busy.discard(worker)

    @contextmanager
    def _workers(self) -> Iterator[list[Connection]]:
        context = get_context("spawn")
        with ExitStack() as stack:
            workers = []
            for number in range(self.order.workers):
                ours, theirs = context.Pipe()
                arguments = (theirs, self.order, self.order.folder / f"worker-{number}")
                process = context.Process(target=_work, args=arguments)
                process.start()
                theirs.close()
                stack.callback(_end, process, self.order.patience)
                stack.callback(ours.close)
                workers.append(ours)
            yield workers

    def _record(self, workers: list[Connection]) -> dict[str, int | None]:
        """Let the workers share out the recording of the boundaries; return the subjects' names and limits."""
        known = _received(workers[0])
        names = {name: known[name] for name in known if any(part in name for part in self.order.only.split(","))}
        for worker in workers[1:]:
            _received(worker)
        if not names:
            raise RuntimeError(f"no subject has {self.order.only!r} in its name")
        # One of few stories is slow: whoever tells it records it, and the others need not wait.
        quick = [name for name, limit in names.items() if limit is None]
        shares = [(worker, quick[number :: len(workers)]) for number, worker in enumerate(workers)]
        for worker, share in shares:
            worker.send(("record", share))
        for worker, _ in shares:
            self.references |= _received(worker)
        return names

    def _stories(self, names: dict[str, int | None]) -> Iterator[tuple[str, int]]:
        # Twice as many as are needed where nothing goes wrong: a story ends early at a violation.
        numbers = range(self.order.kills) if self.order.story is None else [self.order.story]
        for number in numbers:
            for name, limit in names.items():
                if limit is None or number < limit or self.order.story is not None:
                    yield name, number

    def _deal(self, worker: Connection, stories: Iterator[tuple[str, int]]) -> bool:
        name, number = next(stories, (None, 0))
        if name:
            worker.send(("tell", (name, self.references.get(name), number)))
        return name is not None


def _end(process, patience: float) -> None:
    """Let a worker end by itself, now that its connection is closed; a story under way is not waited for."""
    process.join(patience)
    process.terminate()
    process.join()


def _received(worker: Connection):
    try:
        is_answer, value = worker.recv()
    except EOFError as error:
        raise RuntimeError("a worker ended: see above") from error
    if not is_answer:
        raise RuntimeError(value)
    return value


def _work(connection: Connection, order: Order, folder: Path) -> None:
    """Be a worker: it forks every run from here, so nothing here may start a thread or open a warehouse."""
    # One that is ended amid a run ends what its subjects need: Postgres would outlive the folder that it stands in.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with named(order.offer)(folder, *order.arguments) as subjects:
            known = {subject.name: subject for subject in subjects}
            connection.send((True, {name: subject.stories for name, subject in known.items()}))
            while True:
                task, what = connection.recv()
                if task == "record":
                    connection.send((True, {name: record(known[name], folder / "world") for name in what}))
                    continue
                name, references, number = what
                if references is None:
                    references = record(known[name], folder / "world")
                    connection.send((True, {name: references}))
                for outcome in tell(known[name], folder / "world", references, order.seed, number):
                    _keep(outcome, folder / "world", order.keep)
                    connection.send((True, outcome))
                connection.send((True, None))
    except (EOFError, BrokenPipeError, KeyboardInterrupt, SystemExit):
        return
    except RuntimeError as error:
        connection.send((False, str(error)))
    except BaseException:  # noqa: BLE001  said by the parent
        connection.send((False, traceback.format_exc()))


def _keep(outcome: Outcome, world: Path, keep: Path) -> None:
    if outcome.problems:
        place = keep / f"{outcome.subject.replace('/', '-')}-{outcome.story}-{outcome.turn}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(world, place, symlinks=True, ignore_dangling_symlinks=True)
        outcome.problems.append(f"the world is kept in {place}")
