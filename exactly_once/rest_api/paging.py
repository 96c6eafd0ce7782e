"""How an API hands out its collections in pages, and a paginator for bodies with a cursor and `has_more`.

Any paginator of dlt's RESTClient does; one that knows more of an answer has the methods of the protocols here.
"""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from dlt.sources.helpers.rest_client.paginators import BasePaginator, JSONResponseCursorPaginator
from requests import Response

ROOT = "$"  # data_selector of an answer that is the list of objects itself


@runtime_checkable
class ChecksAnswers(Protocol):
    """A paginator that knows more of an answer than where the next page is."""

    def check_answer(self, body: Any) -> None:
        """Raise ValueError where the answer cannot be a page; the request is repeated."""


@runtime_checkable
class Restarts(Protocol):
    """A paginator whose position may expire; the endpoint must have a cursor."""

    def is_expired(self, response: Response) -> bool:
        """Tell whether an answer says so; the read goes on behind its last object."""


@dataclass(frozen=True)
class Paging:
    """How an API hands out a collection in pages.

    Args:
        paginator: one of dlt's RESTClient; each read works on a copy.
        data_selector: where an answer has its objects: keys with points between, "$": the answer is the list itself.
        page_size: objects in one answer.
        page_size_param: parameter that asks for it; "": the API has none.
    """

    paginator: BasePaginator
    data_selector: str = "data"
    page_size: int = 1000
    page_size_param: str = "limit"


class StrictCursorPaginator(JSONResponseCursorPaginator):
    """dlt's cursor paginator for bodies like {"data": […], "next_cursor": "…", "has_more": true}.

    Args:
        cursor_key: of the body, null on the last page.
        has_more_key: of the body, true or false.
        cursor_param: parameter that asks for the next page.
        expired_code: `error.code` of an answer that refuses an expired cursor; the read goes on behind its last object.
    """

    def __init__(
        self,
        cursor_key: str = "next_cursor",
        has_more_key: str = "has_more",
        cursor_param: str = "cursor",
        expired_code: str = "cursor_expired",
    ) -> None:
        super().__init__(cursor_path=cursor_key, cursor_param=cursor_param)
        self._cursor_key, self._has_more_key, self._expired_code = cursor_key, has_more_key, expired_code

    def check_answer(self, body: Any) -> None:
        """Check that the cursor and has_more agree.

        Raises:
            ValueError: they do not, or one is missing.
        """
        found = body if isinstance(body, dict) else {}
        match found.get(self._cursor_key, 0), found.get(self._has_more_key):
            case (str(cursor), True) if cursor:
                return
            case (None, False):
                return
        raise ValueError(f"{self._cursor_key} and {self._has_more_key} disagree")

    def is_expired(self, response: Response) -> bool:
        """Tell whether an answer refuses the cursor because it has expired."""
        if response.status_code < 400:
            return False
        try:
            return bool(response.json()["error"]["code"] == self._expired_code)
        except (ValueError, KeyError, TypeError):
            return False


def select_objects(body: Any, selector: str) -> list[Any] | None:
    """Return the list of objects in an answer; None where there is none.

    Args:
        body: the parsed answer.
        selector: as in `Paging`.
    """
    for key in selector_keys(selector):
        body = body.get(key) if isinstance(body, dict) else None
    return body if isinstance(body, list) else None


def selector_keys(selector: str) -> tuple[str, ...]:
    """Return the keys from an answer's root to its list of objects."""
    return () if selector == ROOT else tuple(selector.split("."))
