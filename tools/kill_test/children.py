"""Runs functions in forked children: imports are done once, a run starts in milliseconds and can be killed anywhere.

The parent stays single-threaded and opens no warehouse itself: what needs one is called in a child.
"""

import json
import os
import pickle
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.kill_test.boundaries import KILLED_ITSELF, BoundaryRecorder, KillPoint


@dataclass
class RunResult:
    """How a run ended.

    Args:
        code: its exit code; None: a signal ended it.
        signal: that ended it, or None.
        seconds: it took.
        output: what it printed.
        reached: whether it came to the kill point.
        seen: its boundaries as (kind, time); empty if a signal ended it.
    """

    code: int | None
    signal: int | None
    seconds: float
    output: str
    reached: bool
    seen: list[tuple[str, float]] = field(default_factory=list)


def run_in_child(
    call: Callable[[], object],
    root: Path,
    environment: Mapping[str, str],
    kill_point: KillPoint | None = None,
    names: Mapping[int, str] | None = None,
    at_kill_point: Callable[[], object] | None = None,
    limit: float = 120,
) -> RunResult:
    """Call a function in a forked child as its whole program, and kill it at a point.

    Args:
        root: events below it are boundaries; `run.log` and `events.json` are written there.
        names: of the ports that the run connects to.
        at_kill_point: what the parent calls instead of sending a signal.
        limit: seconds after which the child counts as hanging and is killed; its output says so.
    """
    started = time.monotonic()
    reading, writing = os.pipe()
    (root / "events.json").unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _run_child(call, root, environment, BoundaryRecorder(root, kill_point, writing, dict(names or {})))
    os.close(writing)
    try:
        reached = _wait_and_kill(pid, reading, kill_point, at_kill_point, started + limit)
    except BaseException:  # the kill test ends, and so does the run
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    seconds = time.monotonic() - started
    output = (root / "run.log").read_text(errors="replace")
    if seconds > limit:
        output += f"\nTraceback: it did not end within {limit:.0f} s"
    events = root / "events.json"
    seen = [tuple(event) for event in json.loads(events.read_text())] if events.exists() else []
    if kill_point and kill_point.signal and ended_by is None and os.WEXITSTATUS(status) == 128 + kill_point.signal:
        ended_by = kill_point.signal  # it handled the signal
    reached = reached or (kill_point is not None and ended_by == kill_point.signal)
    return RunResult(None if ended_by else os.WEXITSTATUS(status), ended_by, seconds, output, reached, seen)


def call_in_child(call: Callable[[], Any], environment: Mapping[str, str]) -> Any:
    """Call a function in a forked child and return its value; an error is raised here with its traceback as text."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.environ.update(environment)
        try:
            answer = (True, call())
        except BaseException:  # noqa: BLE001  it is raised again in the parent
            answer = (False, traceback.format_exc())
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    os.waitpid(pid, 0)
    if not content:
        raise RuntimeError("a child ended without an answer")
    is_answer, value = pickle.loads(content)  # noqa: S301  from our own child
    if not is_answer:
        raise RuntimeError(value)
    return value


def _run_child(call: Callable[[], object], root: Path, environment: Mapping[str, str], watch: BoundaryRecorder) -> None:
    """Run the function with its environment, output file and audit hook; never return."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(environment)
    (root / "tmp").mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(root / "tmp")
    tempfile.tempdir = None
    log = os.open(root / "run.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 0
    sys.addaudithook(watch)
    try:
        call()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  as the interpreter does
        code = 1
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    seen, watch.seen = watch.seen, []
    Path(root / "events.json").write_text(json.dumps(seen))
    os._exit(code)


def _wait_and_kill(
    pid: int, pipe: int, kill_point: KillPoint | None, at_kill_point: Callable[[], object] | None, deadline: float
) -> bool:
    """Wait until the child ends, which closes its pipe; kill it when it asks; return whether it came to the point."""
    reached = False
    while True:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            os.kill(pid, signal.SIGKILL)
        byte = os.read(pipe, 1)
        if not byte:
            return reached
        reached = True
        if byte == KILLED_ITSELF or kill_point is None:  # without a kill point no child asks
            continue
        time.sleep(kill_point.delay)
        if kill_point.signal:
            os.kill(pid, kill_point.signal)
        elif at_kill_point:
            at_kill_point()
