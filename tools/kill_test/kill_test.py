"""Distributes scenarios to worker processes until there are enough kills, bounded in count and time."""

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

from tools.kill_test.scenario import Outcome, Reference, record_references, run_scenario
from tools.kill_test.subject import Subject, import_function

SubjectProvider = Callable[
    [Path], Iterator[list[Subject]]
]  # a context manager: the subjects' services run while it is open


@dataclass(frozen=True)
class RunConfig:
    """What to run.

    Args:
        provider: the context manager, as module:name, that provides each worker's subjects in a folder of its own.
        kills: how many; faults are run in addition.
        seed: of every choice.
        folder: of the workers.
        keep: the folder to which the worlds of violations are copied.
        arguments: of the provider.
        workers: the number of processes.
        only: parts of the names of the subjects to test, separated by commas.
        scenario: the only scenario to run; None: all.
        seconds: after which no scenario is started.
        stop_timeout: seconds in which a worker may end by itself.
    """

    provider: str
    kills: int
    seed: int
    folder: Path
    keep: Path
    arguments: tuple[str, ...] = ()
    workers: int = 2
    only: str = ""
    scenario: int | None = None
    seconds: float = 3600.0
    stop_timeout: float = 20.0


class KillTest:
    """Runs the scenarios; `references` has the recorded boundaries of each subject and state."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.references: dict[str, dict[str, Reference]] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of each kill and fault.

        Raises:
            RuntimeError: a subject fails without a kill, or a worker ended.
        """
        config, deadline = self.config, time.monotonic() + self.config.seconds
        with self._workers() as workers:
            names = self._record(workers)
            scenarios = self._stories(names)
            busy = {worker for worker in workers if self._deal(worker, scenarios)}
            kills = 0
            while busy:
                for worker in busy.intersection(wait(list(busy))):
                    outcome = _receive(worker)
                    if isinstance(outcome, dict):
                        self.references |= outcome
                    elif outcome:
                        kills += outcome.kills
                        yield outcome
                    elif kills >= config.kills or time.monotonic() > deadline or not self._deal(worker, scenarios):
                        busy.discard(worker)

    @contextmanager
    def _workers(self) -> Iterator[list[Connection]]:
        context = get_context("spawn")
        with ExitStack() as stack:
            workers = []
            for number in range(self.config.workers):
                parent_end, worker_end = context.Pipe()
                arguments = (worker_end, self.config, self.config.folder / f"worker-{number}")
                process = context.Process(target=_work, args=arguments)
                process.start()
                worker_end.close()
                stack.callback(_end_worker, process, self.config.stop_timeout)
                stack.callback(parent_end.close)
                workers.append(parent_end)
            yield workers

    def _record(self, workers: list[Connection]) -> dict[str, int | None]:
        """Record the boundaries of each subject on some worker; return the subjects' names and limits."""
        known = _receive(workers[0])
        names = {name: known[name] for name in known if any(part in name for part in self.config.only.split(","))}
        for worker in workers[1:]:
            _receive(worker)
        if not names:
            raise RuntimeError(f"no subject has {self.config.only!r} in its name")
        # A subject with few scenarios is slow: the worker that runs one records it, and the others do not wait.
        quick = [name for name, limit in names.items() if limit is None]
        shares = [(worker, quick[number :: len(workers)]) for number, worker in enumerate(workers)]
        for worker, share in shares:
            worker.send(("record", share))
        for worker, _ in shares:
            self.references |= _receive(worker)
        return names

    def _stories(self, names: dict[str, int | None]) -> Iterator[tuple[str, int]]:
        # More than are needed without a violation, which ends a scenario early.
        numbers = range(self.config.kills) if self.config.scenario is None else [self.config.scenario]
        for number in numbers:
            for name, limit in names.items():
                if limit is None or number < limit or self.config.scenario is not None:
                    yield name, number

    def _deal(self, worker: Connection, scenarios: Iterator[tuple[str, int]]) -> bool:
        name, number = next(scenarios, (None, 0))
        if name:
            worker.send(("run", (name, self.references.get(name), number)))
        return name is not None


def _end_worker(process, stop_timeout: float) -> None:
    """Let a worker end by itself after its connection was closed; do not wait for a running scenario."""
    process.join(stop_timeout)
    process.terminate()
    process.join()


def _receive(worker: Connection):
    try:
        is_answer, value = worker.recv()
    except EOFError as error:
        raise RuntimeError("a worker ended: see above") from error
    if not is_answer:
        raise RuntimeError(value)
    return value


def _work(connection: Connection, config: RunConfig, folder: Path) -> None:
    """Run a worker, which forks every run: nothing here may start a thread or open a warehouse."""
    # A worker that is terminated ends its services, too: Postgres would outlive its own folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with import_function(config.provider)(folder, *config.arguments) as subjects:
            known = {subject.name: subject for subject in subjects}
            connection.send((True, {name: subject.max_scenarios for name, subject in known.items()}))
            while True:
                task, what = connection.recv()
                if task == "record":
                    connection.send((True, {name: record_references(known[name], folder / "world") for name in what}))
                    continue
                name, references, number = what
                if references is None:
                    references = record_references(known[name], folder / "world")
                    connection.send((True, {name: references}))
                for outcome in run_scenario(known[name], folder / "world", references, config.seed, number):
                    _keep_world(outcome, folder / "world", config.keep)
                    connection.send((True, outcome))
                connection.send((True, None))
    except (EOFError, BrokenPipeError, KeyboardInterrupt, SystemExit):
        return
    except RuntimeError as error:
        connection.send((False, str(error)))
    except BaseException:  # noqa: BLE001  the parent reports it
        connection.send((False, traceback.format_exc()))


def _keep_world(outcome: Outcome, world: Path, keep: Path) -> None:
    if outcome.problems:
        place = keep / f"{outcome.subject.replace('/', '-')}-{outcome.scenario}-{outcome.turn}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(world, place, symlinks=True, ignore_dangling_symlinks=True)
        outcome.problems.append(f"the world is kept in {place}")
