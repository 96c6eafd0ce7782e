"""Looks up one setting by its full name, as a load gets it."""

import os
from dataclasses import dataclass
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from exactly_once.errors import PipelineError, user_message
from pipelines.configuration.prefect_api import find_prefect_api
from pipelines.configuration.shell import read_variable
from pipelines.configuration.value_rules import log_level


@dataclass(frozen=True)
class SettingValue:
    """A setting as it counts.

    Args:
        name: as it is typed, e.g. "SOURCES__SAAS__BASE_URL".
        value: None: it is unset.
        origin: where the value comes from, e.g. "the shell" or ".dlt/secrets.toml".
    """

    name: str
    value: Any
    origin: str


def find_setting(name: str, pipeline: str | None = None) -> SettingValue:
    """Return a setting as a load gets it.

    Args:
        name: the dotted full name in lower case, e.g. "sources.saas.base_url".
        pipeline: whose name may precede the setting's.

    Raises:
        PipelineError: dlt's own settings are invalid.
    """
    *sections, key = name.split(".")
    repeated = (*sections[:2], *sections[1:]) if sections[0] == "sources" else ()  # sources.saas.saas.base_url
    for prefix in ([pipeline] if pipeline else []) + [None]:
        for provider in dlt_providers():
            for path in filter(None, (repeated, tuple(sections))):
                value, _ = provider.get_value(key, str, prefix, *path)
                if value is not None:
                    origin = provider.get_value_location(key, prefix, *path) or provider.name
                    typed = as_variable(".".join((*((prefix,) if prefix else ()), *path, key)))
                    return SettingValue(typed, value, origin)
    return SettingValue(as_variable(name), None, "")


def prefect_api_setting() -> SettingValue:
    """Return the address of the Prefect API that a flow reports to, as `find_prefect_api` finds it."""
    api = find_prefect_api()
    return SettingValue("PREFECT_API_URL", api.url, api.origin)


def is_set(name: str, pipeline: str | None = None) -> bool:
    """Return whether a setting has a value, or a part of it has one.

    Args:
        name: dotted, in lower case; a name without a dot is a variable of the shell.
        pipeline: whose name may precede the setting's.
    """
    if "." not in name:
        return read_variable(name) is not None
    prefixes = ("", f"{as_variable(pipeline)}__") if pipeline else ("",)
    heads = tuple(f"{prefix}{as_variable(name)}__" for prefix in prefixes)
    return find_setting(name, pipeline).value is not None or any(
        variable.startswith(heads) and value for variable, value in os.environ.items()
    )


def is_one_text(name: str, pipeline: str | None = None) -> bool:
    """Return whether a setting that has parts is set as one text, e.g. as a URL that contains everything."""
    return isinstance(find_setting(name, pipeline).value, str)


def as_variable(name: str) -> str:
    """Return a dotted name as an environment variable."""
    return name.replace(".", "__").upper()


def dlt_providers() -> list[Any]:
    """Return dlt's providers, once dlt has read its own settings.

    Raises:
        PipelineError: one of those is invalid.
    """
    level = read_variable("RUNTIME__LOG_LEVEL")
    problem = log_level(level) if level else None
    if problem:
        raise PipelineError(f"RUNTIME__LOG_LEVEL is {level!r}: {problem} (it comes from the shell).")
    try:
        return list(Container()[PluggableRunContext].providers.providers)
    except PipelineError:
        raise
    except Exception as error:
        reason = " ".join((user_message(error) or str(error)).split())[:200].rstrip(".")
        raise PipelineError(
            f"dlt cannot begin with its own settings ({reason}): correct or unset what begins with RUNTIME__ in the "
            "shell, or [runtime] in .dlt/."
        ) from error
