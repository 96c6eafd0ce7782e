"""Ctrl-C and SIGTERM end a command with one line, also while Postgres's client works in C and no handler runs."""

import os
import signal
import sys
import threading
import time
from typing import NoReturn

GRACE = 2.0  # seconds in which a command ends by itself, and removes what is temporary
LINE = "mock_services: interrupted; type the same again, and it goes on: what was started before runs on"
_received = 0
_is_working = False


def watch() -> None:
    """Begin to watch; a signal ends the process at once until `working` is called."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_late, args=(reader,), daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, _raise)


def working() -> None:
    """From now on a signal raises KeyboardInterrupt, after which the command calls `end`."""
    global _is_working
    _is_working = True


def check() -> None:
    """End the process where a signal came: what fails after one fails because of it, whatever the error says."""
    if _received:
        end()


def end(number: int = 0) -> NoReturn:
    """Print the line and end the process with 128 plus the signal's number."""
    sys.stdout.flush()
    print(LINE, file=sys.stderr, flush=True)
    os._exit(128 + (_received or number or signal.SIGINT))


def _raise(number: int, *_: object) -> None:
    global _received
    if not _is_working:
        end(number)
    if not _received:
        _received = number
        raise KeyboardInterrupt


def _end_late(reader: int) -> None:
    while (number := os.read(reader, 1)[0]) not in (signal.SIGINT, signal.SIGTERM):
        continue
    time.sleep(GRACE)
    end(number)
