"""Refusals: what a person can mend, said in one line with the next thing to type."""

import errno
from urllib.parse import urlsplit

UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout")  # of requests
S3_CLIENT = ("botocore", "aiobotocore", "aiohttp")  # whose errors are the lake's
UNWRITABLE = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT)


class Refusal(Exception):
    """A run that stops at the door: one line says what is wrong and what to type next.

    `exit_code` is how the command ends, `is_transient` whether the same run may succeed a few seconds later as it is.
    """

    exit_code = 1
    is_transient = False


class TableRefused(Refusal):
    """One table cannot be loaded exactly; the other tables of the load are not affected.

    Raise it inside a resource or one of its steps (see pipelines/table_guard.py). The message names the table, and
    where they are known the column and the key of the row, and the next command.
    """

    exit_code = 4


def explain(error: BaseException, services_hint: str) -> str | None:
    """Return one line for an error that a person can mend, or None: then it is a bug and wants its traceback.

    Args:
        error: as raised; its causes are looked through, outermost first.
        services_hint: what to do where a service does not answer, e.g. "`make up` starts it".
    """
    # What we said ourselves says most, however far inside it was raised.
    for cause in sorted(_chain(error), key=lambda cause: not isinstance(cause, Refusal)):
        line = _line(cause, services_hint)
        if line:
            return " ".join(line.split())
    return None


def is_transient(error: BaseException) -> bool:
    """Tell whether the same run may succeed later as it is: a service was away, busy or broken."""
    for cause in _chain(error):
        kind = type(cause).__name__
        if isinstance(cause, Refusal):
            return cause.is_transient
        if kind == "OperationalError":
            return "authentication" not in str(cause)
        if kind == "HTTPError" and getattr(cause, "response", None) is not None:
            return cause.response.status_code == 429 or cause.response.status_code >= 500
        if kind in UNREACHABLE or kind == "LoadClientJobRetry" or is_cut_off(cause):
            return True
    return False


def is_cut_off(error: BaseException) -> bool:
    """Tell whether this error, without its causes, is a connection to the lake that broke off or did not come up."""
    module, name = type(error).__module__.split(".")[0], type(error).__name__
    if module in S3_CLIENT:
        return "Credentials" not in name and name not in ("ClientError", "ParamValidationError", "NoRegionError")
    return (module, name) == ("http", "IncompleteRead")


def exit_code(error: BaseException) -> int:
    """Return how a command ends on this error: as its Refusal says, else 1."""
    return next((cause.exit_code for cause in _chain(error) if isinstance(cause, Refusal)), 1)


def _chain(error: BaseException | None) -> list[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = getattr(error, "exception", None) or error.__cause__ or error.__context__
    return seen


def _line(error: BaseException, hint: str) -> str | None:
    # By name, so that the door which loads one source does not import the libraries of all the others.
    kind = type(error).__name__
    if isinstance(error, Refusal):
        return str(error)
    if kind == "ConfigFieldMissingException":
        return f"A setting is missing: {_missing(error)}. {hint}, or see .dlt/example.secrets.toml."
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
    if kind in ("LoadClientJobFailed", "LoadClientJobRetry", "LoadClientJobTerminalRetry"):
        return _job(error)
    if kind == "HTTPError" and getattr(error, "response", None) is not None:
        return _http(error.response)
    if kind in UNREACHABLE and getattr(error, "request", None) is not None:
        return f"The SaaS API at {_place(error.request.url)} is not reachable: {hint}."
    if is_cut_off(error):
        return f"The lake did not answer in full ({kind}: {error}): nothing of it counts; run again later."
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        return f"Cannot write {error.filename or 'to disk'}: {error.strerror}. Make room or writable, then run again."
    if kind == "IOException" and "lock" in str(error).lower():
        return "Another process holds the DuckDB file: wait until it ends (`make status`), then run again."
    if kind == "IOException":
        reason = str(error).splitlines()[0]
        return f"DuckDB cannot read or write its file: {reason}. Make room or writable, then run again."
    return None


def _postgres(message: str, hint: str) -> str:
    reason = message.strip().splitlines()[0]
    if "authentication" in reason or "role" in reason:
        return f"Postgres refused the log-in ({reason}): mend SOURCES__POSTGRES__CREDENTIALS or .dlt/secrets.toml."
    return f"Postgres is not reachable ({reason}): {hint}."


def _http(response) -> str:
    place = _place(response.url)
    if response.status_code in (401, 403):
        return f"The SaaS API at {place} refused the token: mend SOURCES__SAAS__API_KEY or .dlt/secrets.toml."
    answer = f"{response.status_code} {response.reason}"
    return f"The SaaS API at {place} answered {answer}: nothing was loaded; run again later."


def _job(error) -> str:
    table = error.job_id.split(".")[0].upper()
    message = error.failed_message.strip().splitlines()
    # DuckDB says first what happened and then what to read about it; dlt's other destinations say it last.
    reason = next((line for line in message if "Out of Memory" in line), message[-1])
    kept = "nothing of it is in RAW" if type(error).__name__ == "LoadClientJobFailed" else "it stays pending"
    return f"RAW.{table}: the load failed ({reason}); {kept}. Mend that and run again."


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _missing(error) -> str:
    keys = {trace.key for traces in error.traces.values() for trace in traces if hasattr(trace, "key")}
    named = sorted((key for key in keys if key.startswith(("sources.", "destination."))), key=len)
    return named[0] if named else ", ".join(error.fields)


def _types(message: str) -> str:
    """Pick the two types out of dlt's sentence, which carries them as dictionaries."""
    types = [part.split("'")[0] for part in message.split("'data_type': '")[1:]]
    return f"It was {types[0]} and comes as {types[1]}." if len(types) == 2 else ""
