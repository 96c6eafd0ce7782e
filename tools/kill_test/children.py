"""Runs in forked children: everything is imported once, a run starts in milliseconds and can be killed anywhere.

The parent stays single-threaded and opens no warehouse itself; whatever needs one is asked of a child.
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

from tools.kill_test.boundaries import DONE, Strike, Watch


@dataclass
class Ending:
    """How a run ended: by a signal or with an exit code, after which seconds, what it printed, which events it had.

    `struck` says that it came as far as the strike; `seen` is empty where a signal ended the run.
    """

    code: int | None
    signal: int | None
    seconds: float
    output: str
    struck: bool
    seen: list[tuple[str, float]] = field(default_factory=list)


def run(
    call: Callable[[], object],
    root: Path,
    environment: Mapping[str, str],
    strike: Strike | None = None,
    names: Mapping[int, str] | None = None,
    at_strike: Callable[[], object] | None = None,
    limit: float = 120,
) -> Ending:
    """Call a function in a forked child, as its whole program, and strike where it is said.

    Args:
        root: events below it are boundaries; its `run.log` and `events.json` are written.
        names: of the ports that the run connects to.
        at_strike: what the parent does instead of sending a signal.
        limit: seconds after which the child is ended as one that hangs; its output says so.
    """
    started = time.monotonic()
    reading, writing = os.pipe()
    (root / "events.json").unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _become(call, root, environment, Watch(root, strike, writing, dict(names or {})))
    os.close(writing)
    try:
        struck = _watch(pid, reading, strike, at_strike, started + limit)
    except BaseException:  # the bench is ended, and so is the run
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
    if strike and strike.signal and ended_by is None and os.WEXITSTATUS(status) == 128 + strike.signal:
        ended_by = strike.signal  # it ended in order, and says so
    struck = struck or (bool(strike) and ended_by == strike.signal)
    return Ending(None if ended_by else os.WEXITSTATUS(status), ended_by, seconds, output, struck, seen)


def ask(call: Callable[[], Any], environment: Mapping[str, str]) -> Any:
    """Return what a function returns in a forked child; an error there is raised here with its traceback as text."""
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


def _become(call: Callable[[], object], root: Path, environment: Mapping[str, str], watch: Watch) -> None:
    """Be the run: its environment, its output, its boundaries; never return."""
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
    except BaseException:  # noqa: BLE001  as the interpreter would
        code = 1
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    seen, watch.seen = watch.seen, []
    Path(root / "events.json").write_text(json.dumps(seen))
    os._exit(code)


def _watch(pid: int, pipe: int, strike: Strike | None, at_strike: Callable[[], object] | None, deadline: float) -> bool:
    """Wait until the child closes its pipe by ending; strike when it asks for it; tell whether it did."""
    struck = False
    while True:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            os.kill(pid, signal.SIGKILL)
        byte = os.read(pipe, 1)
        if not byte:
            return struck
        struck = True
        if byte == DONE:
            continue
        time.sleep(strike.delay)
        if strike.signal:
            os.kill(pid, strike.signal)
        elif at_strike:
            at_strike()
