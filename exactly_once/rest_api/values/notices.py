"""What a load says once about an endpoint: values that RAW holds in another form, and objects from the future."""

import sys
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from exactly_once.rest_api.values.timestamps import parse_time


class Notices:
    """The notices of one endpoint in one load; safe for threads.

    Args:
        table: of RAW, for the lines.
        key: the field that identifies an object.
        cursor: the field that holds its time.
    """

    def __init__(self, table: str, key: str, cursor: str) -> None:
        self._table, self._key, self._cursor = table, key, cursor
        self._saved: datetime | None = None
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], Any] = {}
        self._date: datetime | None = None

    def begin(self, saved: datetime) -> None:
        """Count only in objects that are later than the saved cursor: an earlier load has said the others."""
        self._saved = saved

    def note_surrogate(self, field: str, item: Mapping[str, Any]) -> None:
        """Count a text that held half of a surrogate pair."""
        what = r"text with half of a surrogate pair, which lands as the six characters of its escape, e.g. \ud83d"
        self._note(field, what, item)

    def note_truncated(self, field: str, item: Mapping[str, Any]) -> None:
        """Count a time with digits below a microsecond."""
        self._note(field, "time with digits below a microsecond, which RAW does not hold", item)

    def note_rounded(self, field: str, item: Mapping[str, Any]) -> None:
        """Count a number with more digits than the double that ENDPOINTS declares."""
        self._note(field, "number with more digits than the double that ENDPOINTS declares", item)

    def note_future(self, field: str, item: Mapping[str, Any]) -> None:
        """Count an object whose cursor is later than the server's clock."""
        self._note(field, "time that is later than the server's clock, so that the saved cursor stays behind it", item)

    def note_date(self, date: datetime | None) -> None:
        """Take note of a server's clock, or that an answer does not tell it."""
        date = date or datetime.now(UTC)
        with self._lock:
            self._date = max(self._date or date, date)

    @property
    def date(self) -> datetime:
        """The latest time of the server's clock, ours where it told none."""
        return self._date or datetime.now(UTC)

    def say(self) -> None:
        """Print a line for each field and kind on standard error, and forget them."""
        with self._lock:
            counts, first = self._counts, self._first
            self._counts, self._first = Counter(), {}
        for (field, what), count in counts.items():
            place = f"first in {self._key} {str(first[field, what])[:60]!r}"
            print(f"⚠ {self._table}.{field}: {count:,} x a {what} ({place})", file=sys.stderr)

    def _note(self, field: str, what: str, item: Mapping[str, Any]) -> None:
        if self._saved and parse_time(item[self._cursor]) <= self._saved:
            return
        with self._lock:
            self._counts[field, what] += 1
            self._first.setdefault((field, what), item[self._key])
