"""How a request of ours signs in to Prefect's API: as Prefect's own client does, by what the shell has."""

import base64
import os
from urllib.parse import urlsplit

from pipelines.configuration.shell import is_loopback


def headers(api_url: str) -> dict[str, str]:
    """Return the headers that sign in: PREFECT_API_AUTH_STRING ("user:password") before PREFECT_API_KEY.

    A key goes by https only, and to another machine: the server of `make up` asks nobody.
    """
    parts = urlsplit(api_url)
    if pair := os.environ.get("PREFECT_API_AUTH_STRING", "").strip():
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    key = os.environ.get("PREFECT_API_KEY", "").strip()
    if key and parts.scheme == "https" and not is_loopback(parts.hostname or ""):
        return {"Authorization": f"Bearer {key}"}
    return {}
