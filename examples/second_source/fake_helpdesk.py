"""A help desk for the test: numbered pages under result.items, agents by Link headers, the key in X-Api-Key."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "a-key-for-tests"


class HelpDesk:
    """What the help desk has; `faults` come first, one for each request of /tickets.

    A fault gets the handler, the body of the answer and the number of the page, and writes the answer.
    """

    def __init__(self) -> None:
        self.tickets: dict[int, dict[str, Any]] = {}
        self.agents: list[dict[str, Any]] = []
        self.faults: list[Callable[[BaseHTTPRequestHandler, bytes], None]] = []
        self.next_agents = ""  # replaces the link to the second page
        self.url = ""

    def tickets_page(self, page: int, size: int) -> bytes:
        """Return a page of tickets; the first has number 1."""
        found = [self.tickets[number] for number in sorted(self.tickets)]
        items, pages = found[(page - 1) * size : page * size], -(-len(found) // size)
        return json.dumps({"result": {"items": items, "pages": pages}}).encode()


@contextmanager
def serving() -> Iterator[HelpDesk]:
    """Serve a help desk on a free port."""
    desk = HelpDesk()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if self.headers.get("X-Api-Key") != KEY:
                return send(self, b"{}", 401)
            if parts.path == "/api/tickets":
                body = desk.tickets_page(int(query.get("page", 1)), int(query["per_page"]))
                return desk.faults.pop(0)(self, body) if desk.faults else send(self, body)
            if parts.path == "/api/people/agents":
                half = len(desk.agents) // 2
                is_first = "after" not in query
                link = desk.next_agents or f"<{desk.url}/api/people/agents?after={half}>"
                body = json.dumps(desk.agents[:half] if is_first else desk.agents[half:]).encode()
                return send(self, body, link=f'{link}; rel="next"' if is_first and half else "")
            return send(self, b"{}", 404)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    desk.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def send(
    handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, length: int | None = None, link: str = ""
) -> None:
    """Write an answer; a `length` above the body's cuts the connection within the body; `link` is a header."""
    handler.send_response(status)
    if link:
        handler.send_header("Link", link)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = length is not None


def cut(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Send half of an answer and close the connection."""
    send(handler, body[: len(body) // 2], length=len(body))


def broken(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    """Answer 503."""
    send(handler, b"", 503)


def empty(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Send a page without objects where there are some."""
    send(handler, json.dumps({"result": json.loads(body)["result"] | {"items": []}}).encode())
