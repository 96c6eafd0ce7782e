"""Ctrl-C and SIGTERM: running work is cancelled, the lease is released, and the command ends with one line.

`watch()` is a command's first statement. A thread gets each signal through a pipe, also while the main thread is inside
a library written in C. It cancels the connections that were registered by `cancellable`, and ends the process if the
main thread has not done so after GRACE seconds. This is safe: a load that is killed at any time loses nothing.
"""

import os
import shlex
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

GRACE = 4.0  # seconds in which a command may end by itself
REPEATED = 0.5  # seconds: a second signal within them is the same Ctrl-C, sent twice
LAST = 2.0  # seconds for the functions that run at the end, e.g. the release of a lease
AGAIN = 0.2  # seconds between two attempts to cancel: the first may come before the statement
SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = "✗ Interrupted: nothing is half-loaded; the next run goes on: {}"


class Interrupted(KeyboardInterrupt):
    """A signal told the process to stop. No `except Exception` catches it."""


class _Process:
    """The state of this process's signals."""

    signal = 0  # the first one
    command = ""
    line = INTERRUPTED
    is_watched = False
    is_in_body = False
    is_raised = False
    ending = threading.Lock()
    cancels: list[tuple[weakref.ref[Any], str]] = []  # noqa: RUF012  one process, one list
    first: list[Callable[[], None]] = []  # noqa: RUF012
    last: list[Callable[[], None]] = []  # noqa: RUF012


def watch(line: str = INTERRUPTED, replace_handlers: bool = True) -> None:
    """Start to watch for signals; until `body` is entered, a signal ends the process at once.

    Args:
        line: that is printed at the end; {} stands for the command.
        replace_handlers: False if another engine handles signals and raises in the main thread.
    """
    if _Process.is_watched or threading.current_thread() is not threading.main_thread():
        return
    _Process.is_watched = True
    _Process.command, _Process.line = own_command(), line
    _Process.is_in_body = not replace_handlers
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    sys.excepthook = partial(_show, sys.excepthook)
    threading.Thread(target=_watch, args=(reader,), name="signals", daemon=True).start()
    if replace_handlers:
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup, or in a shell's background
                signal.signal(number, _raise)


@contextmanager
def body() -> Iterator[None]:
    """Run a command's work: a signal raises Interrupted in it, and the process then ends as by `end`."""
    _Process.is_in_body = True
    try:
        try:
            yield
        finally:
            _Process.is_in_body = False
    except BaseException:
        if _Process.signal:
            end()
        raise
    if _Process.signal:
        end()


def own_command() -> str:
    """Return the command of this process as a person types it."""
    program, *arguments = sys.argv or [""]
    with suppress(ValueError):
        program = str(Path(program).resolve().relative_to(Path.cwd()))
    return shlex.join(["python", program, *arguments])


def received() -> int:
    """Return the number of the signal that told this process to stop; 0: none."""
    return _Process.signal


def check() -> None:
    """Return unless a signal told the process to stop.

    Raises:
        Interrupted: a signal did.
    """
    if _Process.signal:
        raise Interrupted(_Process.signal)


def sleep(seconds: float) -> None:
    """Wait; a signal ends the wait.

    Raises:
        Interrupted: a signal told the process to stop.
    """
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check()
        time.sleep(min(left, 0.1))
    check()


def cancellable(connection: Any, method: str = "interrupt") -> Any:
    """Register a connection whose method a signal calls to end its statement; return the connection."""
    if len(_Process.cancels) > 256:
        _Process.cancels[:] = [known for known in _Process.cancels if known[0]() is not None]
    _Process.cancels.append((weakref.ref(connection), method))
    return connection


@contextmanager
def at_last(work: Callable[[], None]) -> Iterator[None]:
    """Run `work` if a signal ends the process within this context."""
    _Process.last.append(work)
    try:
        yield
    finally:
        _Process.last.remove(work)


def do_at_last(work: Callable[[], None]) -> None:
    """Run `work` when a signal ends the process."""
    _Process.last.append(work)


def do_at_first(work: Callable[[], None]) -> None:
    """Run `work` as soon as a signal comes, in a thread of its own."""
    _Process.first.append(work)


def message() -> str:
    """Return the line of an interrupted command."""
    return _Process.line.format(_Process.command)


def end() -> NoReturn:
    """End the process with the line, and 128 plus the signal's number as its exit code."""
    if not _Process.ending.acquire(blocking=False):  # another thread does it
        time.sleep(GRACE + LAST)
        os._exit(128 + _Process.signal)
    with suppress(Exception):
        sys.stdout.flush()
    with suppress(Exception):
        print(message(), file=sys.stderr, flush=True)
    threads = [threading.Thread(target=work, daemon=True) for work in list(_Process.last)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + LAST
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    os._exit(128 + _Process.signal)


def _show(others: Callable[..., None], kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Show an error that nothing has caught.

    One that a signal has caused ends the process as `end`. A PipelineError, which a wrong declaration raises at import,
    is one line; any other error is a traceback.
    """
    if _Process.signal:
        end()
    from exactly_once.errors import PipelineError

    if isinstance(error, PipelineError):
        print(f"✗ {error}", file=sys.stderr)
    else:
        others(kind, error, trace)


def _raise(number: int, _: FrameType | None) -> None:
    _Process.signal = _Process.signal or number
    if _Process.ending.locked():  # maybe by this thread
        return
    if not _Process.is_in_body:
        end()
    if not _Process.is_raised:  # the watching thread gets the next one
        _Process.is_raised = True
        raise Interrupted(number)


def _watch(reader: int) -> None:
    first = None
    while True:
        (number,) = os.read(reader, 1)
        if number not in SIGNALS:
            continue
        if first is None:
            first = time.monotonic()
            _Process.signal = _Process.signal or number
            for work in (_cancel, _end_late, *_Process.first):
                threading.Thread(target=work, name="signal", daemon=True).start()
        elif time.monotonic() - first > REPEATED:
            end()


def _end_late() -> None:
    time.sleep(GRACE)
    end()


def _cancel() -> None:
    if dlt := sys.modules.get("dlt.common.runtime.signals"):  # loads in other threads read it
        dlt.set_received_signal(_Process.signal)
        dlt.wake_all()
    while True:
        for known, method in list(_Process.cancels):
            connection = known()
            if connection is not None:
                with suppress(Exception):  # it is closed, or its server does not answer
                    getattr(connection, method)()
        time.sleep(AGAIN)
