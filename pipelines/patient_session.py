"""The session that asks the vendor's API: again, with growing pauses, where that may help; then it says what failed."""

from collections.abc import Callable
from typing import Any

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests import Client, Session
from requests import PreparedRequest, Response
from requests.exceptions import HTTPError, RequestException, Timeout
from urllib3.exceptions import MaxRetryError

from pipelines.errors import Refusal
from pipelines.quota import PacedAdapter, Quota


class IncompleteRead(Refusal):
    """A read that broke off for good, or whose pages do not fit together; the same run may succeed later."""

    is_transient = True


class UnsoundAnswer(Exception):
    """An answer that is not what was asked for; a hook raises it, and the session asks again."""


class PatientSession(Session):
    """dlt's client with its retries (429, 5xx, broken connections) and one for each UnsoundAnswer.

    Args:
        failure: makes the error of a read from the reason why it failed.
        runtime: how often and how long to try: dlt's settings [runtime] request_*.
        quota: sets the pace of every attempt; None: there is no pace.

    Raises:
        IncompleteRead: it tried as often as it may.
        HTTPError: the token was refused.
        ConnectionError: nobody listens there.
    """

    def __init__(
        self, failure: Callable[[str], IncompleteRead], runtime: RuntimeConfiguration, quota: Quota | None = None
    ) -> None:
        super().__init__(runtime.request_timeout, raise_for_status=False)
        self._failure = failure
        client = Client(raise_for_status=False, retry_condition=lambda _, error: isinstance(error, UnsoundAnswer))
        client.update_from_config(runtime)
        self._client = client.session
        if quota:
            for scheme in ("http://", "https://"):
                self._client.mount(scheme, PacedAdapter(quota))

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Return the answer that the request's hooks found sound."""
        try:
            return self._client.send(request, **kwargs)
        except UnsoundAnswer as error:
            raise self._failure(str(error)) from error
        except HTTPError as error:
            status = error.response.status_code
            if status in (401, 403):
                raise
            failure = self._failure(f"the API answered {status} {error.response.reason}")
            failure.is_transient = status == 429 or status >= 500
            raise failure from error
        except RequestException as error:
            if error.args and isinstance(error.args[0], MaxRetryError):
                raise
            reason = "no answer came in time" if isinstance(error, Timeout) else "the connection broke off"
            raise self._failure(reason) from error
