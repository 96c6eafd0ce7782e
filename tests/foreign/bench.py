"""Distributes schemas to worker processes, each with a Postgres and an S3 API of its own."""

import logging
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.foreign.schema import Schema, Turn, line
from tests.foreign.services import started
from tests.foreign.story import Result, Story
from tests.foreign.world import World

WARM = Schema(
    "warm-up",
    (
        "create table one(id int primary key, v text, at timestamptz default now())",
        "insert into one select g, 'v' || g from generate_series(1, 50) g",
        "create table two(id int primary key, v text)",
        "insert into two select g, 'v' || g from generate_series(1, 50) g",
    ),
    {"one": line("id", "at"), "two": line("id")},
    (Turn(), Turn(("update one set v = 'x', at = now() where id < 9", "delete from two where id < 5"))),
)


@dataclass(frozen=True)
class Order:
    """What to run: `kills` loads are killed, chosen by `seed`; workers have folders in `folder`."""

    seed: int
    kills: int
    workers: int
    folder: Path


def results_of(order: Order, schemas: list[Schema]) -> Iterator[Result]:
    """Yield the result of each schema as it finishes."""
    context, shares = get_context("spawn"), _kills(order.kills, schemas)
    todo = iter(schemas)
    with ExitStack() as stack:
        busy = []
        for number in range(min(order.workers, len(schemas))):
            ours, theirs = context.Pipe()
            arguments = (theirs, order.folder / f"worker-{number}", order.seed)
            process = context.Process(target=_work, args=arguments)
            process.start()
            theirs.close()
            stack.callback(_end, process)
            stack.callback(ours.close)
            if _deal(ours, todo, shares):
                busy.append(ours)
        while busy:
            for worker in wait(busy):
                try:
                    result = worker.recv()
                except (EOFError, ConnectionResetError):
                    sys.exit("✗ a worker ended: see above")
                if isinstance(result, str):
                    sys.exit(f"✗ the harness failed: {result}")
                yield result
                if not _deal(worker, todo, shares):
                    busy.remove(worker)


def _deal(worker: Connection, todo: Iterator[Schema], shares: Counter[str]) -> bool:
    schema = next(todo, None)
    if schema:
        worker.send((schema, shares[schema.name]))
    return schema is not None


def _kills(kills: int, schemas: list[Schema]) -> Counter[str]:
    """Distribute the kills evenly over the turns of the schemas."""
    turns = [schema.name for schema in schemas if schema.is_killed for _ in schema.turns]
    return Counter(turns[number * len(turns) // kills] for number in range(kills if turns else 0))


def _work(connection: Connection, folder: Path, seed: int) -> None:
    """Run a worker, which forks every load: nothing here may start a thread or open a warehouse."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    try:
        with started(folder) as addresses:
            world, references = World(folder / "world", addresses), {}
            warm = Story(world, WARM, references, 0, seed).tell()
            if warm.problems:
                connection.send(f"a plain schema does not load: {warm.problems}")
                return
            while True:
                schema, kills = connection.recv()
                connection.send(_told(Story(world, schema, references, kills, seed)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt, SystemExit):
        return
    except BaseException:  # noqa: BLE001  said by the parent
        connection.send(traceback.format_exc())


def _told(story: Story) -> Result:
    """Return the result of a schema; an error of the harness is a result, too."""
    try:
        return story.tell()
    except Exception:  # noqa: BLE001  the other schemas run
        story.result.problems.append(f"harness: {story.schema.name}: {traceback.format_exc()}")
        story.result.counts["harness"] = 1
        return story.result


def _end(process) -> None:
    process.join(20)
    process.terminate()
    process.join()
