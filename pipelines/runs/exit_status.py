"""The exit code and the line with which an error ends a run."""

import signal

from exactly_once.errors import exit_code, user_message
from exactly_once.process import interrupts
from pipelines.runs.redaction import redact_secrets

PREFECT_SIGTERM = "TerminationSignal"  # the class that Prefect raises for SIGTERM


def exit_status(error: BaseException) -> tuple[int, str]:
    """Return the exit code and the line of an error; the line contains no secret."""
    if isinstance(error, SystemExit):
        return _of_exit(error)
    if interrupts.received():  # whatever the error is: a cancelled statement raises its own
        error = interrupts.Interrupted(interrupts.received())
    if isinstance(error, KeyboardInterrupt):
        is_number = bool(error.args) and isinstance(error.args[0], int)
        return _of_signal(error.args[0] if is_number else signal.SIGINT)
    if type(error).__name__ == PREFECT_SIGTERM:
        return _of_signal(signal.SIGTERM)

    line = user_message(error)
    if line is None:
        first = (str(error).strip().splitlines() or [""])[0]
        line = f"{type(error).__name__}: {first}: this is a bug, its traceback is in the run's log."
    return exit_code(error) or 1, redact_secrets(line)


def _of_exit(error: SystemExit) -> tuple[int, str]:
    cause = error.__cause__ or error.__context__
    code = error.code if isinstance(error.code, int) else int(error.code is not None)
    line = error.code if isinstance(error.code, str) else exit_status(cause)[1] if cause else ""
    return code, redact_secrets(line)


def _of_signal(number: int) -> tuple[int, str]:
    name = "SIGTERM" if number == signal.SIGTERM else "Ctrl-C"
    return 128 + int(number), f"Interrupted by {name}; rows loaded so far are kept: run it again."
