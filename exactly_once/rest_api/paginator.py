"""A read of a collection is complete or it fails: each answer is validated against the pages before it.

dlt's client alone takes an answer 200 without objects for the last page, follows a page that repeats for as long as it
repeats, and does not ask again where JSON breaks off. Each answer is parsed once: what is checked is what is loaded.

A paginator without a cursor in its answers has limits that no client can lift: where the API counts pages, an object
that is deleted during the read moves the others, so that one may be missed until the next load.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.rest_client.paginators import BasePaginator, RangePaginator
from requests import Request, Response
from typing_extensions import override

from exactly_once.errors import TableError
from exactly_once.rest_api.page_checks import PageChecks
from exactly_once.rest_api.paging import ChecksAnswers, Paging, Restarts, select_objects, selector_keys
from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.transport.rate_limiter import WaitTooLong
from exactly_once.rest_api.transport.read_errors import SINGLE, InvalidResponse, ReadErrors
from exactly_once.rest_api.transport.retry_after import is_rate_limited, refused_wait, server_date
from exactly_once.rest_api.transport.session import RetryingSession, Transport
from exactly_once.rest_api.values.json_values import InvalidJson, UnsupportedValue, parse
from exactly_once.rest_api.values.notices import Notices
from exactly_once.rest_api.values.timestamps import write_time
from exactly_once.source_info import SourceInfo

OVERLAP = timedelta(seconds=1)  # read again after a restart; the merge removes what comes twice


@dataclass(frozen=True)
class _Page:
    """A page that was checked and is not yet committed."""

    following: BasePaginator | None  # the paginator behind it; None: there is no further page
    digest: int | None


class ValidatingPaginator(BasePaginator):
    """Runs another paginator and accepts only answers that can be the next page.

    `validate_response` is the hook for each answer, `session` sends the requests. The client's data_selector is "$":
    a validated answer is the list of its objects.

    Args:
        endpoint: that is read.
        paging: of the API.
        info: of the source, for messages.
        transport: what the source's requests share.
        notices: where values are counted that RAW holds in another form; None: nowhere.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        paging: Paging,
        info: SourceInfo = SINGLE,
        transport: Transport | None = None,
        notices: Notices | None = None,
    ) -> None:
        super().__init__()
        self._endpoint, self._notices = endpoint, notices
        self._template = endpoint.paginator or paging.paginator
        self._selector = endpoint.data_selector or paging.data_selector
        self._transport = transport or Transport()
        self._errors = ReadErrors(info, endpoint.name)
        runtime = resolve_configuration(RuntimeConfiguration())
        self._max_wait = runtime.request_max_retry_delay
        self.session = RetryingSession(self._errors, runtime, self._transport)
        self._start(Request("GET", ""))

    def init_request(self, request: Request) -> None:
        """Start a read from its first page."""
        self._start(request)

    def validate_response(self, response: Response, *_: Any, **__: Any) -> None:
        """Check an answer as the next page.

        Raises:
            InvalidResponse: asking again may help.
            PaginationError: it cannot: an earlier page may have been the wrong one.
            TableError: a value of the answer cannot be loaded exactly, or the read is larger than it may be.
            WaitTooLong: the API wants a longer wait than a run may take.
        """
        status = response.status_code
        if is_rate_limited(status, response.headers) or status >= 500:
            return self._limit_wait(response)  # the next hook raises, and the client tries again
        if self._is_expired(response):
            return self._plan_restart(response)
        if status >= 400 or self._is_followed(response):
            return None
        if self._errors.page > self._transport.limits.pages:
            raise self._errors.refused(
                f"the read has more than {self._transport.limits.pages:,} pages: raise "
                f"{self._errors.info.setting('pages')}, or ask the vendor why they do not end"
            )
        objects = self._validate_page(response)
        if self._notices:
            self._notices.note_date(server_date(response.headers))
        _set_body(response, objects)  # dlt's client takes the page from it
        return None

    @override
    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Go on behind the page that was just validated."""
        self._errors.page += 1
        self._is_first = False
        self._has_next_page = self._is_restarting
        if self._is_restarting:
            return
        self._checks.commit()
        if self._page.digest is not None:
            self._digests.add(self._page.digest)
        if self._page.following:
            self._paginator, self._has_next_page = self._page.following, True

    def update_request(self, request: Request) -> None:
        """Ask for the next page; after a restart, for what is later than the last object that came."""
        if self._is_restarting:
            request.url, request.params = self._first_url, dict(self._first_params)
            self._follow_from(request)
            if (since := self._checks.step_back(OVERLAP)) and self._endpoint.since:
                request.params[self._endpoint.since] = write_time(since)
        elif self._has_next_page:
            self._paginator.update_request(request)
            self._asked.add(_identity(request))

    def _start(self, request: Request) -> None:
        self._errors.page = 1
        self._checks = PageChecks(self._endpoint, self._errors, self._notices)
        self._expired_at: datetime | None = None
        self._digests: set[int] = set()
        self._page = _Page(None, None)
        self._has_next_page = True
        self._first_url, self._first_params = request.url, _params(request)
        self._follow_from(request)

    def _follow_from(self, request: Request) -> None:
        """Begin with a first page."""
        self._request, self._is_first, self._is_restarting = request, True, False
        self._paginator = copy.deepcopy(self._template)
        self._paginator.init_request(request)
        self._asked = {_identity(request)}

    def _validate_page(self, response: Response) -> Sequence[Mapping[str, Any]]:
        if response.status_code == 204 and self._is_first:
            self._page = _Page(None, None)
            self._checks.check([])
            return []
        if response.status_code != 200:
            raise InvalidResponse(f"the API answered {response.status_code}")
        path = selector_keys(self._selector)
        try:
            body, surrogates = parse(response.content)
        except InvalidJson as error:
            raise InvalidResponse(str(error)) from error
        except UnsupportedValue as error:
            raise self._unsupported(error, path) from error
        objects = self._objects(body)
        self._page = self._advance(response, body, objects)
        self._checks.check(objects)
        inside = [one.path[len(path) :] for one in surrogates if one.path[: len(path)] == path]
        self._checks.check_surrogates(objects, [one for one in inside if len(one) > 1])
        return objects

    def _objects(self, body: Any) -> list[Any]:
        objects = select_objects(body, self._selector)
        if objects is None:
            is_error = isinstance(body, dict) and ("error" in body or "errors" in body)
            raise InvalidResponse(
                "the API answered 200 with an error in it" if is_error else f"the answer lacks {self._selector}"
            )
        if isinstance(self._template, ChecksAnswers):
            try:
                self._template.check_answer(body)
            except ValueError as error:
                raise InvalidResponse(f"the answer is no page: {error}") from error
        return objects

    def _advance(self, response: Response, body: Any, objects: list[Any]) -> _Page:
        """Return what is behind a page.

        Raises:
            InvalidResponse: the answer does not tell, or it leads to a page that was already asked for.
        """
        following, request = copy.deepcopy(self._paginator), _copy(self._request)
        _set_body(response, body)
        if isinstance(following, RangePaginator) and (following.total_path or following.has_more_path):
            following.stop_after_empty_page = False  # the answer knows better whether more pages come
        try:
            following.update_state(response, objects)
            if following.has_next_page:
                copy.deepcopy(following).update_request(request)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidResponse("the answer does not tell where the next page is") from error
        # A number of a page says nothing of the page; a reference in the answer does.
        digest = _digest(objects) if objects and isinstance(following, RangePaginator) else None
        if digest in self._digests or (following.has_next_page and _identity(request) in self._asked):
            raise InvalidResponse("a page came twice")
        if not following.has_next_page:
            return _Page(None, digest)
        if not objects and isinstance(following, RangePaginator) and following.total_path:
            raise InvalidResponse("a page is empty, and the answer says that more come")
        self._check_origin(str(request.url), "the answer leads")
        return _Page(following, digest)

    def _is_expired(self, response: Response) -> bool:
        if self._endpoint.cursor is None or self._is_first or not isinstance(self._template, Restarts):
            return False
        return self._template.is_expired(response)

    def _plan_restart(self, response: Response) -> None:
        reached = self._checks.last or datetime.min.replace(tzinfo=UTC)
        if self._expired_at and reached <= self._expired_at:
            raise self._errors.failed("its cursor expired, and once more before anything new had come")
        self._expired_at, self._is_restarting = reached, True
        # An error would end the generator that reads the pages: an empty page keeps it going.
        response.status_code = 200
        _set_body(response, [])

    def _is_followed(self, response: Response) -> bool:
        """Tell whether an answer leads to another address of the same server, where the token may go."""
        if not response.is_redirect:
            return False
        there = urljoin(response.url, response.headers["Location"])
        self._check_origin(there, f"the API answered {response.status_code} and leads", response.url)
        return True

    def _check_origin(self, url: str, what: str, asked: str | None = None) -> None:
        """Refuse an address of another server: the token would go there."""
        here, there = urlsplit(asked or str(self._request.url)), urlsplit(url)
        is_upgrade = (here.scheme, there.scheme) == ("http", "https") and not (here.port or there.port)
        is_same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
        if not is_same and not (is_upgrade and here.hostname == there.hostname):
            raise self._errors.refused(
                f"{what} to {there.scheme}://{there.netloc.rpartition('@')[2]}, which does not get the token: set "
                f"{self._errors.info.setting('base_url')} to it if it is the vendor's"
            )

    def _unsupported(self, error: UnsupportedValue, path: tuple[str, ...]) -> TableError:
        inside = error.path[len(path) :] if error.path[: len(path)] == path else ()
        match inside:
            case (int(number), str(name), *_):
                where = f"the object at place {number + 1} has in {name!r} "
            case _:
                where = "the answer has "
        why = "are too deep" if "level" in error.what else "JSON does not have"
        return self._errors.refused(f"{where}{error.what}, which {why}: ask the vendor to fix it")

    def _limit_wait(self, response: Response) -> None:
        """Replace the wait that an answer asks for by whole seconds, which is what dlt's client reads."""
        wait = refused_wait(response.headers)
        if wait is None:
            response.headers.pop("Retry-After", None)
        elif wait > self._max_wait:
            raise WaitTooLong(
                f"{self._errors.place}: it asks to wait {wait:,} s, and a run waits {self._max_wait:,.0f} s at most. "
                "Nothing was loaded and no cursor moved: run again after that, or raise "
                "RUNTIME__REQUEST_MAX_RETRY_DELAY."
            )
        else:
            response.headers["Retry-After"] = str(wait)


def _set_body(response: Response, body: Any) -> None:
    """Let `response.json()` return a document that was parsed already."""
    response.json = lambda **_: body  # type: ignore[method-assign]


def _copy(request: Request) -> Request:
    """Return a request with the address and parameters of another one, to see where a paginator would go."""
    return Request(
        request.method,
        request.url,
        params=copy.deepcopy(request.params),
        data=copy.deepcopy(request.data),
        json=copy.deepcopy(request.json),
    )


def _params(request: Request) -> dict[str, Any]:
    """Return a request's parameters, which RESTClient and dlt's paginators keep as a dict."""
    return dict(cast("dict[str, Any]", request.params or {}))


def _identity(request: Request) -> str:
    return repr((request.url, sorted(_params(request).items()), request.data, request.json))


def _digest(objects: Sequence[Any]) -> int:
    return hash(repr(objects))
