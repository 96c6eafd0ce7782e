"""End a command with one line on SIGINT and SIGTERM, even while libpq runs in C and no Python handler can."""

import os
import signal
import sys
import threading
import time
from typing import NoReturn

GRACE = 2.0  # seconds for a command to end by itself and remove its temporary files
LINE = "mock_services: interrupted; type the same command again to continue: services that were started still run"
_received = 0
_is_working = False


def watch() -> None:
    """Install the handlers; until `working` is called, a signal ends the process at once."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_late, args=(reader,), daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, _raise)


def working() -> None:
    """From now on, a signal raises KeyboardInterrupt, and the command then calls `end`."""
    global _is_working
    _is_working = True


def check() -> None:
    """End the process if a signal came: a failure after a signal is caused by it, whatever the error says."""
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
