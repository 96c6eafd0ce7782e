"""Inject the faults of a script between the server and the API.

Connection faults need uvicorn's transport, which is reached through the `send` that uvicorn passes.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from email.utils import formatdate
from math import ceil
from urllib.parse import parse_qs, urlencode

from fastapi import Response

from mock_services.saas.error_responses import error_response
from mock_services.saas.faults import KINDS, Fault, Script
from mock_services.saas.store import COLLECTIONS

LINGER_ZERO = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: close sends RST instead of FIN


class FaultInjection:
    """An ASGI application around the API; its script may be replaced at any time."""

    def __init__(self, app: Callable, script: Script):
        self.app, self.script = app, script
        self.reset()

    def reset(self) -> None:
        """Remove the state of earlier faults: expired cursors, cursors of empty pages, displaced pages."""
        self._expired: set[str] = set()
        self._queries: dict[str, bytes] = {}  # the query behind the cursor of an empty page
        self._displaced: dict[str, list] = {}  # the objects that a cursor returns instead of its own
        self._pages: dict[str, Response] = {}  # the last page of each collection

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        """Answer one request; without a script the API answers it."""
        collection = scope.get("path", "").removeprefix("/v1/")
        if scope["type"] != "http" or not self.script.is_armed or collection not in COLLECTIONS:
            return await self.app(scope, receive, send)
        cursor = parse_qs(scope["query_string"].decode()).get("cursor", [None])[0]
        query = self._queries.get(cursor, scope["query_string"])
        answer = await self._ask(scope, query)
        if answer.status_code != 200:  # no token, an invalid parameter, the API's own rate limit
            return await answer(scope, receive, send)
        if self.script.is_early(collection):
            return await error_response(429, "rate_limited", "you did not wait")(scope, receive, send)
        if cursor in self._expired:
            return await _cursor_expired(cursor)(scope, receive, send)
        page = json.loads(answer.body)
        fault = self.script.next_fault(collection, self._applicable(collection, cursor, page))
        if cursor in self._displaced:
            page["data"] = self._displaced.pop(cursor)
            answer = _page(page)
        if fault is None:
            self._pages[collection] = answer
            return await answer(scope, receive, send)
        if fault.kind in ("reset", "cut_body"):
            return await _break_connection(fault.kind, answer, receive, send)
        answer = await self._faulty_response(fault, answer, page, cursor, scope | {"query_string": query})
        return await answer(scope, receive, send)

    def _applicable(self, collection: str, cursor: str | None, page: dict) -> set[str]:
        """Return the kinds of faults that fit a page."""
        before = self._pages.get(collection)
        follows_last_page = cursor and before and json.loads(before.body)["next_cursor"] == cursor
        impossible = {
            "repeated_page": not follows_last_page,
            "expired_cursor": not cursor,
            "out_of_order": len(page["data"]) < 2 and not page["has_more"],
        }
        return {kind for kind in KINDS if not impossible.get(kind)}

    async def _faulty_response(
        self, fault: Fault, answer: Response, page: dict, cursor: str | None, scope: dict
    ) -> Response:
        match fault.kind:
            case "expired_cursor" if cursor:
                self._expired.add(cursor)
                return _cursor_expired(cursor)
            case "repeated_page":
                return self._pages[fault.collection]
            case "out_of_order" if page["has_more"]:
                query = {**parse_qs(scope["query_string"].decode()), "cursor": [page["next_cursor"]]}
                later = await self._ask(scope, urlencode(query, doseq=True).encode())
                self._displaced[page["next_cursor"]] = page["data"]
                return _page(page | {"data": json.loads(later.body)["data"]})
            case "out_of_order":
                return _page(page | {"data": page["data"][::-1]})
            case "empty_page":
                name = f"empty_{len(self._queries) + 1}"
                self._queries[name] = scope["query_string"]
                return _page({"data": [], "next_cursor": name, "has_more": True})
            case "error_200":
                return error_response(200, "internal_error", "something went wrong")
            case "truncated":
                return Response(answer.body[: len(answer.body) // 2], media_type="application/json")
            case "server_error":
                return error_response(fault.status, "internal_error", "something went wrong")
            case "rate_limited":
                until = self.script.start_rate_limit(fault)
                wait = formatdate(until, usegmt=True) if fault.as_date else str(ceil(fault.retry_after))
                return error_response(429, "rate_limited", f"wait until {wait}", headers={"Retry-After": wait})
        raise ValueError(fault.kind)

    async def _ask(self, scope: dict, query: bytes) -> Response:
        """Return the complete response of the API to a query."""
        answer, body, is_asked = Response(), b"", False

        async def receive() -> dict:
            nonlocal is_asked
            if is_asked:
                await asyncio.Event().wait()  # no disconnect while the API answers
            is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            nonlocal body
            if message["type"] == "http.response.start":
                answer.status_code, answer.raw_headers = message["status"], list(message["headers"])
            body += message.get("body", b"")

        await self.app(scope | {"query_string": query}, receive, send)
        answer.body = body
        return answer


def _page(page: dict) -> Response:
    text = json.dumps(page, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/json")


def _cursor_expired(cursor: str) -> Response:
    return error_response(410, "cursor_expired", f"the cursor {cursor[:12]} has expired: begin again", "cursor")


async def _break_connection(kind: str, answer: Response, receive: Callable, send: Callable) -> None:
    """Break the connection before any response, or in the middle of its body."""
    transport = send.__self__.transport  # type: ignore[attr-defined]  # `send` is a method of uvicorn's request cycle
    if kind == "cut_body":
        await send({"type": "http.response.start", "status": 200, "headers": answer.raw_headers})
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        transport.close()
    else:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        continue
