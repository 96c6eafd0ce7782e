"""Scripts of faults: which request to which collection fails in which way."""

import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mock_services.company import generator
from mock_services.errors import ServiceError
from mock_services.saas.store import COLLECTIONS

KINDS = ("expired_cursor", "repeated_page", "out_of_order", "empty_page", "error_200", "truncated", "cut_body", "reset",
         "server_error", "rate_limited")  # fmt: skip
STATUSES = (500, 502, 503)


class Fault(BaseModel):
    """One fault: it applies to the `request`-th request to `collection`, and to `times - 1` more after it.

    Requests are counted from 1 since the script was set. If a fault does not fit a request (a first page has no cursor
    that could expire), it applies to the first later one that it fits.

    expired_cursor: 410 cursor_expired, for this cursor from now on. repeated_page: the previous page again.
    out_of_order: this page and the next swap places; a last page is reversed. empty_page: no objects, and a
    next_cursor to this page. error_200: an error with status 200. truncated: JSON that ends early. cut_body: fewer
    bytes than Content-Length. reset: the connection is reset before any response. server_error: `status`.
    rate_limited: 429, and again until `retry_after` seconds (0 to 3600) have passed; as_date sends an HTTP date.
    """

    model_config = ConfigDict(extra="forbid")
    collection: Literal[COLLECTIONS]  # type: ignore[valid-type]  # pydantic reads the tuple
    request: int = Field(ge=1)
    kind: Literal[KINDS]  # type: ignore[valid-type]
    times: int = Field(1, ge=1)
    status: Literal[STATUSES] = 503  # type: ignore[valid-type]
    retry_after: int = Field(1, ge=0, le=3600)
    as_date: bool = False


class Script:
    """The faults that are left and those that fired; one script for each API."""

    def __init__(self, faults: Iterable[dict | Fault] = ()):
        self.set(TypeAdapter(list[Fault]).validate_python(list(faults)))

    def set(self, faults: list[Fault]) -> None:
        """Replace the faults and restart the count of requests."""
        self.is_armed = bool(faults)
        self.left = [fault.model_copy() for fault in faults]
        self.fired: list[dict[str, Any]] = []
        self._requests: Counter[str] = Counter()
        self._until: dict[str, tuple[float, dict]] = {}

    def next_fault(self, collection: str, applicable: Iterable[str]) -> Fault | None:
        """Count a request and return its fault: the first one that is due and of an applicable kind, or None."""
        self._requests[collection] += 1
        request = self._requests[collection]
        for fault in self.left:
            if fault.collection == collection and fault.request <= request and fault.kind in applicable:
                fault.times -= 1
                if not fault.times:
                    self.left.remove(fault)
                self.fired.append({"collection": collection, "request": request, "kind": fault.kind})
                return fault
        return None

    def start_rate_limit(self, fault: Fault) -> float:
        """Limit a collection and return until when, in seconds since 1970; whole seconds for a date."""
        until = time.time() + fault.retry_after
        until = -(-until // 1) if fault.as_date else until
        self.fired[-1]["early"] = 0
        self._until[fault.collection] = until, self.fired[-1]
        return until

    def is_early(self, collection: str) -> bool:
        """Return whether a request comes before a rate limit has ended (20 ms of tolerance), and count it."""
        until, fired = self._until.get(collection, (0.0, {}))
        if is_early := time.time() < until - 0.02:
            fired["early"] += 1
        return is_early

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """Return {"left": faults, "fired": [{"collection", "request", "kind"}]}, in order.

        A rate_limited fault also has `early`, the number of requests that came before its end.
        """
        return {"left": [fault.model_dump(exclude_defaults=True) for fault in self.left], "fired": self.fired}


def random_faults(seed: int, count: int, last_request: int = 8) -> list[dict[str, Any]]:
    """Return `count` random faults among the first requests to each collection; the same for each seed."""
    roll, script = generator.seeded_random(71, seed), []
    for _ in range(count):
        collection, kind = (names[int(roll() * len(names))] for names in (COLLECTIONS, KINDS))
        fault = {"collection": collection, "request": 1 + int(roll() * last_request), "kind": kind}
        if kind == "server_error":
            fault |= {"status": STATUSES[int(roll() * 3)], "times": 1 + int(roll() * 3)}
        if kind == "rate_limited":
            fault |= {"retry_after": int(roll() * 2), "as_date": roll() < 0.5}
        script.append(fault)
    return script


def read_script(path: Path) -> list[dict[str, Any]]:
    """Return the faults of a JSON file, or of a JSON list in place of the path, such as [].

    Raises:
        ServiceError: it cannot be read or is no script; the message names the invalid part.
    """
    try:
        script = json.loads(str(path) if str(path).lstrip().startswith("[") else path.read_text())
        TypeAdapter(list[Fault]).validate_python(script)
    except OSError as error:
        raise ServiceError(f"{path} cannot be read ({error.strerror}): name a JSON file with --script") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the script"
        raise ServiceError(f"{path}: {place}: {first['msg']}; see mock_services/saas/faults.py") from error
    except ValueError as error:
        raise ServiceError(f"{path} is no JSON ({error}): write a list of faults") from error
    return script
