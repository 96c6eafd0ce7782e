"""The Prefect API that runs are reported to: its address, whether it answers, and how a request signs in.

Neither Prefect nor dlt is imported here, and httpx only where a request is made: `make status` starts at once.
"""

import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exactly_once.errors import PipelineError
from pipelines.configuration.shell import is_loopback, read_variable
from pipelines.environment import environment, read_services, services_file, services_hint

if TYPE_CHECKING:
    import httpx

SHELL = "the shell"


@dataclass(frozen=True)
class PrefectApi:
    """One Prefect API.

    Args:
        url: e.g. "http://127.0.0.1:4200/api"; None: no address is set.
        origin: where the address was found: "the shell" or the path of services.json.
    """

    url: str | None
    origin: str = SHELL

    @property
    def address(self) -> str:
        """The address.

        Raises:
            PipelineError: none is set.
        """
        if not self.url:
            raise PipelineError("No Prefect server is known: set PREFECT_API_URL.")
        return self.url

    @property
    def display_url(self) -> str:
        """The address without a user and a password."""
        parts = urlsplit(self.address)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine, which is reached without a proxy."""
        return is_loopback(urlsplit(self.address).hostname or "")

    @property
    def takes_sign_in(self) -> bool:
        """Whether requests sign in: the server of `make up`, which services.json names, has no users."""
        return self.origin == SHELL

    @property
    def hint(self) -> str:
        """What to do if the server does not answer."""
        if self.takes_sign_in:
            return "start it, or correct PREFECT_API_URL"
        return services_hint()

    def headers(self) -> dict[str, str]:
        """Return the headers that sign in: PREFECT_API_AUTH_STRING ("user:password") before PREFECT_API_KEY.

        A key is sent over https only, and to other machines only.
        """
        if pair := os.environ.get("PREFECT_API_AUTH_STRING", "").strip():
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        key = os.environ.get("PREFECT_API_KEY", "").strip()
        if key and urlsplit(self.address).scheme == "https" and not self.is_local:
            return {"Authorization": f"Bearer {key}"}
        return {}

    def client(self, timeout: float, sign_in: bool = True) -> "httpx.Client":
        """Return a client of this API, to be entered.

        Args:
            timeout: seconds for each request.
            sign_in: whether its requests carry `headers`.
        """
        import httpx

        headers = self.headers() if sign_in else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=timeout, trust_env=not self.is_local)

    def check_health(self) -> None:
        """Ask whether the server answers; a sign-in is not needed.

        Raises:
            httpx.HTTPError, httpx.InvalidURL, ValueError: it does not.
        """
        with self.client(timeout=10, sign_in=False) as client:
            client.get("/health").raise_for_status()

    def check_sign_in(self) -> None:
        """Ask whether the server accepts our sign-in.

        Raises:
            PipelineError: it does not; the message names the settings.
            httpx.HTTPError: it does not answer.
        """
        with self.client(timeout=10, sign_in=self.takes_sign_in) as client:
            answer = client.post("/flows/count", json={})
            given = "refuses the sign-in" if "Authorization" in client.headers else "asks for a sign-in"
        if answer.status_code in (401, 403):
            names = "PREFECT_API_KEY or, behind a server's own user and password, PREFECT_API_AUTH_STRING"
            raise PipelineError(f"{self.display_url} {given} ({answer.status_code}): set {names}")


def find_prefect_api() -> PrefectApi:
    """Return the Prefect API of the environment.

    In `local` and `ci` services.json names it. Where it names none, and in other environments, PREFECT_API_URL of the
    shell counts. Prefect's profiles do not count.
    """
    url = read_services().get("prefect_api_url") if environment().uses_local_services else None
    if url:
        return PrefectApi(url, str(services_file()))
    return PrefectApi(read_variable("PREFECT_API_URL"))
