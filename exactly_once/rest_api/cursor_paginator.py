"""Pagination by a cursor in the body beside `has_more`, as many APIs have it; the two must agree."""

from typing import Any

from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import Response


class StrictCursorPaginator(JSONResponseCursorPaginator):
    """dlt's cursor paginator for bodies like {"data": […], "next_cursor": "…", "has_more": true}.

    It has the two optional methods that `ValidatingPaginator` calls where a paginator has them.

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
            return response.json()["error"]["code"] == self._expired_code
        except (ValueError, KeyError, TypeError):
            return False
