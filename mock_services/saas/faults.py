"""A script of faults: which request to which collection meets which of the ways in which an API goes wrong."""

import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mock_services import world
from mock_services.errors import ServiceError
from mock_services.saas.store import COLLECTIONS

KINDS = ("expired_cursor", "repeated_page", "out_of_order", "empty_page", "error_200", "truncated", "cut_body", "reset",
         "server_error", "rate_limited")  # fmt: skip
STATUSES = (500, 502, 503)


class Fault(BaseModel):
    """One fault. It meets the `request`-th request to `collection`, counted from 1 since the script was set, or the
    first later one that it fits (a first page has no cursor that could expire), and `times - 1` more after it.

    expired_cursor: 410 cursor_expired, for this cursor from now on. repeated_page: the page before once more.
    out_of_order: this page and the next change places; a last page is reversed. empty_page: no objects, and a
    next_cursor to this page. error_200: an error under status 200. truncated: JSON that breaks off. cut_body: fewer
    bytes than Content-Length says. reset: the connection is reset before any answer. server_error: `status`.
    rate_limited: 429, and again until `retry_after` seconds (0 to 3600) are over; as_date writes them as an HTTP date.
    """

    model_config = ConfigDict(extra="forbid")
    collection: Literal[COLLECTIONS]
    request: int = Field(ge=1)
    kind: Literal[KINDS]
    times: int = Field(1, ge=1)
    status: Literal[STATUSES] = 503
    retry_after: int = Field(1, ge=0, le=3600)
    as_date: bool = False


class Script:
    """The faults that are left, and those that fired; one for each API."""

    def __init__(self, faults: Iterable[dict | Fault] = ()):
        self.set(TypeAdapter(list[Fault]).validate_python(list(faults)))

    def set(self, faults: list[Fault]) -> None:
        """Begin anew with these faults: requests are counted from here."""
        self.is_armed = bool(faults)
        self.left, self.fired = [fault.model_copy() for fault in faults], []
        self._requests: Counter[str] = Counter()
        self._until: dict[str, tuple[float, dict]] = {}

    def meet(self, collection: str, fitting: Iterable[str]) -> Fault | None:
        """Count a request and return the fault that it meets, if one of a fitting kind is due."""
        self._requests[collection] += 1
        request = self._requests[collection]
        for fault in self.left:
            if fault.collection == collection and fault.request <= request and fault.kind in fitting:
                fault.times -= 1
                if not fault.times:
                    self.left.remove(fault)
                self.fired.append({"collection": collection, "request": request, "kind": fault.kind})
                return fault
        return None

    def hold(self, fault: Fault) -> float:
        """Hold a rate-limited collection and return until when, in seconds since 1970; a date has whole seconds."""
        until = time.time() + fault.retry_after
        until = -(-until // 1) if fault.as_date else until
        self.fired[-1]["early"] = 0
        self._until[fault.collection] = until, self.fired[-1]
        return until

    def is_early(self, collection: str) -> bool:
        """Tell whether a rate-limited collection is asked too early (by more than clocks differ), and note it."""
        until, fired = self._until.get(collection, (0.0, {}))
        if is_early := time.time() < until - 0.02:
            fired["early"] += 1
        return is_early

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """Return {"left": faults, "fired": [{"collection", "request", "kind"}]}, in order; a rate_limited one also
        says how many requests came `early`, before its wait was over."""
        return {"left": [fault.model_dump(exclude_defaults=True) for fault in self.left], "fired": self.fired}


def seeded(seed: int, count: int, last_request: int = 8) -> list[dict[str, Any]]:
    """Return a script of `count` random faults among the first requests to each collection; the same for each seed."""
    roll, script = world.dice(71, seed), []
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
    """Return the faults of a JSON file, or of a list that stands in its place, such as []; what is none is one line.

    Raises:
        ServiceError: it cannot be read, or is no script; the line names the place.
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
