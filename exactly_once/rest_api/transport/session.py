"""The session of one read: it repeats a request where that may help, with growing pauses, and then says what failed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests import Client, Session
from requests import PreparedRequest, Request, Response
from requests.exceptions import (
    ContentDecodingError,
    HTTPError,
    InvalidHeader,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    RequestException,
    Timeout,
    TooManyRedirects,
)
from tenacity import RetryCallState
from urllib3.exceptions import MaxRetryError

from exactly_once.errors import PipelineError
from exactly_once.messages import services
from exactly_once.process import interrupts, progress
from exactly_once.rest_api.transport.rate_limited_adapter import (
    RateLimitedAdapter,
    ReadLimits,
    ResponseTooLarge,
    ResponseTooSlow,
)
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from exactly_once.rest_api.transport.read_errors import InvalidResponse, ReadErrors, SignInRefused, SourceUnreachable
from exactly_once.source_info import SourceInfo

RETRY_STATUSES = (403, 408, 409, 425, 429, *range(500, 600))  # the same request may get another answer


@dataclass(frozen=True)
class Transport:
    """What all requests of one source share.

    Args:
        limiter: the rate that all reads with one token share; None: requests are not slowed down.
        limits: of an answer's size and time, and of a read's pages.
        check_url: called with each URL before it is asked; raises a PipelineError where it may not be asked.
        credential: the option of the source that holds the token, for messages.
    """

    limiter: AdaptiveRateLimiter | None = None
    limits: ReadLimits = field(default_factory=ReadLimits)
    check_url: Callable[[str], None] | None = None
    credential: str = "api_key"


def default_transport(
    info: SourceInfo, limits: ReadLimits | None = None, check_url: Callable[[str], None] | None = None
) -> Transport:
    """Return a transport with a rate limiter that waits as long as dlt's setting [runtime] permits."""
    longest = resolve_configuration(RuntimeConfiguration()).request_max_retry_delay
    return Transport(AdaptiveRateLimiter(max_wait=longest, info=info), limits or ReadLimits(), check_url)


class RetryingSession(Session):
    """dlt's client with its retries (RETRY_STATUSES, broken connections) and one for each InvalidResponse.

    Args:
        errors: of the read.
        runtime: how often and how long to try: dlt's settings [runtime] request_*.
        transport: what the source's requests share.

    Raises:
        PaginationError: it tried as often as it may.
        TableError: an answer is larger than it may be, or the API has no such endpoint.
        SignInRefused: the token was refused.
        PipelineError: the address is none, or the token cannot be sent.
        SourceUnreachable: no connection came up.
    """

    def __init__(self, errors: ReadErrors, runtime: RuntimeConfiguration, transport: Transport) -> None:
        super().__init__(runtime.request_timeout, raise_for_status=False)
        self._errors, self._transport = errors, transport
        client = Client(
            raise_for_status=False,
            status_codes=RETRY_STATUSES,
            retry_condition=lambda _, error: isinstance(error, InvalidResponse | ContentDecodingError),
        )
        client.update_from_config(runtime)
        self._client = client.session
        retry: Any = self._client.send.retry  # type: ignore[attr-defined]  # tenacity's
        retry.sleep = interrupts.sleep
        name = f"{errors.info.name}: {errors.collection}"
        retry.before_sleep = RetryReporter(name, runtime.request_max_attempts)
        for scheme in ("http://", "https://"):
            self._client.mount(scheme, RateLimitedAdapter(transport.limiter, transport.limits))

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Return the request as it is sent."""
        try:
            return super().prepare_request(request)
        except (MissingSchema, InvalidSchema, InvalidURL) as error:
            raise self._no_address() from error
        except InvalidHeader as error:
            raise PipelineError(
                f"{self._setting(self._transport.credential)} holds what no header takes, e.g. a line break: set it "
                "again."
            ) from error

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Return the answer that the request's hooks accepted."""
        if self._transport.check_url:
            self._transport.check_url(request.url or "")
        try:
            response: Response = self._client.send(request, **kwargs)  # type: ignore[no-untyped-call]
            return response
        except InvalidResponse as error:
            raise self._errors.failed(str(error)) from error
        except HTTPError as error:
            if error.response is None:
                raise
            raise self._status_error(error.response) from error
        except ResponseTooLarge as error:
            raise self._errors.refused(
                f"{error}: ask for fewer objects by {self._setting('page_size')}, or raise "
                f"{self._setting('answer_bytes')}"
            ) from error
        except ResponseTooSlow as error:
            raise self._errors.failed(f"{error}, which {self._setting('answer_seconds')} permits") from error
        except (MissingSchema, InvalidSchema, InvalidURL) as error:
            raise self._no_address() from error
        except RequestException as error:
            if error.args and isinstance(error.args[0], MaxRetryError):
                raise self._unreachable(request.url or "") from error
            raise self._errors.failed(_reason(error)) from error

    def _status_error(self, response: Response) -> PipelineError:
        status = response.status_code
        if status in (401, 403):
            return SignInRefused(
                f"{self._service(response.url)} refused the token: correct {self._setting(self._transport.credential)} "
                "or .dlt/secrets.toml."
            )
        answered = f"the API answered {status} {response.reason}"
        if status < 500 and status not in RETRY_STATUSES:  # of this endpoint alone, and the next run would get it too
            return self._errors.refused(
                f"{answered}: correct its line in {self._errors.info.declared_in}, or remove it"
            )
        failure = self._errors.failed(answered)
        failure.is_transient = status in RETRY_STATUSES
        return failure

    def _unreachable(self, url: str) -> SourceUnreachable:
        advice = services.known().unreachable(self._errors.info.label)
        return SourceUnreachable(f"{self._service(url)} is not reachable: {advice}.")

    def _service(self, url: str) -> str:
        """Return the source and its address without a sign-in, e.g. "The shop's API at https://api.example.com"."""
        parts = urlsplit(url)
        return f"{self._errors.info.label} at {parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _no_address(self) -> PipelineError:
        return PipelineError(f"{self._setting('base_url')} is no address: set it to one like https://api.example.com.")

    def _setting(self, option: str) -> str:
        return self._errors.info.setting(option)


class RetryReporter:
    """Reports each further attempt of a request: why it is made, and when.

    Args:
        name: of what is read.
        attempts: at most.
    """

    def __init__(self, name: str, attempts: int) -> None:
        self._name, self._attempts, self._report = name, attempts, progress.speaker()

    def __call__(self, attempt: RetryCallState) -> None:
        """Report one attempt; called by tenacity before it sleeps."""
        if attempt.outcome is None or attempt.next_action is None:
            return
        error = attempt.outcome.exception()
        response = attempt.outcome.result() if error is None else getattr(error, "response", None)
        if response is not None:
            reason = f"{response.status_code} {response.reason}"
        else:
            reason = _reason(error) if isinstance(error, RequestException) else str(error)
        self._report(
            f"{self._name}: {reason}; trying again in {attempt.next_action.sleep:.0f} s "
            f"(attempt {attempt.attempt_number + 1} of {self._attempts})"
        )


def _reason(error: RequestException) -> str:
    if isinstance(error, Timeout):
        return "no answer came in time"
    if isinstance(error, TooManyRedirects):
        return "the API redirects in circles"
    if isinstance(error, ContentDecodingError):
        return "the answer cannot be decompressed"
    return "the connection broke off"
