"""dlt's own paginators under the validation of a read: every object once, or the read fails."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from dlt.sources.helpers.rest_client.paginators import (
    HeaderCursorPaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)
from requests.auth import HTTPBasicAuth

from exactly_once.errors import TableError
from exactly_once.rest_api.client import ApiClient
from exactly_once.rest_api.paging import Paging
from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.transport.read_errors import PaginationError
from exactly_once.source_info import SourceInfo

pytestmark = pytest.mark.integration

SHOP = SourceInfo("shop", "The shop's API")
ORDERS = Endpoint("orders", key="id", cursor=None, deletes="none")
SIZE, COUNT = 10, 35
PAGINATORS = {
    "page numbers and a count of pages": PageNumberPaginator(base_page=1, total_path="pages"),
    "page numbers and has_more": PageNumberPaginator(base_page=1, total_path=None, has_more_path="has_more"),
    "offsets and a count of objects": OffsetPaginator(SIZE, total_path="total"),
    "a link in the body": JSONLinkPaginator("next"),
    "a link in a header": HeaderLinkPaginator(),
    "a cursor in the body": JSONResponseCursorPaginator("cursor", cursor_param="after"),
    "a cursor in a header": HeaderCursorPaginator("X-Next", cursor_param="after"),
}


class Shop:
    """Orders in pages of ten, in every form at once; `faults` replace answers, one for each request."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.last: tuple[bytes, dict[str, str]] = (b"", {})
        self.url = ""

    def answer(self, query: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        first = int(query.get("after", query.get("offset", (int(query.get("page", 1)) - 1) * SIZE)))
        end = first + SIZE
        body = {"data": [{"id": number} for number in range(first, min(end, COUNT))]}
        body |= {"total": COUNT, "pages": -(-COUNT // SIZE), "has_more": end < COUNT}
        headers = {}
        if end < COUNT:
            body |= {"next": f"/orders?after={end}", "cursor": str(end)}
            headers = {"X-Next": str(end), "Link": f'<{self.url}/orders?after={end}>; rel="next"'}
        return json.dumps(body).encode(), headers


@pytest.fixture
def shop(monkeypatch) -> Iterator[Shop]:
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shop.asked.append(self.path)
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            fault = shop.faults.pop(0) if shop.faults else ""
            body, headers = shop.last if fault == "repeat" else shop.answer(query)
            if not fault:
                shop.last = body, headers
            self.send_response(503 if fault == "busy" else 200)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
            self.close_connection = fault == "cut"

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def read(shop: Shop, paginator) -> list[int]:
    client = ApiClient(SHOP, shop.url, HTTPBasicAuth("a", "b"), Paging(paginator, page_size_param=""))
    return [item["id"] for page in client.iter_pages(ORDERS) for item in page]


@pytest.mark.parametrize("paginator", PAGINATORS.values(), ids=PAGINATORS)
def test_every_object_comes_once_and_one_fault_is_repaired(shop, paginator):
    assert read(shop, paginator) == list(range(COUNT))
    assert len(shop.asked) == 4
    shop.faults = ["", "cut", "busy", "repeat"]
    assert read(shop, paginator) == list(range(COUNT)), "a read leaves nothing behind in the paginator"
    assert len(shop.asked) == 4 + 4 + 3


@pytest.mark.parametrize("paginator", PAGINATORS.values(), ids=PAGINATORS)
def test_a_page_that_repeats_for_good_ends_the_read(shop, paginator):
    shop.faults = ["", "", *["repeat"] * 99]
    with pytest.raises(PaginationError, match="The shop's API's orders, page 3: a page came twice"):
        read(shop, paginator)


def test_a_single_answer_is_a_read(shop):
    assert read(shop, SinglePagePaginator()) == list(range(SIZE))


def test_an_answer_without_what_leads_on_is_asked_for_again(shop):
    with pytest.raises(PaginationError, match="page 1: the answer does not tell where the next page is"):
        read(shop, PageNumberPaginator(base_page=1, total_path="missing"))
    assert len(shop.asked) == 5


def test_a_link_to_another_server_does_not_get_the_token(shop, monkeypatch):
    monkeypatch.setattr(shop, "answer", lambda query: (b'{"data": [], "next": "http://elsewhere.example/x"}', {}))
    with pytest.raises(TableError, match=r"leads to http://elsewhere\.example, which does not get the token"):
        read(shop, JSONLinkPaginator("next"))
