"""dbt in processes forked from one that has parsed the project; they fail and die where a test says."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from dbt.artifacts.resources.v1.config import Hook
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

ROOT = Path(__file__).parents[2]
DBT = ("--project-dir", str(ROOT / "dbt"), "--profiles-dir", str(ROOT / "dbt"), "--quiet")
FORK = multiprocessing.get_context("fork")
# What dbt logs just before and just after it sends a statement.
STATEMENT_EVENTS = {"SQLQuery", "SQLQueryStatus"}
FAILED = {"error", "fail"}
BY_THE_TEST = "a fault of the test"


@dataclass(frozen=True)
class Fault:
    """What goes wrong: a model fails, before its table is written, within the transaction or after the commit; or the
    process is killed at its n-th statement event.
    """

    model: str = ""
    place: str = ""
    killed_at: int = 0


@dataclass(frozen=True)
class Run:
    """What one dbt process did: the statement events that it counted, and the messages of models that failed."""

    events: int
    failures: tuple[str, ...]


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a forked process and return what it returns; None if the process was killed."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_answer, args=(sender, function, arguments))
    process.start()
    sender.close()
    try:
        done, answer = receiver.recv()
    except EOFError:
        done, answer = True, None
    process.join()
    if not done:
        raise RuntimeError(answer)
    return answer


def _answer(sender: Any, function: Callable[..., Any], arguments: tuple) -> None:
    try:
        sender.send((True, function(*arguments)))
    except BaseException:  # noqa: BLE001  it is raised in the parent
        sender.send((False, traceback.format_exc()))
    sender.close()
    os._exit(0)  # nothing that the parent registered runs a second time


def parse(folder: Path) -> Manifest:
    """Parse the project once."""
    os.environ |= {"MAILBLAZE_ENV": "ci", "DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder)}
    done = dbtRunner().invoke(["parse", *DBT])
    assert done.success, done.exception
    return done.result


def run(manifest: Manifest, arguments: list[str], fault: Fault | None = None) -> Run:
    """Run a dbt command in this process, which a fault may kill."""
    fault = fault or Fault()
    if fault.model:
        _break(manifest, fault)
    counted, lock = [0], Lock()

    def count(event: Any) -> None:
        if event.info.name in STATEMENT_EVENTS:
            with lock:
                counted[0] += 1
                if counted[0] == fault.killed_at:
                    os.kill(os.getpid(), signal.SIGKILL)

    options = ("--no-write-json", "--log-level", "none", "--log-level-file", "none")
    done = dbtRunner(manifest, callbacks=[count]).invoke([*arguments, *options, *DBT])
    failed = [f"{result.node.name}: {result.message}" for result in done.result or () if result.status in FAILED]
    return Run(counted[0], tuple(failed) if done.exception is None else (*failed, str(done.exception)))


def _break(manifest: Manifest, fault: Fault) -> None:
    """Give a model a hook that raises."""
    config = manifest.nodes[fault.model].config
    hook = Hook(sql=f"select error('{BY_THE_TEST}')", transaction=fault.place != "after")
    if fault.place == "before":
        config.pre_hook.insert(0, hook)
    else:
        config.post_hook.append(hook)
