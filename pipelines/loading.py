"""One load of a source in the environment of MAILBLAZE_ENV."""

import sys
from functools import partial

import dlt

from exactly_once.report import LoadReport
from exactly_once.runner import Source, run_pipeline
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline, environment


def load(name: str, source: Source) -> LoadReport:
    """Load one source through the lake into RAW, and return the report.

    Raises:
        PipelineError: a setting is missing or makes no sense; else as `run_pipeline`.
    """
    prepare([name])
    if environment().engine == "snowflake":
        warn_of_password(build_pipeline(name))
    return run_pipeline(partial(build_pipeline, name), source)


def warn_of_password(pipeline: dlt.Pipeline) -> None:
    """Say on standard error that a password signs in to Snowflake: a trial account may, a service should not."""
    with pipeline.destination_client() as warehouse:
        has_key = bool(warehouse.config.credentials.private_key)
    if not has_key:
        print("⚠ Snowflake signs in by password: use a key pair, see docs/snowflake.md", file=sys.stderr)
