"""Pagination cursors: opaque and signed, so that a damaged one, or one of another endpoint, is refused."""

import base64
import binascii
import hmac
from datetime import datetime

from mock_services.saas.content.events import micros

LAST = 2**62  # above every sequence number of the same time: strictly later


class BadParameterError(Exception):
    """A query parameter `param` is not valid."""

    def __init__(self, param: str, message: str):
        super().__init__(message)
        self.param = param


def write_cursor(collection: str, at: int, sequence: int, key: str) -> str:
    """Return the cursor of the rows after one row of a collection."""
    position = f"{at}.{sequence}"
    return base64.urlsafe_b64encode(f"{position}.{_signature(collection, position, key)}".encode()).decode().rstrip("=")


def read_cursor(collection: str, cursor: str, key: str) -> tuple[int, int]:
    """Return the time (microseconds since 1970) and sequence of a cursor.

    Raises:
        BadParameterError: this endpoint has not issued the cursor.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        position, _, signature = text.rpartition(".")
        if not hmac.compare_digest(signature.encode(), _signature(collection, position, key).encode()):
            raise BadParameterError("cursor", f"the cursor was not issued by /v1/{collection}")
        at, sequence = position.split(".")
        return int(at), int(sequence)
    except (binascii.Error, ValueError) as error:
        raise BadParameterError("cursor", "the cursor is garbled") from error


def read_after(param: str, text: str) -> tuple[int, int]:
    """Return the position strictly after an ISO-8601 time with a zone.

    Raises:
        BadParameterError: the text is no such time.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameterError(param, f"{text!r} is no ISO-8601 instant such as 2026-06-30T12:00:00Z") from error
    if at.tzinfo is None:
        raise BadParameterError(param, f"{text!r} has no time zone; end it with Z or an offset (a + is written %2B)")
    return micros(at), LAST


def _signature(collection: str, position: str, key: str) -> str:
    return hmac.new(key.encode(), f"{collection}:{position}".encode(), "sha256").hexdigest()[:16]
