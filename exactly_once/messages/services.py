"""What an application knows of the services behind its sources and its warehouse, for messages."""

from collections.abc import Sequence
from importlib import import_module


class Services:
    """Names and advice that hold for any dlt project; an application overrides what it knows better."""

    def name(self, library: str, url: str) -> str:
        """Return what is at a URL.

        Args:
            library: top-level module of the client that asked, e.g. "requests".
            url: that it asked.
        """
        return "Snowflake" if library == "snowflake" or ".snowflakecomputing." in url else "The source"

    def unreachable(self, service: str) -> str:  # noqa: ARG002  an override needs it
        """Return what to do where a service does not answer."""
        return "check its address and the network"

    def sign_in_setting(self, service: str) -> str:  # noqa: ARG002  an override needs it
        """Return the setting that holds the sign-in to a service."""
        return "its sign-in"

    def missing(self, settings: Sequence[str]) -> str:  # noqa: ARG002  an override needs it
        """Return what to do where settings are missing, by their full names."""
        return "set them in the shell or in .dlt/secrets.toml"


_place = ""
_services: Services | None = None


def use(place: str) -> None:
    """Name the application's services for this process.

    Args:
        place: of a subclass of Services, as "package.module:Class"; it is imported when a message needs it.
    """
    global _place, _services
    _place, _services = place, None


def known() -> Services:
    """Return the application's services."""
    global _services
    if _services is None:
        module, _, name = _place.partition(":")
        _services = getattr(import_module(module), name)() if module else Services()
    return _services
