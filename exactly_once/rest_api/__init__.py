"""Read a REST API so that each load is complete or fails: every answer is validated, every value is exact.

A source declares `Endpoint` lines and yields `rest_resources(client, endpoints, options)` over an `ApiClient`. Any
paginator of dlt's RESTClient can be used. The names below are public, each imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exactly_once.rest_api.checks import rest_checks
    from exactly_once.rest_api.client import ApiClient
    from exactly_once.rest_api.paging import ChecksAnswers, Paging, Restarts, StrictCursorPaginator
    from exactly_once.rest_api.source import CONTRACT, LoadOptions, rest_resources
    from exactly_once.rest_api.spec import Endpoint, check_endpoints
    from exactly_once.rest_api.transport.rate_limited_adapter import ReadLimits
    from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
    from exactly_once.rest_api.transport.session import Transport, default_transport

__all__ = [
    "CONTRACT",
    "AdaptiveRateLimiter",
    "ApiClient",
    "ChecksAnswers",
    "Endpoint",
    "LoadOptions",
    "Paging",
    "ReadLimits",
    "Restarts",
    "StrictCursorPaginator",
    "Transport",
    "check_endpoints",
    "default_transport",
    "rest_checks",
    "rest_resources",
]

_MODULES = {
    "AdaptiveRateLimiter": "transport.rate_limiter",
    "ApiClient": "client",
    "CONTRACT": "source",
    "ChecksAnswers": "paging",
    "Endpoint": "spec",
    "LoadOptions": "source",
    "Paging": "paging",
    "ReadLimits": "transport.rate_limited_adapter",
    "Restarts": "paging",
    "StrictCursorPaginator": "paging",
    "Transport": "transport.session",
    "check_endpoints": "spec",
    "default_transport": "transport.session",
    "rest_checks": "checks",
    "rest_resources": "source",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
