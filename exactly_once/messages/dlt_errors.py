"""What dlt raises: settings that are missing or make no sense, data that breaks the contract, jobs that failed."""

import os
import re

from dlt.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigValueCannotBeCoercedException,
    LookupTrace,
    LookupTraces,
)
from dlt.common.schema.exceptions import DataValidationError
from dlt.load.exceptions import LoadClientJobException, LoadClientJobFailed, LoadClientJobRetry

from exactly_once.error_chain import chain
from exactly_once.messages import services

RAISED = re.compile(r"((?:\w+\.)*\w*(?:Exception|Error)): (.+)")  # the last line of a traceback
DRIVERS = ("_duckdb.", "duckdb.", "snowflake.")


def describe(error: BaseException) -> str | None:
    """Return the line of one of dlt's errors, or None."""
    if isinstance(error, ConfigValueCannotBeCoercedException):
        hint = getattr(error.hint, "__name__", None) or str(error.hint).removeprefix("typing.")
        return (
            f"The setting {_as_typed(error.field_name)} is no {hint}: change it in the shell or in .dlt/; "
            "a list is written as JSON, e.g. '[\"contacts\"]'."
        )
    if isinstance(error, ConfigFieldMissingException):
        names = missing_settings(error)
        return f"Not set: {', '.join(names)}; {services.known().missing(names)}."
    if isinstance(error, DataValidationError):
        return (
            f"{error.table_name}.{error.column_name}: the source changed this column's type, "
            f"and the contract refuses it; nothing was loaded. {_types(str(error))} "
            "Change it back, or give the column a new name upstream."
        )
    return _job_line(error) if isinstance(error, LoadClientJobException) else None


def is_transient(error: BaseException) -> bool:
    """Tell whether the same load may succeed later: dlt itself tries such a job again."""
    return isinstance(error, LoadClientJobRetry)


def missing_settings(error: ConfigFieldMissingException) -> list[str]:
    """Return the full names of the settings that dlt found missing, as they are typed."""
    names = []
    for name, traces in error.traces.items():
        groups = [group.traces.values() for group in traces if isinstance(group, LookupTraces)]
        inner = [trace for group in groups for traces_of_field in group for trace in traces_of_field]
        found = [trace for trace in inner or traces if isinstance(trace, LookupTrace)]
        # dlt asks in many places; the one to name is the longest that names no section twice.
        places = [trace.sections for trace in found if len({*trace.sections}) == len(trace.sections)]
        names.append("__".join([*max(places, key=len, default=()), *([] if inner else [name])]).upper())
    return names


def failed_job(errors: list[BaseException]) -> LoadClientJobException | None:
    """Return the job that failed, of an error and its causes."""
    return next((error for error in errors if isinstance(error, LoadClientJobException)), None)


def job_table(job: LoadClientJobException) -> str:
    """Return the table of a job, by dlt's name."""
    return job.job_id.split(".")[0]


def job_reason(job: LoadClientJobException) -> tuple[str, str]:
    """Return the class and the first line of the warehouse's error behind a job's.

    DuckDB says first what happened, then where in the statement, then what to read about it.
    """
    for cause in reversed(chain(job)):
        found = getattr(cause, "dbapi_exception", None)
        if found is not None and str(found).strip():
            # dlt wraps some of DuckDB's errors once more.
            inner = found.args[0] if found.args and isinstance(found.args[0], BaseException) else found
            return type(inner).__name__, str(inner).strip().splitlines()[0]
    # A job that failed before this run has left only the text of its traceback.
    lines = [match for match in map(RAISED.match, job.failed_message.splitlines()) if match]
    named = next((match for match in lines if match[1].startswith(DRIVERS)), lines[-1] if lines else None)
    if named is None:
        return "", (job.failed_message.strip().splitlines() or ["for no given reason"])[-1]
    return named[1].rpartition(".")[2], named[2]


def _job_line(job: LoadClientJobException) -> str:
    kept = "nothing of it is in RAW" if isinstance(job, LoadClientJobFailed) else "it stays pending"
    return (
        f"RAW.{job_table(job).upper()}: the load failed ({job_reason(job)[1]}); {kept}. Correct that, then run again."
    )


def _as_typed(field: str) -> str:
    """Return the variable of the shell that sets a field, where there is one, else the field's name."""
    names = [name for name, value in os.environ.items() if value and name.upper().endswith(f"__{field.upper()}")]
    return " or ".join(sorted(names)) or field


def _types(message: str) -> str:
    """Pick the two types out of dlt's sentence, which carries them as dictionaries."""
    types = [part.split("'")[0] for part in message.split("'data_type': '")[1:]]
    return f"It was {types[0]} and comes as {types[1]}." if len(types) == 2 else ""
