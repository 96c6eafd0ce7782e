"""The wire that misbehaves as a script says, between the server and the API; without a script it lets all through.

A fault of the connection needs uvicorn's transport, which is reached through the `send` that uvicorn hands over.
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

from mock_services.saas.failures import failure
from mock_services.saas.faults import KINDS, Fault, Script
from mock_services.saas.store import COLLECTIONS

ABORT = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST, not FIN


class FaultyWire:
    """An ASGI application around the API; `script` may be set anew at any time."""

    def __init__(self, app: Callable, script: Script):
        self.app, self.script = app, script
        self.forget()

    def forget(self) -> None:
        """Forget what earlier faults left behind: expired cursors, made-up cursors, pages out of place."""
        self._expired: set[str] = set()
        self._queries: dict[str, bytes] = {}  # a made-up cursor stands for an earlier query
        self._displaced: dict[str, list] = {}  # the objects that a cursor will lead to instead of its own
        self._pages: dict[str, Response] = {}  # the last page of each collection

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        """Answer one request, or let it through untouched where no script is set."""
        collection = scope.get("path", "").removeprefix("/v1/")
        if scope["type"] != "http" or not self.script.is_armed or collection not in COLLECTIONS:
            return await self.app(scope, receive, send)
        cursor = parse_qs(scope["query_string"].decode()).get("cursor", [None])[0]
        query = self._queries.get(cursor, scope["query_string"])
        answer = await self._ask(scope, query)
        if answer.status_code != 200:  # no token, a bad parameter, the API's own rate limit
            return await answer(scope, receive, send)
        if self.script.is_early(collection):
            return await failure(429, "rate_limited", "you did not wait")(scope, receive, send)
        if cursor in self._expired:
            return await _expired(cursor)(scope, receive, send)
        page, before = json.loads(answer.body), self._pages.get(collection)
        has_before = cursor and before and json.loads(before.body)["next_cursor"] == cursor
        fitting = set(KINDS) - ({"repeated_page"} if not has_before else set()) - (
            {"expired_cursor"} if not cursor else set()) - (
            {"out_of_order"} if len(page["data"]) < 2 and not page["has_more"] else set())  # fmt: skip
        fault = self.script.meet(collection, fitting)
        if cursor in self._displaced:
            page["data"] = self._displaced.pop(cursor)
            answer = _page(page)
        if fault is None:
            self._pages[collection] = answer
            return await answer(scope, receive, send)
        if fault.kind in ("reset", "cut_body"):
            return await _break(fault.kind, answer, receive, send)
        answer = await self._spoil(fault, answer, page, cursor, scope | {"query_string": query})
        return await answer(scope, receive, send)

    async def _spoil(self, fault: Fault, answer: Response, page: dict, cursor: str | None, scope: dict) -> Response:
        match fault.kind:
            case "expired_cursor":
                self._expired.add(cursor)
                return _expired(cursor)
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
                return failure(200, "internal_error", "something went wrong")
            case "truncated":
                return Response(answer.body[: len(answer.body) // 2], media_type="application/json")
            case "server_error":
                return failure(fault.status, "internal_error", "something went wrong")
            case "rate_limited":
                until = self.script.hold(fault)
                wait = formatdate(until, usegmt=True) if fault.as_date else str(ceil(fault.retry_after))
                return failure(429, "rate_limited", f"wait until {wait}", headers={"Retry-After": wait})
        raise ValueError(fault.kind)

    async def _ask(self, scope: dict, query: bytes) -> Response:
        """Return the API's own answer to a query, whole."""
        answer, body = Response(), b""

        async def receive() -> dict:
            nonlocal is_asked
            if is_asked:
                await asyncio.Event().wait()  # until the API is done and leaves
            is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            nonlocal body
            if message["type"] == "http.response.start":
                answer.status_code, answer.raw_headers = message["status"], list(message["headers"])
            body += message.get("body", b"")

        is_asked = False
        await self.app(scope | {"query_string": query}, receive, send)
        answer.body = body
        return answer


def _page(page: dict) -> Response:
    text = json.dumps(page, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/json")


def _expired(cursor: str) -> Response:
    return failure(410, "cursor_expired", f"the cursor {cursor[:12]} has expired: begin again", "cursor")


async def _break(kind: str, answer: Response, receive: Callable, send: Callable) -> None:
    """Break the connection: before any answer, or in the middle of its body."""
    transport = send.__self__.transport  # of uvicorn's request cycle
    if kind == "cut_body":
        await send({"type": "http.response.start", "status": 200, "headers": answer.raw_headers})
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        transport.close()
    else:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        continue
