"""Cursors: opaque to the caller, sealed so that a garbled one, or one of another endpoint, is refused."""

import base64
import binascii
import hmac
from datetime import datetime

from mock_services.saas.events import micros

LAST = 2**62  # a sequence behind all others of its moment: strictly later


class BadParameterError(Exception):
    """A parameter that cannot be read; knows which one and why."""

    def __init__(self, param: str, message: str):
        super().__init__(message)
        self.param = param


def write_cursor(collection: str, moment: int, sequence: int, key: str) -> str:
    """Return the cursor that stands behind one row of a collection."""
    place = f"{moment}.{sequence}"
    return base64.urlsafe_b64encode(f"{place}.{_seal(collection, place, key)}".encode()).decode().rstrip("=")


def read_cursor(collection: str, cursor: str, key: str) -> tuple[int, int]:
    """Return the moment and sequence of a cursor; one that this endpoint did not write is a BadParameterError."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        place, _, seal = text.rpartition(".")
        if not hmac.compare_digest(seal.encode(), _seal(collection, place, key).encode()):
            raise BadParameterError("cursor", f"the cursor was not issued by /v1/{collection}")
        moment, sequence = place.split(".")
        return int(moment), int(sequence)
    except (binascii.Error, ValueError) as error:
        raise BadParameterError("cursor", "the cursor is garbled") from error


def read_after(param: str, text: str) -> tuple[int, int]:
    """Return the place strictly behind an ISO-8601 instant with a zone; anything else is a BadParameterError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameterError(param, f"{text!r} is no ISO-8601 instant such as 2026-06-30T12:00:00Z") from error
    if at.tzinfo is None:
        raise BadParameterError(param, f"{text!r} has no time zone; end it with Z or an offset (a + is written %2B)")
    return micros(at), LAST


def _seal(collection: str, place: str, key: str) -> str:
    return hmac.new(key.encode(), f"{collection}:{place}".encode(), "sha256").hexdigest()[:16]
