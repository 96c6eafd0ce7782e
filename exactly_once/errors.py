"""Errors that a person can fix: one line that says what is wrong and what to type next, and an exit code.

What libraries raise is described by exactly_once/messages/, one module for each library.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from exactly_once.error_chain import chain

# By the top-level module of an error's class: the module of exactly_once.messages that describes it. Imported when such
# an error is there, so that a load of one source imports no library of another.
LIBRARIES = {
    "dlt": "dlt_errors",
    "psycopg2": "postgres_errors",
    "sqlalchemy": "postgres_errors",
    "requests": "http_errors",
    "httpx": "http_errors",
    "httpcore": "http_errors",
    "urllib3": "http_errors",
    "snowflake": "http_errors",  # its connector has requests in it
    "duckdb": "duckdb_errors",
    "_duckdb": "duckdb_errors",
    "botocore": "lake_errors",
    "aiobotocore": "lake_errors",
    "aiohttp": "lake_errors",
    "http": "lake_errors",
    "builtins": "system_errors",
}
# DuckDB's errors that a value or the type of a column causes.
BAD_VALUE = (
    "ConversionException",
    "ConstraintException",
    "InvalidInputException",
    "OutOfRangeException",
    "BinderException",
    "TypeMismatchException",
    "InvalidTypeException",
)
BAD_VALUE_CLASSES = ("22", "23")  # of SQLSTATE: a bad value, a broken constraint
SNOWFLAKE = ("ProgrammingError", "IntegrityError", "DataError")


class PipelineError(Exception):
    """What a person can fix; the message is one line that says what is wrong and what to type next.

    `exit_code` is how the command ends, `is_transient` whether the same run may succeed a few seconds later as it is.
    """

    exit_code = 1
    is_transient = False


class TableError(PipelineError):
    """One table cannot be loaded exactly; the other tables of the load are not affected.

    Raise it inside a resource or one of its steps (see table_guard.py). The message names the table, and where they are
    known the column and the key of the row, and the next command. `raw_name` is the table's name in RAW, as dlt has it,
    where the warehouse's side raises it.
    """

    exit_code = 4
    raw_name: str | None = None


def user_message(error: BaseException) -> str | None:
    """Return one line for an error that a person can fix, or None: then it is a bug and needs its traceback.

    Args:
        error: as raised; its causes are looked through, outermost first.
    """
    # Our own message says most, however deep inside it was raised.
    for cause in sorted(chain(error), key=lambda cause: not isinstance(cause, PipelineError)):
        line = str(cause) if isinstance(cause, PipelineError) else _described(cause)
        if line:
            return " ".join(line.split())
    return None


def is_transient(error: BaseException) -> bool:
    """Tell whether the same run may succeed later as it is: a service was away, busy or broken."""
    for cause in chain(error):
        if isinstance(cause, PipelineError):
            return cause.is_transient
        if type(cause).__name__ == "OperationalError":  # PEP 249's, of any driver
            return "authentication" not in str(cause)
        judge = getattr(_describer(cause), "is_transient", None)
        if judge and judge(cause):
            return True
    return False


def permanent_failure(error: BaseException) -> tuple[str, str] | None:
    """Return the table and the reason of a load that fails again as it is: the data of one table cannot be loaded.

    None: it may succeed later (another process holds the file, no memory, no room, no network, a file of the lake is
    lost), or the reason lies in no table.
    """
    from exactly_once.messages.dlt_errors import failed_job, job_reason, job_table

    errors = chain(error)
    refused = next((cause for cause in errors if isinstance(cause, TableError)), None)
    job = failed_job(errors)
    table = (refused and refused.raw_name) or (job_table(job) if job else None)
    if refused:
        return (table, str(refused)) if table else None
    if job is None or table is None or any(isinstance(cause, PipelineError) for cause in errors):
        return None
    kind, reason = job_reason(job)
    is_bad_value = kind in BAD_VALUE or (kind in SNOWFLAKE and _has_bad_value(errors))
    return (table, reason) if is_bad_value else None


def exit_code(error: BaseException) -> int:
    """Return a command's exit code: the PipelineError's own, 75 where another run has DuckDB's file, else 1."""
    from exactly_once.messages.duckdb_errors import is_locked

    errors = chain(error)
    held = 75 if any(map(is_locked, errors)) else 1
    return next((cause.exit_code for cause in errors if isinstance(cause, PipelineError)), held)


def is_connection_lost(error: BaseException) -> bool:
    """Tell whether this error, without its causes, is a connection to the lake that broke off or did not come up."""
    from exactly_once.messages import lake_errors

    return lake_errors.is_connection_lost(error)


def _described(error: BaseException) -> str | None:
    describer = _describer(error)
    return describer.describe(error) if describer else None


def _describer(error: BaseException) -> Any:
    """Return the module of exactly_once.messages for an error, by the library that its class or a base comes from."""
    for kind in type(error).__mro__:
        name = LIBRARIES.get(kind.__module__.split(".")[0])
        if name:
            return import_module(f"exactly_once.messages.{name}")
    return None


def _has_bad_value(errors: Sequence[BaseException]) -> bool:
    """Tell whether one of Snowflake's errors is about a bad value or a broken constraint."""
    found = [getattr(cause, "dbapi_exception", cause) for cause in errors]
    return any((getattr(error, "sqlstate", None) or "")[:2] in BAD_VALUE_CLASSES for error in found)
