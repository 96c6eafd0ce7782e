"""One collection read as several windows of time side by side: an API's answers take long, its limit permits more.

Nobody knows how its objects lie in time. So the read begins as one window, open to the end, and a reader that is free
takes the later half of whatever window has most before it. A window is (since, until]: it asks for what is later than
its beginning, and leaves alone what lies past its end, where the next one asks for what is later. So each object is in
one window, those that tie on a border too.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from exactly_once.rest_api.values.timestamps import parse_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MIN_PAGES_TO_SPLIT = 8  # pages that a window must still have before it is divided: a border costs one request

Pages = Iterator[list[dict[str, Any]]]


@dataclass
class TimeWindow:
    """The times that one reader reads; `at` is where it stands, `until` None where it is open to the end."""

    since: datetime
    until: datetime | None
    at: datetime
    objects: int = 0
    is_done: bool = False

    def left(self, now: datetime) -> float:
        """Return about how many objects lie before the reader, if they go on as they came."""
        seconds = (self.at - self.since).total_seconds()
        before = ((self.until or now) - self.at).total_seconds()
        return self.objects / seconds * before if seconds > 0 and not self.is_done else 0.0

    def split(self, now: datetime) -> "TimeWindow":
        """Give the later half of what lies before the reader away."""
        middle = self.at + ((self.until or now) - self.at) / 2
        given = TimeWindow(middle, self.until, middle)
        self.until = middle
        return given

    def take(self, page: list[dict[str, Any]], cursor: str) -> list[dict[str, Any]]:
        """Return the objects of a page that are the window's own, and go on behind them."""
        last = parse_time(page[-1][cursor])
        if self.until and last > self.until:
            page = [item for item in page if parse_time(item[cursor]) <= self.until]
            self.is_done = True
        if not self.objects and page and self.since == EPOCH:
            self.since = parse_time(page[0][cursor])  # before it there was nothing
        self.at = max(self.at, min(last, self.until or last))
        self.objects += len(page)
        return page


class ParallelTimeWindows:
    """One read of one collection; iterate once. An error in one window ends the read.

    Args:
        pages: returns the pages of what is later than a time, ISO-8601, ascending; of all objects where it is None.
        cursor: the field that holds the time.
        most: windows at the same time; 1: the collection is read from its beginning to its end.
        page_size: objects in a full page.
        quota: while it is what binds, no window is divided.
    """

    def __init__(
        self, pages: Callable[[str | None], Pages], cursor: str, most: int, page_size: int, quota: AdaptiveRateLimiter
    ) -> None:
        self._pages, self._cursor, self._quota = pages, cursor, quota
        self._most = most
        self._worth = MIN_PAGES_TO_SPLIT * page_size
        self._windows: list[TimeWindow] = []
        self._changed = threading.Condition()
        self._is_stopped = False
        self._finished: queue.Queue[list[dict] | BaseException | None] = queue.Queue(2 * most)

    def read(self, since: str | None) -> Pages:
        """Yield the pages of all that is later than `since`; the first one first, the others as they come.

        None reads from the beginning.
        """
        pages = self._pages(since)
        if self._most == 1:
            yield from pages
            return
        began = parse_time(since) if since else EPOCH
        window = TimeWindow(began, None, began)
        self._windows.append(window)
        for page in pages:  # with one page, or none, there is nothing to divide
            if page:
                yield window.take(page, self._cursor)
                break
        threads = [self._thread(window, pages)]
        threads += [self._thread() for _ in range(self._most - 1)]
        try:
            for thread in threads:
                thread.start()
            for _ in threads:
                while (item := self._finished.get()) is not None:
                    if isinstance(item, BaseException):
                        raise item
                    yield item
        finally:
            with self._changed:
                self._is_stopped = True
                self._changed.notify_all()

    def _thread(self, *arguments: Any) -> threading.Thread:
        # Its lines of progress go where those of this thread go.
        return threading.Thread(target=copy_context().run, args=(self._work, *arguments), daemon=True)

    def _work(self, window: TimeWindow | None = None, pages: Pages | None = None) -> None:
        try:
            while window := window or self._given():
                self._read(window, pages or self._pages(window.since.astimezone(UTC).isoformat()))
                window = pages = None
        except BaseException as error:  # noqa: BLE001  whoever iterates raises it
            self._put(error)
        else:
            self._put(None)

    def _given(self) -> TimeWindow | None:
        """Wait for a window that is worth dividing, and return its half; None when there is nothing left to read."""
        with self._changed:
            while not self._is_stopped and not all(window.is_done for window in self._windows):
                now = datetime.now(UTC)
                fullest = max(self._windows, key=lambda window: window.left(now))
                if fullest.left(now) >= self._worth and not self._quota.is_throttling:
                    self._windows.append(fullest.split(now))
                    return self._windows[-1]
                self._changed.wait()
        return None

    def _read(self, window: TimeWindow, pages: Pages) -> None:
        for page in pages:
            if self._is_stopped:
                return
            if not page:
                continue
            with self._changed:
                own = window.take(page, self._cursor)
                self._changed.notify_all()
            if own:
                self._put(own)
            if window.is_done:
                break
        with self._changed:
            window.is_done = True
            self._changed.notify_all()

    def _put(self, item: list[dict] | BaseException | None) -> None:
        while not self._is_stopped:
            try:
                return self._finished.put(item, timeout=0.1)
            except queue.Full:
                continue
