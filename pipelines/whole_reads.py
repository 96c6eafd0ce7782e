"""A read of the vendor's API is whole or it fails: each answer is checked against the read so far.

dlt alone takes an answer 200 without `data` for the last page, follows a page that repeats for as long as it does, and
does not ask again where JSON breaks off.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from dlt.common import json
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import Request, Response

from pipelines.errors import Refusal
from pipelines.patient_session import IncompleteRead, PatientSession, UnsoundAnswer
from pipelines.quota import Quota
from pipelines.retry_after import retry_after

OVERLAP = timedelta(seconds=1)  # read again where a read begins anew; the merge removes what comes twice
EMPTY_IN_A_ROW = 100  # pages without an object; a vendor that sends more goes round in circles


class WholeRead(JSONResponseCursorPaginator):
    """The paginator of one read of one collection; its `check` is the hook for each answer, its `session` the asker.

    Args:
        collection: as the URL names it.
        cursor: the field by which objects ascend, an ISO-8601 time with a zone.
        since: the parameter that asks for what is strictly later.
        quota: the pace that all reads with one token share; None: this one has none.
    """

    def __init__(self, collection: str, cursor: str, since: str, quota: Quota | None = None) -> None:
        super().__init__(cursor_path="next_cursor", cursor_param="cursor")
        self._collection, self._cursor, self._since = collection, cursor, since
        runtime = resolve_configuration(RuntimeConfiguration())
        self._longest_wait = runtime.request_max_retry_delay
        self.session = PatientSession(self.failure, runtime, quota)
        self._begin()

    def _begin(self) -> None:
        self._next_reference = None
        self._seen: set[str | None] = set()
        self._last: datetime | None = None
        self._page, self._empty, self._is_expired = 1, 0, False
        self._expired_at: datetime | None = None

    def init_request(self, request: Request) -> None:
        """Forget an earlier read."""
        self._begin()
        self._has_next_page = True

    def check(self, response: Response, *_: Any, **__: Any) -> None:
        """Take an answer as the next page, or raise.

        Raises:
            UnsoundAnswer: asking again may help.
            IncompleteRead: it cannot: an earlier page may have been the wrong one.
            Refusal: the API wants a longer wait than a run may take.
        """
        if response.status_code == 429 or response.status_code >= 500:
            return self._limit_wait(response)  # the hook that dlt puts behind this one raises, and its client repeats
        if self._next_reference and _error_code(response) == "cursor_expired":
            return self._begin_again(response)
        if response.status_code >= 400:
            return None
        answer = self._sound(response)
        times = self._times(answer["data"])
        if times and (times != sorted(times) or (self._last and times[0] < self._last)):
            raise self.failure(f"objects are not in the order of {self._cursor}, so that a page may be missing")
        self._empty = 0 if times else self._empty + 1
        if self._empty > EMPTY_IN_A_ROW:
            raise self.failure(f"more than {EMPTY_IN_A_ROW} pages in a row are empty")
        self._checked = answer["next_cursor"], times[-1] if times else self._last
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
                self._last -= OVERLAP
                request.params[self._since] = self._last.astimezone(UTC).isoformat().replace("+00:00", "Z")
            self._is_expired = False
            self._seen.clear()

    def failure(self, reason: str) -> IncompleteRead:
        """Return the error that says where the read broke off, and why."""
        return IncompleteRead(
            f"The SaaS API's {self._collection}, page {self._page}: {reason}. Nothing was loaded and no cursor moved: "
            "run again later."
        )

    def _sound(self, response: Response) -> dict[str, Any]:
        if response.status_code != 200:
            raise UnsoundAnswer(f"the API answered {response.status_code}")
        try:
            answer = json.loadb(response.content)
        except ValueError as error:
            raise UnsoundAnswer("the answer is no JSON, or broke off") from error
        match answer:
            case {"data": list(), "next_cursor": str(following), "has_more": True} if following:
                if following in self._seen:
                    raise UnsoundAnswer("a page came twice")
            case {"data": list(), "next_cursor": None, "has_more": False}:
                pass
            case {"error": _}:
                raise UnsoundAnswer("the API answered 200 with an error in it")
            case _:
                raise UnsoundAnswer("the answer lacks data, or next_cursor and has_more disagree")
        return answer

    def _times(self, data: list[Any]) -> list[datetime]:
        try:
            times = [datetime.fromisoformat(item[self._cursor]) for item in data]
        except (KeyError, TypeError, ValueError) as error:
            raise self.failure(f"an object has no {self._cursor} that is a time") from error
        if not all(time.tzinfo for time in times):
            raise self.failure(f"an object has a {self._cursor} without a zone")
        return times

    def _begin_again(self, response: Response) -> None:
        reached = self._last or datetime.min.replace(tzinfo=UTC)
        if self._expired_at and reached <= self._expired_at:
            raise self.failure("its cursor expired, and once more before anything new had come")
        self._expired_at, self._is_expired = reached, True
        # An error would end the generator that reads the pages: an empty page keeps it going.
        response.status_code, response._content = 200, b'{"data": []}'

    def _limit_wait(self, response: Response) -> None:
        wait = retry_after(response.headers)
        if wait is None:
            response.headers.pop("Retry-After", None)
        elif wait > self._longest_wait:
            raise Refusal(
                f"The SaaS API's {self._collection}, page {self._page}: it asks to wait {wait:,} s, and a run waits "
                f"{self._longest_wait:,.0f} s at most. Nothing was loaded and no cursor moved: run again after that."
            )
        else:
            response.headers["Retry-After"] = str(wait)


def _error_code(response: Response) -> str | None:
    if response.status_code < 400:
        return None
    try:
        return response.json()["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
