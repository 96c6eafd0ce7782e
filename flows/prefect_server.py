"""The Prefect server that a run reports to: the one that `make doctor` shows, and no other.

Prefect itself would take a profile of the user's home, and would send the key of Prefect Cloud to whatever is asked.
"""

import os
from urllib.parse import urlsplit

import httpx
from prefect.context import refresh_global_settings_context

from exactly_once.errors import PipelineError
from flows.prefect_import import leave_out_profiles
from pipelines.configuration.services import services_hint
from pipelines.configuration.settings import prefect_api
from pipelines.configuration.shell import is_loopback

# What signs in to a server that somebody named; the one of `make up` asks nobody.
SECRETS = ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_CLIENT_CUSTOM_HEADERS")


def use_server() -> str:
    """Let Prefect report to the environment's server, and return its address.

    Raises:
        PipelineError: it does not answer.
    """
    found = prefect_api()
    if not found.value:
        raise PipelineError("No Prefect server is known: set PREFECT_API_URL.")
    leave_out_profiles()
    is_here = is_loopback(urlsplit(found.value).hostname or "")
    if is_here:
        os.environ.pop("PREFECT_API_KEY", None)
    if found.origin != "the shell":
        for name in SECRETS:
            os.environ.pop(name, None)
    for name in SECRETS:  # a line feed behind a value is of the file that it came from
        if value := os.environ.pop(name, "").strip():
            os.environ[name] = value
    hint = services_hint() if found.origin != "the shell" else "start it, or correct PREFECT_API_URL"
    _ask(found.value, is_here, hint)
    os.environ["PREFECT_API_URL"] = found.value
    refresh_global_settings_context()  # for every thread, where temporary_settings() would serve this one alone
    return found.value


def _ask(url: str, is_here: bool, hint: str) -> None:
    try:
        httpx.get(f"{url}/health", timeout=10, trust_env=not is_here).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise PipelineError(f"The Prefect server at {shown(url)} is not reachable: {hint}.") from error


def shown(url: str) -> str:
    """Return an address without a password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
