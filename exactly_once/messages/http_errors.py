"""What requests, httpx and urllib3 raise about a service that is asked over HTTP."""

from typing import Any
from urllib.parse import urlsplit

from exactly_once.messages import services

UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ConnectError")  # of requests, of httpx
NO_ADDRESS = ("MissingSchema", "InvalidSchema", "InvalidURL", "LocationParseError")


def describe(error: Any) -> str | None:
    """Return the line of an answer, a connection or an address that failed, or None."""
    kind = type(error).__name__
    if kind == "HTTPError" and getattr(error, "response", None) is not None:
        return _answer(error)
    if kind in UNREACHABLE and (url := _url(error)):
        service = _service(error, url)
        return f"{service} at {_origin(url)} is not reachable: {services.known().unreachable(service)}."
    if kind in NO_ADDRESS:
        return f"This is no address ({error}): set one like https://api.example.com."
    if kind == "InvalidHeader":
        return "A token holds what no header takes, e.g. a line break: set it again."
    return None


def is_transient(error: Any) -> bool:
    """Tell whether the same request may succeed later."""
    kind = type(error).__name__
    if kind == "HTTPError" and getattr(error, "response", None) is not None:
        status = int(error.response.status_code)
        return status == 429 or status >= 500
    return kind in UNREACHABLE


def _answer(error: Any) -> str:
    response = error.response
    service = _service(error, response.url)
    what = f"{service} at {_origin(response.url)}"
    if response.status_code in (401, 403):
        return f"{what} refused the token: correct {services.known().sign_in_setting(service)}."
    return f"{what} answered {response.status_code} {response.reason}: nothing was loaded; run again later."


def _service(error: BaseException, url: str) -> str:
    return services.known().name(type(error).__module__.split(".")[0], url)


def _url(error: Any) -> str | None:
    """Return the URL that was asked for, where the error knows it."""
    try:
        return str(error.request.url) if error.request is not None else None
    except (AttributeError, RuntimeError):  # httpx raises where it knows of none
        return None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
