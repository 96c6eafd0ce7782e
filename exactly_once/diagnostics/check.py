"""Checks before the first load: each prints one line that says what is right, or what is wrong and what to type."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from exactly_once.errors import PipelineError, user_message

SHORTEST_SECRET = 6  # a shorter one is an everyday word, e.g. the S3 key of a test server


@dataclass(frozen=True)
class Check:
    """One line of the examination.

    Args:
        name: at the beginning of the line; other checks depend on it by this name.
        run: returns a detail; raises where something is wrong; returns `NotChecked` where it may not look.
        depends_on: names of checks that must have passed.
        fix: what to type where the error says nothing better.
        timeout: in seconds; a check that takes longer fails.
    """

    name: str
    run: Callable[[], str]
    depends_on: tuple[str, ...] = ()
    fix: str = ""
    timeout: float = 30.0


class NotChecked(str):
    """Why a check did not look: neither right nor wrong."""


def run_checks(checks: Sequence[Check], secrets: set[str]) -> bool:
    """Run every check, print its line and then the counts; tell whether none failed and none is waiting.

    Args:
        checks: in the order in which they run.
        secrets: that no line may show; read after each check, which may add to it.
    """
    began, passed, failed, skipped = time.monotonic(), set(), 0, 0
    for check in checks:
        if missing := [name for name in check.depends_on if name not in passed]:
            print(f"- {check.name}: waits for {missing[0]}", flush=True)
            continue
        started = time.monotonic()
        answer = run_check(check)
        if isinstance(answer, NotChecked):
            skipped += 1
            line = f"- {check.name}: {answer}"
        elif isinstance(answer, str):
            passed.add(check.name)
            line = f"✓ {check.name} ({answer}; {time.monotonic() - started:.1f} s)"
        else:
            failed += 1
            line = f"✗ {check.name}: {failure_message(answer, check)}"
        print(redact(line, secrets), flush=True)
    waiting = len(checks) - len(passed) - failed - skipped
    counts = f"{len(passed)} ✓, {failed} ✗, {waiting} waiting" + (f", {skipped} not looked at" if skipped else "")
    print(f"{counts}; {time.monotonic() - began:.1f} s", flush=True)
    return len(passed) + skipped == len(checks)


def run_check(check: Check) -> str | BaseException:
    """Return the check's detail or its error; a check that hangs is abandoned after its timeout."""
    answers: list[str | BaseException] = []

    def run() -> None:
        try:
            answers.append(check.run())
        except Exception as error:  # noqa: BLE001  each check's error becomes its line
            answers.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(check.timeout)
    return answers[0] if answers else PipelineError(f"no answer within {check.timeout:.0f} s; {check.fix}")


def failure_message(error: BaseException, check: Check) -> str:
    """Return what is wrong and what to type, in one line."""
    reason = " ".join(str(error).split())[:400]
    line = user_message(error) or f"{type(error).__name__}: {reason}; {check.fix}"
    return f"n{line[1:].rstrip('.')}" if line.startswith("Not set: ") else line


def redact(line: str, secrets: set[str]) -> str:
    """Return the line without any secret in it."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            line = line.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return line
