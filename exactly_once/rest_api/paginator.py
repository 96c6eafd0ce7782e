"""A read of the vendor's API is whole or it fails: each answer is checked against the read so far.

dlt alone takes an answer 200 without `data` for the last page, follows a page that repeats for as long as it does, and
does not ask again where JSON breaks off. Each answer is parsed once: what is checked here is what is loaded.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import Request, Response

from exactly_once.errors import TableError
from exactly_once.rest_api.transport.rate_limited_adapter import ReadLimits
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter, WaitTooLong
from exactly_once.rest_api.transport.retry_after import is_rate_limited, refused_wait, server_date
from exactly_once.rest_api.transport.session import InvalidResponse, PaginationError, RetryingSession
from exactly_once.rest_api.values.json_values import InvalidJson, LoneSurrogate, UnsupportedValue, parse
from exactly_once.rest_api.values.notices import Notices
from exactly_once.rest_api.values.timestamps import parse_time, write_time

OVERLAP = timedelta(seconds=1)  # read again where a read begins anew; the merge removes what comes twice
EMPTY_IN_A_ROW = 100  # pages without an object; a vendor that sends more goes round in circles
NOTHING = {"data": [], "next_cursor": None, "has_more": False}
LARGEST_KEY = 2**63 - 1


class ValidatingCursorPaginator(JSONResponseCursorPaginator):
    """The paginator of one read of one collection; its `check` is the hook for each answer, its `session` the asker.

    Args:
        collection: as the URL names it.
        endpoint: its line of ENDPOINTS: key, cursor (an ISO-8601 time with a zone, by which objects ascend) and since
            (the parameter that asks for what is strictly later) are used.
        quota: the pace that all reads with one token share; None: this one has none.
        bounds: of an answer's size and time, and of the number of pages.
        notices: where halves of surrogate pairs are counted; None: nowhere.
    """

    def __init__(
        self,
        collection: str,
        endpoint: Mapping[str, Any],
        quota: AdaptiveRateLimiter | None = None,
        bounds: ReadLimits | None = None,
        notices: Notices | None = None,
    ) -> None:
        super().__init__(cursor_path="next_cursor", cursor_param="cursor")
        self._collection, self._notices = collection, notices
        self._key, self._cursor, self._since = endpoint["key"], endpoint["cursor"], endpoint["since"]
        self._bounds = bounds or ReadLimits()
        runtime = resolve_configuration(RuntimeConfiguration())
        self._longest_wait = runtime.request_max_retry_delay
        self.session = RetryingSession(
            self.failure, self.refusal, runtime, quota, self._bounds, name=f"saas: {collection}"
        )
        self._begin()

    def _begin(self) -> None:
        self._next_reference = None
        self._seen: set[str | None] = set()
        self._last: datetime | None = None
        self._page, self._empty, self._is_expired = 1, 0, False
        self._surrogates: list[LoneSurrogate] = []
        self._expired_at: datetime | None = None

    def init_request(self, request: Request) -> None:
        """Forget an earlier read."""
        self._begin()
        self._has_next_page = True

    def check(self, response: Response, *_: Any, **__: Any) -> None:
        """Take an answer as the next page, or raise.

        Raises:
            InvalidResponse: asking again may help.
            IncompleteRead: it cannot: an earlier page may have been the wrong one.
            TableError: a value of the answer cannot be loaded exactly, or the read is larger than it may be.
            WaitTooLong: the API wants a longer wait than a run may take.
        """
        status = response.status_code
        if is_rate_limited(status, response.headers) or status >= 500:
            return self._limit_wait(response)  # the hook that dlt puts behind this one raises, and its client repeats
        if self._next_reference and _error_code(response) == "cursor_expired":
            return self._begin_again(response)
        if status >= 400 or self._is_followed(response):
            return None
        if self._page > self._bounds.pages:
            raise self.refusal(
                f"the read has more than {self._bounds.pages:,} pages: raise SOURCES__SAAS__PAGES, or ask the vendor "
                "why its cursors do not end"
            )
        answer = self._sound(response)
        times = self._times(answer["data"])
        if times and (times != sorted(times) or (self._last and times[0] < self._last)):
            raise self.failure(f"objects are not in the order of {self._cursor}, so that a page may be missing")
        self._check_keys(answer["data"], times)
        self._empty = 0 if times else self._empty + 1
        if self._empty > EMPTY_IN_A_ROW:
            raise self.failure(f"more than {EMPTY_IN_A_ROW} pages in a row are empty")
        self._checked = answer["next_cursor"], times[-1] if times else self._last
        self._check_surrogates(answer["data"])
        if self._notices:
            self._notices.note_date(server_date(response.headers))
        response.json = lambda **_: answer  # dlt's client takes the page from it
        return None

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Go on behind the page that was just checked."""
        self._page += 1
        if self._is_expired:
            self._next_reference, self._has_next_page = None, True
            return
        self._next_reference, self._last = self._checked
        self._seen.add(self._next_reference)

    def update_request(self, request: Request) -> None:
        """Ask for the next page; behind an expired cursor, for what is later than the last object that came."""
        super().update_request(request)
        if self._is_expired:
            del request.params[self.cursor_param]
            if self._last:
                self._last = before(self._last, OVERLAP)
                request.params[self._since] = write_time(self._last)
            self._is_expired = False
            self._seen.clear()

    def failure(self, reason: str) -> PaginationError:
        """Return the error that says where the read broke off, and why."""
        return PaginationError(
            f"The SaaS API's {self._collection}, page {self._page}: {reason}. Nothing was loaded and no cursor moved: "
            "run again later."
        )

    def refusal(self, reason: str) -> TableError:
        """Return the error that says why this collection cannot be loaded as it is."""
        return TableError(
            f"The SaaS API's {self._collection}, page {self._page}: {reason}. Nothing of it was loaded and its cursor "
            "did not move: then run python pipelines/saas.py again."
        )

    def _is_followed(self, response: Response) -> bool:
        """Tell whether an answer leads to another address of the same server, where the token may go."""
        if not response.is_redirect:
            return False
        here, there = urlsplit(response.url), urlsplit(urljoin(response.url, response.headers["Location"]))
        is_upgrade = (here.scheme, there.scheme) == ("http", "https") and not (here.port or there.port)
        if (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port) or (
            is_upgrade and here.hostname == there.hostname
        ):
            return True
        raise self.refusal(
            f"the API answered {response.status_code} and leads to {there.scheme}://{there.netloc.rpartition('@')[2]}, "
            "which does not get the token: set SOURCES__SAAS__BASE_URL to it if it is the vendor's"
        )

    def _sound(self, response: Response) -> dict[str, Any]:
        self._surrogates = []
        if response.status_code == 204 and not self._next_reference:
            return NOTHING
        if response.status_code != 200:
            raise InvalidResponse(f"the API answered {response.status_code}")
        try:
            answer, surrogates = parse(response.content)
        except InvalidJson as error:
            raise InvalidResponse(str(error)) from error
        except UnsupportedValue as error:
            raise self._bad_value(error, response.content) from error
        match answer:
            case {"data": list(), "next_cursor": str(following), "has_more": True} if following:
                if following in self._seen:
                    raise InvalidResponse("a page came twice")
            case {"data": list(), "next_cursor": None, "has_more": False}:
                pass
            case {"error": _}:
                raise InvalidResponse("the API answered 200 with an error in it")
            case _:
                raise InvalidResponse("the answer lacks data, or next_cursor and has_more disagree")
        for number, item in enumerate(answer["data"]):
            if not isinstance(item, dict):
                raise self.refusal(f"what stands at place {number + 1} of data is no object")
        self._surrogates = surrogates
        return answer

    def _times(self, data: list[dict[str, Any]]) -> list[datetime]:
        times = []
        for number, item in enumerate(data):
            text = item.get(self._cursor)
            try:
                times.append(parse_time(text))
            except (TypeError, ValueError) as error:
                what = f"{text!r}, which is no time with a zone in the years 1 to 9999" if text is not None else "none"
                raise self.refusal(
                    f"{self._object(item, number)} has {self._cursor} {what}: name another cursor in ENDPOINTS, or ask "
                    "the vendor to fix it"
                ) from error
        return times

    def _check_keys(self, data: list[dict[str, Any]], times: list[datetime]) -> None:
        found: dict[Any, int] = {}
        for number, item in enumerate(data):
            key = item.get(self._key)
            if type(key) is not str and (type(key) is not int or abs(key) > LARGEST_KEY):
                what = "no" if key is None else f"{str(key)[:60]!r} ({type(key).__name__}) as"
                raise self.refusal(
                    f"{self._object(item, number)} has {what} {self._key}, which is its key in ENDPOINTS and must be a "
                    "text or an integer of 64 bits: name another, or ask the vendor to fix it"
                )
            if type(key) is str and "\0" in key:
                raise self.refusal(
                    f"{self._object(item, number)} has a NUL in {self._key}, which no warehouse takes in a look-up: "
                    "ask the vendor to fix it"
                )
            first = found.setdefault(key, number)
            if first != number and times[first] == times[number] and data[first] != item:
                raise self.refusal(
                    f"{self._key} {key!r} comes twice with the same {self._cursor} and different values, so that "
                    "nobody knows which is the newer one: ask the vendor"
                )

    def _object(self, item: Mapping[str, Any], number: int) -> str:
        key = item.get(self._key)
        return f"the object at place {number + 1}" if key is None else f"{self._key} {str(key)[:60]!r}"

    def _bad_value(self, error: UnsupportedValue, body: bytes) -> TableError:
        match error.path:
            case ("data", int(number), str(field), *_):
                where = f"the object at place {number + 1} has in {field!r} "
            case _:
                where = "the answer has "
        why = "are too deep" if "level" in error.what else "JSON does not have"
        return self.refusal(f"{where}{error.what}, which {why}: ask the vendor to fix it")

    def _check_surrogates(self, data: list[dict[str, Any]]) -> None:
        for (path,) in self._surrogates:
            if path[2:] == (self._key,):  # as its escape it might be another object's key
                raise self.refusal(f"the object at place {path[1] + 1} has half of a surrogate pair in its {self._key}")
            if self._notices and len(path) > 2 and path[0] == "data":
                self._notices.note_surrogate(str(path[2]), data[path[1]])

    def _begin_again(self, response: Response) -> None:
        reached = self._last or datetime.min.replace(tzinfo=UTC)
        if self._expired_at and reached <= self._expired_at:
            raise self.failure("its cursor expired, and once more before anything new had come")
        self._expired_at, self._is_expired = reached, True
        # An error would end the generator that reads the pages: an empty page keeps it going.
        response.status_code, response._content = 200, b'{"data": []}'

    def _limit_wait(self, response: Response) -> None:
        wait = refused_wait(response.headers)
        if wait is None:
            response.headers.pop("Retry-After", None)
        elif wait > self._longest_wait:
            raise WaitTooLong(
                f"The SaaS API's {self._collection}, page {self._page}: it asks to wait {wait:,} s, and a run waits "
                f"{self._longest_wait:,.0f} s at most. Nothing was loaded and no cursor moved: run again after that, "
                "or raise RUNTIME__REQUEST_MAX_RETRY_DELAY."
            )
        else:
            response.headers["Retry-After"] = str(wait)


def before(at: datetime, gap: timedelta) -> datetime:
    """Return the time that lies before another, or the first one that there is."""
    try:
        return at - gap
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _error_code(response: Response) -> str | None:
    if response.status_code < 400:
        return None
    try:
        return response.json()["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
