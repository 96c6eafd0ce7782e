"""An interrupted command ends with one line and its exit code, also if the main thread is in a C library."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
BEGIN = """
import sqlite3, sys, time
from exactly_once.process import interrupts
interrupts.watch()
class Connection(sqlite3.Connection): ...
def query():  # a statement that runs for ever; Python's handlers wait for its end
    connection = interrupts.cancellable(sqlite3.connect(":memory:", factory=Connection))
    print("at work", flush=True)
    connection.execute("with recursive n(n) as (select 1 union all select n + 1 from n) select count(*) from n")
def wait():
    print("at work", flush=True)
    while True:
        time.sleep(0.1)
"""
NEXT = "✗ Interrupted: nothing is half-loaded; the next run goes on: python -c\n"


def run(body: str, *numbers: int, start: str = "") -> tuple[int, str]:
    """Run a command whose work is `body`, send it signals once it is at work; return its exit code and its errors."""
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN + body],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if start == "nohup" else None,  # noqa: PLW1509  no thread runs yet
    )  # fmt: skip
    for number in numbers:
        assert process.stdout.readline().strip() in ("at work", "again")
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("work", ["wait", "query"])
def test_a_signal_ends_a_command_with_one_line(number, code, work):
    body = f"interrupts.GRACE = 3600\nwith interrupts.body(): {work}()"  # it has to end by itself
    assert run(body, number) == (code, NEXT)


def test_a_command_that_is_still_importing_ends_with_the_line():
    assert run("wait()", signal.SIGINT) == (130, NEXT)


def test_work_that_does_not_end_is_ended_and_what_is_done_at_last_is_done():
    body = """
interrupts.GRACE = 0.2
with interrupts.at_last(lambda: print("released", file=sys.stderr)), interrupts.body():
    while True:
        try:
            wait()
        except BaseException:
            continue
"""
    assert run(body, signal.SIGTERM) == (143, NEXT + "released\n")


def test_a_second_signal_does_not_wait():
    body = """
interrupts.GRACE, interrupts.REPEATED = 3600, 0
with interrupts.body():
    try:
        wait()
    except BaseException:
        print("again", flush=True)
        while True:
            time.sleep(0.1)
"""
    assert run(body, signal.SIGINT, signal.SIGINT) == (130, NEXT)


def test_an_error_that_a_cancelled_statement_raises_is_not_shown():
    body = """
with interrupts.body():
    try:
        wait()
    except KeyboardInterrupt:
        raise ValueError("interrupted") from None
"""
    assert run(body, signal.SIGINT) == (130, NEXT)


def test_an_ignored_signal_stays_ignored():
    """As `nohup` and a shell's background want it."""
    body = """
with interrupts.body():
    print("at work", flush=True)
    time.sleep(0.2)
"""
    assert run(body, signal.SIGINT, start="nohup") == (0, "")


def test_an_unexpected_error_is_called_a_bug_before_its_traceback():
    code, errors = run(
        "from exactly_once.cli import exit_with_error\nwith interrupts.body(): exit_with_error(ZeroDivisionError('x'))"
    )
    assert code == 1
    assert errors.startswith("✗ An unexpected ZeroDivisionError, which is a bug")
    assert errors.endswith("ZeroDivisionError: x\n")
