"""The HTTP adapter of a session: requests at the API's rate, answers within bounds of size and time.

requests alone reads an answer for as long as it comes: 400 MB from a small compressed body, or a byte every half
second.
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

CHUNK_BYTES = 65_536  # that are read at once


@dataclass(frozen=True)
class ReadLimits:
    """The bounds of one read.

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
    """Sends each attempt of a request, dlt's retries too, at the API's rate.

    Args:
        limiter: sets the rate; None: requests are not slowed down.
        limits: of each answer.

    Raises:
        ResponseTooLarge: an answer exceeds `answer_bytes`.
        ResponseTooSlow: an answer exceeds `answer_seconds`.
    """

    def __init__(self, limiter: AdaptiveRateLimiter | None = None, limits: ReadLimits | None = None) -> None:
        self._limiter, self._limits = limiter, limits or ReadLimits()
        super().__init__(pool_maxsize=50)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make connections that are closed where the head of an answer does not end in time."""
        super().init_poolmanager(*arguments, **named)
        seconds = self._limits.answer_seconds
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool(HTTPConnectionPool, _timed(HTTPConnection, seconds)),
            "https": _pool(HTTPSConnectionPool, _timed(HTTPSConnection, seconds)),
        }

    def send(self, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
        """Send one request when the rate permits, and return its whole answer."""
        if self._limiter:
            self._limiter.acquire()
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
            if self._limiter:
                self._limiter.observe()
            raise
        if self._limiter:
            self._limiter.observe(response.status_code, response.headers)
        return response

    def _read(self, response: Response, began: float) -> None:
        chunks, size = [], 0
        try:
            while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
                size += len(chunk)
                if size > self._limits.answer_bytes:
                    raise ResponseTooLarge(f"an answer is larger than {self._limits.answer_bytes:,} bytes")
                self._check_time(response.request, began)
                chunks.append(chunk)
        except DecodeError as error:
            raise ContentDecodingError(error, request=response.request) from error
        except HTTPError as error:
            raise ChunkedEncodingError(error, request=response.request) from error
        finally:
            if response.raw.closed:
                response.raw.release_conn()
            else:
                response.close()
        # requests has no public way to set a body.
        response._content = b"".join(chunks)  # noqa: SLF001
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001

    def _check_time(self, request: PreparedRequest, began: float, cause: Exception | None = None) -> None:
        seconds = self._limits.answer_seconds
        if time.monotonic() - began >= seconds:
            raise ResponseTooSlow(f"an answer took longer than {seconds:g} s", request=request) from cause


def _timed(connection: type[HTTPConnection], seconds: float) -> type:
    class Timed(connection):  # type: ignore[misc, valid-type]  # a class of urllib3's, HTTP or HTTPS
        """A connection that is closed where the head of an answer takes too long: each byte alone is in time."""

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
    found = sock()
    with suppress(OSError):
        if found is not None:
            found.shutdown(socket.SHUT_RDWR)
