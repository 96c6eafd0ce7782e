"""Which settings services.json gives, and whether somebody has set another service instead.

What services.json gives for one service counts whole or not at all: a token belongs to the address beside it.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dlt.common.configuration.providers import EnvironProvider

from pipelines.configuration.lookup import as_variable, dlt_providers
from pipelines.registry import SOURCES

ENVIRONMENT_PROVIDER = "the environment of MAILBLAZE_ENV"  # the name of the provider that reads services.json


@dataclass(frozen=True)
class LocalService:
    """The settings of one service.

    Args:
        given: those that services.json gives.
        identifying: those that name another service if somebody sets one of them.
    """

    given: tuple[str, ...]
    identifying: tuple[str, ...]


LOCAL_SERVICES: dict[tuple[str, ...], LocalService] = {
    **{("sources", source.name): LocalService(tuple(source.local), tuple(source.local)) for source in SOURCES.values()},
    ("destination", "lake"): LocalService(("credentials",), ("credentials", "bucket_url")),
}


def is_given_by_services_file(key: str, sections: tuple[str, ...]) -> bool:
    """Return whether services.json gives a setting, or the setting that it is a part of."""
    service = LOCAL_SERVICES.get(sections[:2])
    return service is not None and (sections[2] if len(sections) > 2 else key) in service.given


def names_other_service(sections: tuple[str, ...], providers: Iterable[Any]) -> bool:
    """Return whether the shell or a file names another service than services.json, even if only in part.

    Args:
        sections: of a setting of that service.
        providers: those that are asked before services.json.
    """
    place = sections[:2]
    keys = LOCAL_SERVICES[place].identifying
    pipelines = place[1:] if place[0] == "sources" else tuple(SOURCES)
    paths = (place, (*place, place[1])) if place[0] == "sources" else (place,)
    names = [(prefix, path, key) for prefix in (None, *pipelines) for path in paths for key in keys]
    heads = tuple(as_variable(".".join((*((prefix,) if prefix else ()), *path, key))) for prefix, path, key in names)
    variables = re.compile(f"(?:{'|'.join(heads)})(?:__.+)?")
    if any(value.strip() and variables.fullmatch(name.upper()) for name, value in os.environ.items()):
        return True
    files = [provider for provider in providers if not isinstance(provider, EnvironProvider)]
    return any(
        _has_value(provider.get_value(key, str, prefix, *path)[0]) for provider in files for prefix, path, key in names
    )


def is_own_service(sections: tuple[str, ...]) -> bool:
    """Return whether somebody has set another service than that of services.json, even if only in part."""
    providers = [provider for provider in dlt_providers() if provider.name != ENVIRONMENT_PROVIDER]
    return names_other_service(sections, providers)


def _has_value(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_value, value.values()))
    return value is not None and not (isinstance(value, str) and not value.strip())
