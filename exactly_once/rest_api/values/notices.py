"""What a load reports once about an endpoint: values that RAW holds in another form, and objects from the future."""

import sys
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.values.timestamps import parse_time
from exactly_once.source_info import SourceInfo


class Notices:
    """The notices of one endpoint in one load; safe for threads.

    Args:
        table: of RAW, for the lines.
        endpoint: its key and cursor are used.
        info: of the source.
    """

    def __init__(self, table: str, endpoint: Endpoint, info: SourceInfo) -> None:
        self._table, self._key, self._cursor = table, endpoint.key, endpoint.cursor
        self._declared_in = info.declared_in
        self._saved: datetime | None = None
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], Any] = {}
        self._date: datetime | None = None

    def start(self, saved: datetime) -> None:
        """Count only objects that are later than the saved cursor: an earlier load has reported the others."""
        self._saved = saved

    def note_surrogate(self, field: str, item: Mapping[str, Any]) -> None:
        """Count a text that held half of a surrogate pair."""
        what = r"text with half of a surrogate pair, which is loaded as the six characters of its escape, e.g. \ud83d"
        self._note(field, what, item)

    def note_truncated(self, field: str, item: Mapping[str, Any]) -> None:
        """Count a time with digits below a microsecond."""
        self._note(field, "time with digits below a microsecond, which RAW does not hold", item)

    def note_rounded(self, field: str, item: Mapping[str, Any]) -> None:
        """Count a number with more digits than its declared double."""
        self._note(field, f"number with more digits than the double that {self._declared_in} declares", item)

    def note_future(self, field: str, item: Mapping[str, Any]) -> None:
        """Count an object whose cursor is later than the server's clock."""
        self._note(field, "time that is later than the server's clock, so that the saved cursor stays behind it", item)

    def note_date(self, date: datetime | None) -> None:
        """Record the server's clock; None: an answer does not tell it."""
        date = date or datetime.now(UTC)
        with self._lock:
            self._date = max(self._date or date, date)

    @property
    def date(self) -> datetime:
        """The latest time of the server's clock, this machine's where the server told none."""
        return self._date or datetime.now(UTC)

    def report(self) -> None:
        """Print a line for each field and kind of notice on standard error, and forget them."""
        with self._lock:
            counts, first = self._counts, self._first
            self._counts, self._first = Counter(), {}
        for (field, what), count in counts.items():
            place = f"first in {self._key} {str(first[field, what])[:60]!r}"
            print(f"⚠ {self._table}.{field}: {count:,} x a {what} ({place})", file=sys.stderr)

    def _note(self, field: str, what: str, item: Mapping[str, Any]) -> None:
        if self._saved and self._cursor and parse_time(item[self._cursor]) <= self._saved:
            return
        with self._lock:
            self._counts[field, what] += 1
            self._first.setdefault((field, what), item[self._key])
