"""Names of MailBlaze's services in messages: which service is at a URL, what starts it, which setting names it."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from exactly_once.messages.services import Services
from pipelines.configuration.local_services import LOCAL_SERVICES, is_own_service
from pipelines.configuration.lookup import SettingValue, find_setting, prefect_api_setting
from pipelines.configuration.settings import EXAMPLE
from pipelines.environment import START_COMMAND, services_file, uses_local_services
from pipelines.registry import SOURCES, Source

PREFECT = "The Prefect server"


class MailBlazeServices(Services):
    """The sources of the registry, Snowflake and the Prefect server."""

    def name(self, library: str, url: str) -> str:
        """Return the service at a URL, by the client library that asked, else by the settings."""
        if library in ("httpx", "httpcore"):
            return PREFECT
        for source in SOURCES.values():
            if any(_is_at(url, name) for name in source.required if name.endswith(".base_url")):
                return source.label
        return super().name(library, url)

    def unreachable(self, service: str) -> str:
        """Return what to do if a service does not answer; `make up` starts none whose address somebody has set."""
        if not uses_local_services():
            return super().unreachable(service)
        try:
            found = _address(service)
        except Exception:  # noqa: BLE001  invalid settings are reported elsewhere
            return START_COMMAND
        if found is None or (found.value is not None and found.origin == str(services_file())):
            return START_COMMAND
        where = found.origin if found.value is not None else "the shell or .dlt/"
        return f"start it, or correct {found.name} (it comes from {where})"

    def sign_in_setting(self, service: str) -> str:
        """Return the setting that holds the sign-in to a service."""
        source = _source(service)
        name = source.info.setting(list(source.settings)[-1]) if source else "its token"
        return f"{name} or .dlt/secrets.toml"

    def missing(self, settings: Sequence[str]) -> str:
        """Return what to do if settings are missing; `make up` provides none of a source that is set in part."""
        is_started = uses_local_services() and not any(map(_is_own, settings))
        return f"{START_COMMAND}, or see {EXAMPLE}" if is_started else f"see {EXAMPLE}"


def _source(service: str) -> Source | None:
    return next((source for source in SOURCES.values() if source.label == service), None)


def _address(service: str) -> SettingValue | None:
    if service == PREFECT:
        return prefect_api_setting()
    source = _source(service)
    return find_setting(source.required[0], source.name) if source else None


def _is_own(name: str) -> bool:
    """Return whether a missing setting belongs to a source of which another setting is set."""
    place = tuple(name.lower().split("__")[:2])
    return place in LOCAL_SERVICES and is_own_service(place)


def _is_at(url: str, name: str) -> bool:
    """Return whether a URL has the host and port that a setting names."""
    value = find_setting(name).value
    return isinstance(value, str) and _host(value) == _host(url)


def _host(url: str) -> tuple[str | None, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.netloc.rpartition("@")[2].rpartition(":")[2]
