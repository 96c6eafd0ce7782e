"""What a reader may expect here: whether the data are the demo's, when the last run ended well, how old that may be."""

import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.environment import data_dir, environment
from pipelines.runs.run_record import RunRecord, records_folder

# Where somebody names sources of his own: in the shell, or in .dlt/secrets.toml.
OWN_SOURCES = {"postgres": "credentials", "saas": "base_url"}
MAX_AGE = "MAILBLAZE_MAX_AGE_HOURS"
USUAL_HOURS = 2.0  # twice the interval of the schedule in prefect.yaml


def is_demo() -> bool:
    """Tell whether the rows come from the services of `make up`, whose business ends in June 2026.

    It is so on local and ci where these services keep their data in the data folder, and no setting names another
    source.
    """
    return (
        environment().is_embedded
        and all((data_dir() / service).is_dir() for service in ("postgres", "saas"))
        and not _has_own_sources()
    )


def _has_own_sources() -> bool:
    names = tuple(f"SOURCES__{source}__{key}".upper() for source, key in OWN_SOURCES.items())
    if any(value and name.startswith(names) for name, value in os.environ.items()):
        return True
    try:
        sources = tomllib.loads(Path(".dlt/secrets.toml").read_text()).get("sources", {})
    except (OSError, ValueError):  # none, or one that a load complains of
        return False
    return any(
        isinstance(sources.get(source), dict) and sources[source].get(key) for source, key in OWN_SOURCES.items()
    )


def max_age() -> timedelta:
    """Return how old the last load may be: MAILBLAZE_MAX_AGE_HOURS, or two hours; nonsense counts as not set."""
    try:
        hours = float(os.environ.get(MAX_AGE) or USUAL_HOURS)
    except ValueError:
        hours = USUAL_HOURS
    return timedelta(hours=hours if 0 < hours < 24 * 366 else USUAL_HOURS)


def last_good_run() -> datetime | None:
    """Return when the newest good run of the flow ended (UTC), where this machine keeps the records of its runs.

    MART cannot tell: a run that finds nothing new writes nothing there.
    """
    for path in sorted(records_folder(environment().word).glob("*.json"), reverse=True):
        try:
            record = RunRecord.parse(path.read_bytes())
        except (OSError, ValueError):  # removed just now, of another version, or damaged
            continue
        if record.kind == "flow" and record.is_good and record.ended_at:
            return datetime.fromisoformat(record.ended_at).astimezone(UTC).replace(tzinfo=None)
    return None
