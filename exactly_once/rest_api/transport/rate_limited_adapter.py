"""The connection of a session: each request at the pace of the quota, each answer within bounds of size and time.

requests alone reads what comes for as long as it comes: 400 MB in a small compressed
answer, or a byte every half second.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ConnectionError, ContentDecodingError, RequestException
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import DecodeError, HTTPError

from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter

CHUNK_BYTES = 65_536  # bytes that are read at once


@dataclass(frozen=True)
class ReadLimits:
    """What one read of an API may take.

    Args:
        answer_bytes: of one answer, after decompression.
        answer_seconds: from a request to the last byte of its answer.
        pages: of one read.
    """

    answer_bytes: int = 64 * 1024 * 1024
    answer_seconds: float = 300.0
    pages: int = 100_000


class ResponseTooLarge(RequestException):
    """An answer has more bytes than a read may take."""


class ResponseTooSlow(RequestException):
    """An answer did not end in time."""


class RateLimitedAdapter(HTTPAdapter):
    """The connection of a session; each attempt counts, dlt's own repetitions too.

    Args:
        quota: sets the pace; None: there is no pace.
        bounds: of each answer.

    Raises:
        AnswerTooLarge: an answer exceeds `answer_bytes`.
        AnswerTooSlow: an answer exceeds `answer_seconds`.
    """

    def __init__(self, quota: AdaptiveRateLimiter | None = None, bounds: ReadLimits | None = None) -> None:
        self._quota, self._bounds = quota, bounds or ReadLimits()
        super().__init__(pool_maxsize=50)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make connections that close themselves where the head of an answer does not end in time."""
        super().init_poolmanager(*arguments, **named)
        seconds = self._bounds.answer_seconds
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool(HTTPConnectionPool, _timed(HTTPConnection, seconds)),
            "https": _pool(HTTPSConnectionPool, _timed(HTTPSConnection, seconds)),
        }

    def send(self, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
        """Send one request when its turn has come, and return its whole answer."""
        if self._quota:
            self._quota.acquire()
        try:
            began = time.monotonic()
            try:
                response = super().send(request, *arguments, **{**named, "stream": True})
            except ConnectionError as error:
                self._check_time(request, began, error)
                raise
            self._check_time(request, began)  # a head that was cut off looks like one that ended
            self._read(response, began)
        except BaseException:
            if self._quota:
                self._quota.observe()
            raise
        if self._quota:
            self._quota.observe(response.status_code, response.headers)
        return response

    def _read(self, response: Response, began: float) -> None:
        pieces, size = [], 0
        try:
            while piece := response.raw.read1(CHUNK_BYTES, decode_content=True):
                size += len(piece)
                if size > self._bounds.answer_bytes:
                    raise ResponseTooLarge(f"an answer is larger than {self._bounds.answer_bytes:,} bytes")
                self._check_time(response.request, began)
                pieces.append(piece)
        except DecodeError as error:
            raise ContentDecodingError(error, request=response.request) from error
        except HTTPError as error:
            raise ChunkedEncodingError(error, request=response.request) from error
        finally:
            if response.raw.closed:
                response.raw.release_conn()
            else:
                response.close()
        response._content, response._content_consumed = b"".join(pieces), True

    def _check_time(self, request: PreparedRequest, began: float, cause: Exception | None = None) -> None:
        seconds = self._bounds.answer_seconds
        if time.monotonic() - began >= seconds:
            raise ResponseTooSlow(f"an answer took longer than {seconds:g} s", request=request) from cause


def _timed(connection: type, seconds: float) -> type:
    class Timed(connection):
        """A connection that is cut off where the head of an answer takes too long: each byte of it would be in time."""

        def getresponse(self) -> Any:
            timer = threading.Timer(seconds, _cut, (lambda: self.sock,))
            timer.daemon = True
            timer.start()
            try:
                return super().getresponse()
            finally:
                timer.cancel()

    return Timed


def _pool(pool: type, connection: type) -> type:
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


def _cut(sock: Callable[[], socket.socket | None]) -> None:
    with suppress(OSError, AttributeError):
        sock().shutdown(socket.SHUT_RDWR)
