"""Checks the values of settings before anything is read or loaded."""

import re
from collections.abc import Iterable

from exactly_once.errors import PipelineError
from pipelines.configuration import value_rules as rules
from pipelines.configuration.lookup import SettingValue, as_variable, find_setting
from pipelines.configuration.providers import is_full_name
from pipelines.configuration.shell import read_variable
from pipelines.registry import SOURCES

BUCKET_URL = "DESTINATION__LAKE__BUCKET_URL"

VALUE_CHECKS: dict[str, rules.Rule] = {
    "runtime.log_level": rules.log_level,
    "lease.ttl": rules.number(0.001, 86_400, whole=False),
    "partition.check_every": rules.number(0, 2_592_000, whole=False),
    "load.workers": rules.number(1, 1000),
    "normalize.workers": rules.number(1, 1000),
    "extract.workers": rules.number(1, 1000),
    "extract.max_parallel_items": rules.number(1),
    "sources.postgres.guard": rules.number(0, 600, whole=False),
    "sources.postgres.chunk_size": rules.number(1),
    "sources.postgres.connections": rules.number(1, 1000),
    "sources.postgres.reread_limit": rules.number(0, 1e15),
    "sources.postgres.search_path": rules.schema_names,
    "sources.postgres.schema": rules.one_name,
    **{name: rules.http_url for source in SOURCES.values() for name in source.required if name.endswith(".base_url")},
    "sources.saas.windows": rules.number(1, 64),
    "schema.naming": rules.unset("names in RAW are dlt's snake_case in every environment: unset it"),
    "destination.lake.bucket_url": rules.unset(
        f"each pipeline has its own: set {' and '.join(f'{source.upper()}__{BUCKET_URL}' for source in SOURCES)}"
    ),
}


def check_values(pipelines: Iterable[str] = ()) -> None:
    """Check the value of every setting.

    Args:
        pipelines: that are run; none: every one.

    Raises:
        PipelineError: a value is invalid; the message names the setting as it is typed.
    """
    for pipeline in list(pipelines) or SOURCES:
        _check("destination.lake.bucket_url", rules.lake_url, pipeline)
        _check("destination.lake.credentials.endpoint_url", rules.http_url, pipeline)
    for name, rule in VALUE_CHECKS.items():
        _check(name, rule, name.split(".")[1] if name.startswith("sources.") else None)


def _check(name: str, rule: rules.Rule, pipeline: str | None) -> None:
    found = find_setting(name, pipeline)
    if found.value is None and not is_full_name(tuple(name.split(".")[:-1])):  # schema.naming: dlt alone reads it
        found = SettingValue(as_variable(name), read_variable(as_variable(name)), "the shell")
    problem = rule(found.value) if found.value is not None else None
    if problem:
        value = re.sub(r"//.*@", "//***@", str(found.value))
        raise PipelineError(f"{found.name} is {value!r}: {problem} (it comes from {found.origin}).")
