"""One load of a source in the environment of MAILBLAZE_ENV."""

import sys
from functools import partial

import dlt
from dlt.destinations.impl.snowflake.configuration import SnowflakeCredentials

from exactly_once.report import LoadReport
from exactly_once.runner import Source, run_pipeline
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline, environment
from pipelines.registry import SOURCES


def load_registered(name: str) -> LoadReport:
    """Load what changed in a source of the registry since its last load.

    Raises:
        PipelineError: a setting is missing or invalid; else as `run_pipeline`.
    """
    return load(name, SOURCES[name].module.opened)


def load(name: str, source: Source) -> LoadReport:
    """Load any source through the lake into RAW, and return the report.

    Raises:
        PipelineError: a setting is missing or invalid; else as `run_pipeline`.
    """
    prepare([name])
    if environment().engine == "snowflake":
        warn_of_password(build_pipeline(name))
    return run_pipeline(partial(build_pipeline, name), source)


def warn_of_password(pipeline: dlt.Pipeline) -> None:
    """Warn on standard error if a password signs in to Snowflake, which a service should not use."""
    with pipeline.destination_client() as warehouse:
        credentials = warehouse.config.credentials
    if isinstance(credentials, SnowflakeCredentials) and not credentials.private_key:
        print("⚠ Snowflake signs in by password: use a key pair, see docs/snowflake.md", file=sys.stderr)
