"""What a load says once about an endpoint: values that RAW holds in another form, and objects from the future."""

import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any


class Notices:
    """The notices of one endpoint in one load; safe for threads.

    Args:
        table: of RAW, for the lines.
        key: the field that identifies an object.
    """

    def __init__(self, table: str, key: str) -> None:
        self._table, self._key = table, key
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], Any] = {}
        self._date: datetime | None = None

    def note_surrogate(self, field: str, key: Any) -> None:
        """Count a text that held half of a surrogate pair."""
        what = r"text with half of a surrogate pair, which lands as the six characters of its escape, e.g. \ud83d"
        self._note(field, what, key)

    def note_cut(self, field: str, key: Any) -> None:
        """Count a time with digits below a microsecond."""
        self._note(field, "time with digits below a microsecond, which RAW does not hold", key)

    def note_rounded(self, field: str, key: Any) -> None:
        """Count a number with more digits than the double that ENDPOINTS declares."""
        self._note(field, "number with more digits than the double that ENDPOINTS declares", key)

    def note_future(self, field: str, key: Any) -> None:
        """Count an object whose cursor is later than the server's clock."""
        self._note(field, "time that is later than the server's clock, so that the saved cursor stays behind it", key)

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

    def _note(self, field: str, what: str, key: Any) -> None:
        with self._lock:
            self._counts[field, what] += 1
            self._first.setdefault((field, what), key)
