"""Connects Prefect to the server that the environment names (pipelines/configuration/prefect_api.py).

By itself Prefect would read a profile in the user's home, and would send the key of Prefect Cloud to any server.
"""

import os

import httpx
from prefect.context import refresh_global_settings_context

from exactly_once.errors import PipelineError
from flows.orchestration.prefect_import import ignore_profiles
from pipelines.configuration.prefect_api import PrefectApi, find_prefect_api

SIGN_IN_SETTINGS = ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_CLIENT_CUSTOM_HEADERS")


def use_server() -> PrefectApi:
    """Let Prefect report to the environment's server, and return its API.

    Raises:
        PipelineError: no server is set, or it does not answer.
    """
    api = find_prefect_api()
    address = api.address
    ignore_profiles()
    _clean_sign_in(api)
    try:
        api.check_health()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise PipelineError(f"The Prefect server at {api.display_url} is not reachable: {api.hint}.") from error
    os.environ["PREFECT_API_URL"] = address
    refresh_global_settings_context()  # for every thread; temporary_settings() would serve this one only
    return api


def _clean_sign_in(api: PrefectApi) -> None:
    """Remove the secrets that are not for this server, and the line feed that a secret has from its file."""
    if api.is_local:
        os.environ.pop("PREFECT_API_KEY", None)
    for name in SIGN_IN_SETTINGS:
        value = os.environ.pop(name, "").strip()
        if value and api.takes_sign_in:
            os.environ[name] = value
