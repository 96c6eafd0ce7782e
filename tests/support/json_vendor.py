"""A vendor's API that sends what a test defines, byte for byte: objects as JSON text, or whole responses."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

AT = "2026-06-01T10:00:{:02d}Z"


class Vendor:
    """Collections of objects, each a JSON text with `at`; `answers` come first, in order, for one request each.

    An answer is a function that gets the handler and writes all of it.
    """

    def __init__(self) -> None:
        self.objects: dict[str, list[str]] = {}
        self.answers: dict[str, list[Callable]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str | None] = []
        self.headers: dict[str, str] = {}
        self.encode: Callable[[str], bytes] = str.encode
        self.content_type = "application/json"
        self.url = ""

    def put(self, collection: str, *objects: str | dict) -> None:
        """Add objects; a dict gets a time if it has none."""
        kept = self.objects.setdefault(collection, [])
        for item in objects:
            is_given = isinstance(item, str)
            kept.append(item if is_given else json.dumps({"at": AT.format(len(kept) % 60)} | item))

    def page(self, collection: str, query: dict[str, str]) -> bytes:
        """Return one page as the API would send it."""
        times = [(self._at(text), text) for text in self.objects.get(collection, [])]
        if "after" in query:
            after = datetime.fromisoformat(query["after"])
            times = [(at, text) for at, text in times if at is None or at > after]
        times.sort(key=lambda item: item[0].timestamp() if item[0] else 0)
        first, size = int(query.get("cursor", 0)), int(query["limit"])
        end = first + size
        data = ",".join(text for _, text in times[first:end])
        has_more = end < len(times)
        following = json.dumps(str(end)) if has_more else "null"
        return self.encode(f'{{"data":[{data}],"next_cursor":{following},"has_more":{json.dumps(has_more)}}}')

    def _at(self, text: str) -> datetime | None:
        try:
            return datetime.fromisoformat(json.loads(text)["at"].upper())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


@contextmanager
def serving() -> Iterator[Vendor]:
    """Serve a vendor on a free port."""
    vendor = Vendor()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            collection = parts.path.rpartition("/")[2]
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            vendor.asked.append((collection, query))
            vendor.tokens.append(self.headers.get("Authorization"))
            queue = vendor.answers.get(collection)
            if queue:
                queue.pop(0)(self)
            else:
                answer(body=vendor.page(collection, query), **vendor.headers)(self)

        def send_date(self, date: str | None) -> None:
            self.date = date

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.vendor = vendor
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Callable:
    """Return an answer; headers are named with _ for -, and Date=None sends none."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.log_request(status)
        handler.send_response_only(status)
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        sent.setdefault("Date", handler.date_time_string())
        sent.setdefault("Content-Type", handler.server.vendor.content_type)
        for name, text in sent.items():
            if text is not None:
                handler.send_header(name, text)
        if status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return write
