"""The session that asks the vendor's API: again, with growing pauses, where that may help; then it says what failed."""

from collections.abc import Callable
from typing import Any

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests import Client, Session
from requests import PreparedRequest, Response
from requests.exceptions import ContentDecodingError, HTTPError, RequestException, Timeout, TooManyRedirects
from tenacity import RetryCallState
from urllib3.exceptions import MaxRetryError

from exactly_once import interrupts, progress
from exactly_once.errors import PipelineError, TableError
from exactly_once.rest_api.transport.rate_limited_adapter import (
    RateLimitedAdapter,
    ReadLimits,
    ResponseTooLarge,
    ResponseTooSlow,
)
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from pipelines.configuration.shell import refuse_socks

RETRY_STATUSES = (403, 408, 409, 425, 429, *range(500, 600))  # statuses that the same request may not get once more


class PaginationError(PipelineError):
    """A read that broke off for good, or whose pages do not fit together; the same run may succeed later."""

    is_transient = True


class InvalidResponse(Exception):
    """An answer that is not what was asked for; a hook raises it, and the session asks again."""


class RetryingSession(Session):
    """dlt's client with its retries (see AGAIN, broken connections) and one for each InvalidResponse.

    Args:
        failure: makes the error of a read from the reason why it failed.
        refusal: makes the error of a table from the reason why it cannot be read.
        runtime: how often and how long to try: dlt's settings [runtime] request_*.
        quota: sets the pace of every attempt; None: there is no pace.
        bounds: of each answer.
        name: of what is read, for the lines about another attempt; "": nothing is said.

    Raises:
        IncompleteRead: it tried as often as it may.
        TableError: an answer is larger than it may be, or the API has no such endpoint.
        HTTPError: the token was refused.
        ConnectionError: nobody listens there.
    """

    def __init__(
        self,
        failure: Callable[[str], PaginationError],
        refusal: Callable[[str], TableError],
        runtime: RuntimeConfiguration,
        quota: AdaptiveRateLimiter | None = None,
        bounds: ReadLimits | None = None,
        name: str = "",
    ) -> None:
        super().__init__(runtime.request_timeout, raise_for_status=False)
        self._failure, self._refusal = failure, refusal
        client = Client(
            raise_for_status=False,
            status_codes=RETRY_STATUSES,
            retry_condition=lambda _, error: isinstance(error, InvalidResponse | ContentDecodingError),
        )
        client.update_from_config(runtime)
        self._client = client.session
        retry = self._client.send.retry  # tenacity's
        retry.sleep = interrupts.sleep
        if name:
            retry.before_sleep = RetryReporter(name, runtime.request_max_attempts)
        for scheme in ("http://", "https://"):
            self._client.mount(scheme, RateLimitedAdapter(quota, bounds))

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Return the answer that the request's hooks found sound."""
        refuse_socks(request.url)
        try:
            return self._client.send(request, **kwargs)
        except InvalidResponse as error:
            raise self._failure(str(error)) from error
        except HTTPError as error:
            status = error.response.status_code
            if status in (401, 403):
                raise
            answered = f"the API answered {status} {error.response.reason}"
            if (
                400 <= status < 500 and status not in RETRY_STATUSES
            ):  # this endpoint's, and the next run would get the same
                raise self._refusal(
                    f"{answered}: correct its line of ENDPOINTS in pipelines/saas.py, or take it out"
                ) from error
            failure = self._failure(answered)
            failure.is_transient = status in RETRY_STATUSES
            raise failure from error
        except ResponseTooLarge as error:
            raise self._refusal(
                f"{error}: ask for fewer objects by SOURCES__SAAS__PAGE_SIZE, or raise SOURCES__SAAS__ANSWER_BYTES"
            ) from error
        except ResponseTooSlow as error:
            raise self._failure(f"{error}, which SOURCES__SAAS__ANSWER_SECONDS permits") from error
        except RequestException as error:
            if error.args and isinstance(error.args[0], MaxRetryError):
                raise
            raise self._failure(_reason(error)) from error


class RetryReporter:
    """Says before each further attempt of a request why it is made, and when.

    Args:
        name: of what is read.
        most: attempts.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most, self._say = name, most, progress.speaker()

    def __call__(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception()
        response = attempt.outcome.result() if error is None else getattr(error, "response", None)
        if response is not None:
            reason = f"{response.status_code} {response.reason}"
        else:
            reason = _reason(error) if isinstance(error, RequestException) else str(error)
        self._say(
            f"{self._name}: {reason}; trying again in {attempt.next_action.sleep:.0f} s "
            f"(attempt {attempt.attempt_number + 1} of {self._most})"
        )


def _reason(error: RequestException) -> str:
    if isinstance(error, Timeout):
        return "no answer came in time"
    if isinstance(error, TooManyRedirects):
        return "the API redirects in circles"
    if isinstance(error, ContentDecodingError):
        return "the answer cannot be decompressed"
    return "the connection broke off"
