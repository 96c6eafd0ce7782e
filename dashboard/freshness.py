"""How new the data should be: whether they are demo data, when the last good run ended, how old it may be."""

import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exactly_once.errors import PipelineError
from pipelines.environment import data_dir, environment
from pipelines.runs.run_history import read_runs

# The settings that name another source than the services of `make up`, in the shell or in .dlt/secrets.toml.
SOURCE_SETTINGS = {"postgres": "credentials", "saas": "base_url"}
MAX_AGE_VARIABLE = "MAILBLAZE_MAX_AGE_HOURS"
DEFAULT_MAX_AGE_HOURS = 2.0  # twice the interval of the schedule in prefect.yaml


def is_demo() -> bool:
    """Return whether the rows come from the services of `make up`, whose data end in June 2026.

    That is so on local and ci if these services keep their files in the data folder and no setting names another
    source.
    """
    return (
        environment().uses_local_services
        and all((data_dir() / service).is_dir() for service in ("postgres", "saas"))
        and not _names_other_sources()
    )


def _names_other_sources() -> bool:
    names = tuple(f"SOURCES__{source}__{key}".upper() for source, key in SOURCE_SETTINGS.items())
    if any(value and name.startswith(names) for name, value in os.environ.items()):
        return True
    try:
        sources = tomllib.loads(Path(".dlt/secrets.toml").read_text()).get("sources", {})
    except (OSError, ValueError):  # missing, or invalid, which a load reports
        return False
    return any(
        isinstance(sources.get(source), dict) and sources[source].get(key) for source, key in SOURCE_SETTINGS.items()
    )


def max_age() -> timedelta:
    """Return how old the last good run may be: MAILBLAZE_MAX_AGE_HOURS, or two hours if unset or invalid."""
    try:
        hours = float(os.environ.get(MAX_AGE_VARIABLE) or DEFAULT_MAX_AGE_HOURS)
    except ValueError:
        hours = DEFAULT_MAX_AGE_HOURS
    return timedelta(hours=hours if 0 < hours < 24 * 366 else DEFAULT_MAX_AGE_HOURS)


def last_good_run() -> datetime | None:
    """Return when the newest good run of the flow ended (UTC), from the run records of this machine.

    MART does not have it: a run without new rows writes nothing there.
    """
    try:
        runs, _ = read_runs(environment().name)
    except PipelineError:  # `make status` reports that the records cannot be read
        return None
    for run in runs:
        if run.record.kind == "flow" and run.record.is_good and run.record.ended_at:
            return datetime.fromisoformat(run.record.ended_at).astimezone(UTC).replace(tzinfo=None)
    return None
