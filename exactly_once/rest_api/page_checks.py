"""What the objects of a read must have: a key each, cursors that ascend, and keys without half a surrogate pair."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.transport.read_errors import ReadErrors
from exactly_once.rest_api.values.notices import Notices
from exactly_once.rest_api.values.timestamps import parse_time, subtract
from exactly_once.spec import nearest

MAX_EMPTY_PAGES = 100  # in a row; an API that sends more does not come to an end
MAX_KEY = 2**63 - 1

Objects = Sequence[Mapping[str, Any]]


class PageChecks:
    """The checks of one read, page by page; a page counts once it is committed.

    Args:
        endpoint: key and cursor are used.
        errors: of the read.
        notices: where texts with half of a surrogate pair are counted; None: nowhere.
    """

    def __init__(self, endpoint: Endpoint, errors: ReadErrors, notices: Notices | None) -> None:
        self._endpoint, self._errors, self._notices = endpoint, errors, notices
        self._declared_in = errors.info.declared_in
        self.last: datetime | None = None  # cursor of the last object that came
        self._next_last: datetime | None = None
        self._empty_pages = 0

    def check(self, objects: Objects) -> None:
        """Check the objects of the next page.

        Raises:
            PaginationError: the pages do not fit together.
            TableError: an object has no usable key or cursor.
        """
        for number, item in enumerate(objects):
            if not isinstance(item, dict):
                raise self._errors.refused(f"the value at place {number + 1} of the page is no object")
        times = self._times(objects)
        if times and (times != sorted(times) or (self.last and times[0] < self.last)):
            raise self._errors.failed(
                f"objects are not in the order of {self._endpoint.cursor}, so that a page may be missing"
            )
        self._check_keys(objects, times)
        self._empty_pages = 0 if objects else self._empty_pages + 1
        if self._empty_pages > MAX_EMPTY_PAGES:
            raise self._errors.failed(f"more than {MAX_EMPTY_PAGES} pages in a row are empty")
        self._next_last = times[-1] if times else self.last

    def check_surrogates(self, objects: Objects, paths: Sequence[tuple[Any, ...]]) -> None:
        """Refuse half of a surrogate pair in a key, and count the others.

        Args:
            objects: of the page.
            paths: of the texts that have one: place of the object, field, and what lies below.
        """
        for place, field, *inner in paths:
            # As its escape it might be another object's key.
            if field == self._endpoint.key and not inner:
                raise self._errors.refused(
                    f"the object at place {place + 1} has half of a surrogate pair in its {field}"
                )
            if self._notices:
                self._notices.note_surrogate(str(field), objects[place])

    def commit(self) -> None:
        """Take the checked page as read."""
        self.last = self._next_last

    def step_back(self, overlap: timedelta) -> datetime | None:
        """Return the time from which the read goes on after a restart; None: from its beginning."""
        self.last = subtract(self.last, overlap) if self.last else None
        return self.last

    def _times(self, objects: Objects) -> list[datetime]:
        """Return the cursor of each object; nothing for an endpoint without one."""
        if self._endpoint.cursor is None:
            return []
        times = []
        for number, item in enumerate(objects):
            text: Any = item.get(self._endpoint.cursor)
            try:
                times.append(parse_time(text))
            except (TypeError, ValueError) as error:
                what = f"{text!r}, which is no time with a zone in the years 1 to 9999" if text is not None else "none"
                raise self._errors.refused(
                    f"{self._object(item, number)} has {self._endpoint.cursor} {what}: "
                    f"{_meant(self._endpoint.cursor, item)}name another cursor in {self._declared_in}, or ask the "
                    "vendor to fix it"
                ) from error
        return times

    def _check_keys(self, objects: Objects, times: list[datetime]) -> None:
        name = self._endpoint.key
        first_places: dict[Any, int] = {}
        for number, item in enumerate(objects):
            key = item.get(name)
            if type(key) is not str and (type(key) is not int or abs(key) > MAX_KEY):
                what = "no" if key is None else f"{str(key)[:60]!r} ({type(key).__name__}) as"
                raise self._errors.refused(
                    f"{self._object(item, number)} has {what} {name}, which is its key in {self._declared_in} and must "
                    f"be a text or an integer of 64 bits: {_meant(name, item)}name another, or ask the vendor to fix it"
                )
            if type(key) is str and "\0" in key:
                raise self._errors.refused(
                    f"{self._object(item, number)} has a NUL in {name}, which no warehouse takes in a look-up: ask the "
                    "vendor to fix it"
                )
            first = first_places.setdefault(key, number)
            is_same_time = not times or times[first] == times[number]
            if first != number and is_same_time and objects[first] != item:
                same = f"with the same {self._endpoint.cursor}" if times else "in one page"
                raise self._errors.refused(
                    f"{name} {key!r} comes twice {same} and different values, so that nobody knows which is the newer "
                    "one: ask the vendor"
                )

    def _object(self, item: Mapping[str, Any], number: int) -> str:
        key = item.get(self._endpoint.key)
        return f"the object at place {number + 1}" if key is None else f"{self._endpoint.key} {str(key)[:60]!r}"


def _meant(field: str, item: Mapping[str, Any]) -> str:
    """Return what may have been meant by a field that an object lacks, to be put before the next step; else nothing."""
    parts = [part.strip() for part in field.split(",")]
    if field not in item and len(parts) > 1 and set(parts) <= item.keys():
        return f"{field!r} are {len(parts)} fields, and it takes one; "
    near = nearest(field, item) if field not in item else None
    return f"did you mean {near}? If not, " if near else ""
