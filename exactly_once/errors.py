"""Refusals: what a person can fix, said in one line with the next thing to type."""

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ConnectError")  # of requests, of httpx
JOBS = ("LoadClientJobFailed", "LoadClientJobRetry", "LoadClientJobTerminalRetry")  # of dlt
RAISED = re.compile(r"((?:\w+\.)*\w*(?:Exception|Error)): (.+)")  # the last line of a traceback
NO_MEMORY = re.compile("Out of Memory|could not allocate block|failed to (allocate|pin)")
DRIVERS = ("_duckdb.", "duckdb.", "snowflake.")
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
SNOWFLAKE = ("ProgrammingError", "IntegrityError", "DataError")
S3_CLIENT = ("botocore", "aiobotocore", "aiohttp")  # whose errors are the lake's
UNWRITABLE = (errno.ENOTDIR, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT)
ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (ROOT / "pipelines", ROOT / "flows")


class PipelineError(Exception):
    """A run that stops at the door: one line says what is wrong and what to type next.

    `exit_code` is how the command ends, `is_transient` whether the same run may succeed a few seconds later as it is.
    """

    exit_code = 1
    is_transient = False


class TableError(PipelineError):
    """One table cannot be loaded exactly; the other tables of the load are not affected.

    Raise it inside a resource or one of its steps (see exactly_once/table_guard.py). The message names the table, and
    where they are known the column and the key of the row, and the next command. `raw_name` is the table's in RAW, as
    dlt has it, where the warehouse's side raises it.
    """

    exit_code = 4
    raw_name: str | None = None


def check_at_import(check: Callable[..., Any], *arguments: Any) -> None:
    """Check what a module declares: a command of ours ends with one line where it is wrong, not with a traceback.

    Raises:
        PipelineError: it is wrong, and something else than a command imports the module.
    """
    try:
        check(*arguments)
    except PipelineError as error:
        program = Path(getattr(sys.modules["__main__"], "__file__", None) or "").resolve().parent
        if program in COMMANDS:
            sys.exit(f"✗ {error}")
        raise


def user_message(error: BaseException, services_hint: str) -> str | None:
    """Return one line for an error that a person can mend, or None: then it is a bug and wants its traceback.

    Args:
        error: as raised; its causes are looked through, outermost first.
        services_hint: what to do where a service does not answer, e.g. "`make up` starts it".
    """
    # What we said ourselves says most, however far inside it was raised.
    for cause in sorted(_chain(error), key=lambda cause: not isinstance(cause, PipelineError)):
        line = _line(cause, services_hint)
        if line:
            return " ".join(line.split())
    return None


def is_transient(error: BaseException) -> bool:
    """Tell whether the same run may succeed later as it is: a service was away, busy or broken."""
    for cause in _chain(error):
        kind = type(cause).__name__
        if isinstance(cause, PipelineError):
            return cause.is_transient
        if kind == "OperationalError":
            return "authentication" not in str(cause)
        if kind == "HTTPError" and getattr(cause, "response", None) is not None:
            return cause.response.status_code == 429 or cause.response.status_code >= 500
        if kind in UNREACHABLE or kind == "LoadClientJobRetry" or is_connection_lost(cause):
            return True
    return False


def permanent_failure(error: BaseException) -> tuple[str, str] | None:
    """Return the table and the reason of a load that fails again as it is: the data of one table cannot be loaded.

    None: it may succeed later (another process holds the file, no memory, no room, no network, a file of the lake is
    lost), or the reason lies in no table.
    """
    chain = _chain(error)
    refused = next((cause for cause in chain if isinstance(cause, TableError)), None)
    job = next((cause for cause in chain if type(cause).__name__ in JOBS), None)
    table = (refused and refused.raw_name) or (job.job_id.split(".")[0] if job else None)
    if refused:
        return (table, str(refused)) if table else None
    if job is None or any(isinstance(cause, PipelineError) for cause in chain):
        return None
    kind, reason = _reason(job)
    is_bad_value = kind in BAD_VALUE or (kind in SNOWFLAKE and _has_bad_value(chain))
    return (table, reason) if is_bad_value else None


def _has_bad_value(chain: list[BaseException]) -> bool:
    """Tell whether one of Snowflake's errors is of the classes 22 and 23 of SQL: a bad value, a broken constraint."""
    errors = [getattr(cause, "dbapi_exception", cause) for cause in chain]
    return any((getattr(error, "sqlstate", None) or "")[:2] in ("22", "23") for error in errors)


def is_connection_lost(error: BaseException) -> bool:
    """Tell whether this error, without its causes, is a connection to the lake that broke off or did not come up."""
    module, name = type(error).__module__.split(".")[0], type(error).__name__
    if module in S3_CLIENT:
        return "Credentials" not in name and name not in ("ClientError", "ParamValidationError", "NoRegionError")
    return (module, name) == ("http", "IncompleteRead")


def exit_code(error: BaseException) -> int:
    """Return a command's exit code: the PipelineError's own, 75 where another run has DuckDB's file, else 1."""
    chain = _chain(error)
    held = 75 if any(map(_is_held, chain)) else 1
    return next((cause.exit_code for cause in chain if isinstance(cause, PipelineError)), held)


def _is_held(error: BaseException) -> bool:
    """Tell whether another process has DuckDB's file open."""
    return type(error).__name__ == "IOException" and "lock" in str(error).lower()


def _chain(error: BaseException | None) -> list[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        inner = getattr(error, "exception", None) or getattr(error, "client_exception", None)
        error = inner or error.__cause__ or error.__context__
    return seen


def _line(error: BaseException, hint: str) -> str | None:
    # By name, so that the door which loads one source does not import the libraries of all the others.
    kind = type(error).__name__
    if isinstance(error, PipelineError):
        return str(error)
    if kind == "ConfigValueCannotBeCoercedException":
        return (
            f"The setting {_as_typed(error.field_name)} is no {_hint(error.hint)}: change it in the shell or in .dlt/; "
            "a list is written as JSON, e.g. '[\"contacts\"]'."
        )
    if kind == "ConfigFieldMissingException":
        names = missing_settings(error)
        up = f"{hint}, or " if hint.startswith("`make up`") and not any(map(_is_own, names)) else ""
        return f"Not set: {', '.join(names)}; {up}see .dlt/example.secrets.toml."
    if kind == "OperationalError" and "psycopg2" in f"{type(error.__cause__)} {type(error)}":
        return _postgres(str(error.__cause__ or error), hint)
    if kind == "NoSuchTableError":
        mend = "restore it, or take its line out of TABLES in pipelines/postgres.py"
        return f"Postgres has no table {error} any more: {mend}."
    if kind == "DataValidationError":
        return (
            f"{error.table_name}.{error.column_name}: the source changed this column's type, "
            f"and the contract refuses it; nothing was loaded. {_types(str(error))} "
            "Change it back, or give the column a new name upstream."
        )
    if kind in JOBS:
        return _job(error)
    if kind == "HTTPError" and getattr(error, "response", None) is not None:
        return _http(error)
    if kind in UNREACHABLE and (url := _url(error)):
        service = _service(error, url)
        return f"{service} at {_place(url)} is not reachable: {_hint_for(service, hint)}."
    if NO_MEMORY.search(str(error)) and kind in ("OutOfMemoryException", "TransactionException"):
        reason = str(error).strip().splitlines()[0]
        return f"DuckDB needs more memory than it may take ({reason}). End other programs, then run again."
    if kind in ("MissingSchema", "InvalidSchema", "InvalidURL", "LocationParseError"):
        return "SOURCES__SAAS__BASE_URL is no address: set it to one like https://api.example.com."
    if kind == "InvalidHeader":
        return "SOURCES__SAAS__API_KEY holds what no header takes, e.g. a line break: set it again."
    if is_connection_lost(error):
        return f"The lake did not answer in full ({kind}: {error}): nothing of it counts; run again later."
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        return f"Cannot write {error.filename or 'to disk'}: {error.strerror}. Make room or writable, then run again."
    if _is_held(error):
        return "Another process holds the DuckDB file: wait until it ends (`make status`), then run again."
    if kind == "IOException" and "not a valid DuckDB database" in str(error):
        return (
            f"DuckDB's file is damaged ({str(error).splitlines()[0]}): move it away, then type "
            "python pipelines/replay.py, which makes RAW again from the lake."
        )
    if kind == "IOException":
        reason = str(error).splitlines()[0]
        return f"DuckDB cannot read or write its file: {reason}. Make room or writable, then run again."
    return None


def _as_typed(field: str) -> str:
    """Return the variable of the shell that sets a field, where there is one, else the field's name."""
    names = [name for name, value in os.environ.items() if value and name.upper().endswith(f"__{field.upper()}")]
    return " or ".join(sorted(names)) or field


def _hint(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint).removeprefix("typing.")


def _postgres(message: str, hint: str) -> str:
    reason = message.strip().splitlines()[0]
    if "authentication" in reason or "role" in reason:
        return f"Postgres refused the log-in ({reason}): correct SOURCES__POSTGRES__CREDENTIALS or .dlt/secrets.toml."
    return f"Postgres is not reachable ({reason}): {_hint_for('Postgres', hint)}."


def _hint_for(service: str, hint: str) -> str:
    """Return what to do where a service does not answer: `make up` starts none whose address somebody set."""
    if not hint.startswith("`make up`"):
        return hint
    from pipelines.configuration.settings import find, prefect_api  # which imports this module
    from pipelines.environment import services_file

    names = {"Postgres": "postgres.credentials", "The SaaS API": "saas.base_url"}
    try:
        if service == "The Prefect server":
            found = prefect_api()
        elif service in names:
            found = find(f"sources.{names[service]}", names[service].split(".")[0])
        else:
            return hint
        if found.value is not None and found.origin == str(services_file()):
            return hint
        where = found.origin if found.value is not None else "the shell or .dlt/"
    except Exception:  # noqa: BLE001  what is wrong with the settings is said elsewhere
        return hint
    return f"start it, or correct {found.name} (it comes from {where})"


def _is_own(name: str) -> bool:
    """Tell whether a setting that is missing belongs to a source of which another one is set."""
    from pipelines.configuration.settings import SERVICES, own_service  # which imports this module

    place = tuple(name.lower().split("__")[:2])
    return place in SERVICES and own_service(place)


def _url(error: Any) -> str | None:
    """Return the URL that was asked for, where the error knows it."""
    try:
        return str(error.request.url) if error.request is not None else None
    except (AttributeError, RuntimeError):  # httpx raises where it knows of none
        return None


def _http(error: Any) -> str:
    response = error.response
    what = f"{_service(error, response.url)} at {_place(response.url)}"
    if response.status_code in (401, 403):
        setting = "SOURCES__SAAS__API_KEY" if what.startswith("The SaaS API") else "its token"
        return f"{what} refused the token: correct {setting} or .dlt/secrets.toml."
    answer = f"{response.status_code} {response.reason}"
    return f"{what} answered {answer}: nothing was loaded; run again later."


def _job(error) -> str:
    table = error.job_id.split(".")[0].upper()
    kept = "nothing of it is in RAW" if type(error).__name__ == "LoadClientJobFailed" else "it stays pending"
    return f"RAW.{table}: the load failed ({_reason(error)[1]}); {kept}. Mend that and run again."


def _reason(error) -> tuple[str, str]:
    """Return the class and the first line of the warehouse's error behind a job's.

    DuckDB says first what happened, then where in the statement, then what to read about it.
    """
    for cause in reversed(_chain(error)):
        found = getattr(cause, "dbapi_exception", None)
        if found is not None and str(found).strip():
            # dlt wraps some of DuckDB's errors once more.
            inner = found.args[0] if found.args and isinstance(found.args[0], BaseException) else found
            return type(inner).__name__, str(inner).strip().splitlines()[0]
    # A job that failed before this run has left only the text of its traceback.
    lines = [match for match in map(RAISED.match, error.failed_message.splitlines()) if match]
    named = next((match for match in lines if match[1].startswith(DRIVERS)), lines[-1] if lines else None)
    if named is None:
        return "", (error.failed_message.strip().splitlines() or ["for no given reason"])[-1]
    return named[1].rpartition(".")[2], named[2]


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def missing_settings(error: Any) -> list[str]:
    """Return the full names of the settings that dlt found missing, as they are typed."""
    names = []
    for name, traces in error.traces.items():
        groups = [group.traces.values() for group in traces if hasattr(group, "traces")]
        inner = [trace for group in groups for traces_of_field in group for trace in traces_of_field]
        # dlt asks in many places; the one to name is the longest that names no section twice.
        places = [trace.sections for trace in inner or traces if len({*trace.sections}) == len(trace.sections)]
        names.append("__".join([*max(places, key=len, default=()), *([] if inner else [name])]).upper())
    return names


def _is_at(url: str, name: str) -> bool:
    """Tell whether a URL is at the host and port that a setting names."""
    from pipelines.configuration.settings import find  # which imports this module

    value = find(name).value
    return isinstance(value, str) and _parts(value)[1:] == _parts(url)[1:]


def _parts(url: str) -> tuple[str, str | None, str]:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.netloc.rpartition("@")[2].rpartition(":")[2]


def _service(error: BaseException, url: str) -> str:
    """Return what is at a URL, by the client that asked, else by the settings."""
    module = type(error).__module__.split(".")[0]
    if module == "snowflake" or ".snowflakecomputing." in url:
        return "Snowflake"
    if module in ("httpx", "httpcore"):
        return "The Prefect server"
    return "The SaaS API" if _is_at(url, "sources.saas.base_url") else "The source"


def _types(message: str) -> str:
    """Pick the two types out of dlt's sentence, which carries them as dictionaries."""
    types = [part.split("'")[0] for part in message.split("'data_type': '")[1:]]
    return f"It was {types[0]} and comes as {types[1]}." if len(types) == 2 else ""
