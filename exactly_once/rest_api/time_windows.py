"""One collection read as several windows of time in parallel: an API's answers take long, its rate limit permits more.

How the objects are spread over time is unknown. So the read begins as one window, open to the end, and a reader that is
free takes the later half of the window with the most left. Windows are half-open (since, until], so each object belongs
to exactly one, those that tie on a border too.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from exactly_once.process.parallel import Channel, produce
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from exactly_once.rest_api.values.timestamps import EPOCH, parse_time

MIN_PAGES_TO_SPLIT = 8  # that a window must still have before it is split: a border costs one request

Page = list[dict[str, Any]]
Work = Callable[[Channel[Page]], None]


@dataclass
class TimeWindow:
    """The times that one reader reads.

    `reached` is the time up to which it has read, `until` is None where the window is open to the end.
    """

    since: datetime
    until: datetime | None
    reached: datetime
    objects: int = 0
    is_done: bool = False

    def objects_left(self, now: datetime) -> float:
        """Return an estimate of the objects that are left, if they go on as they came."""
        seconds = (self.reached - self.since).total_seconds()
        ahead = ((self.until or now) - self.reached).total_seconds()
        return self.objects / seconds * ahead if seconds > 0 and not self.is_done else 0.0

    def split(self, now: datetime) -> "TimeWindow":
        """Return the later half of what is left as a window of its own, and keep the earlier one."""
        middle = self.reached + ((self.until or now) - self.reached) / 2
        later = TimeWindow(middle, self.until, middle)
        self.until = middle
        return later

    def take(self, page: Page, cursor: str) -> Page:
        """Return the objects of a page that belong to the window, and record how far it has come."""
        last = parse_time(page[-1][cursor])
        if self.until and last > self.until:
            page = [item for item in page if parse_time(item[cursor]) <= self.until]
            self.is_done = True
        if not self.objects and page and self.since == EPOCH:
            self.since = parse_time(page[0][cursor])  # there is nothing before it
        self.reached = max(self.reached, min(last, self.until or last))
        self.objects += len(page)
        return page


class ParallelTimeWindows:
    """One read of one collection; iterate once. An error in one window ends the read.

    Args:
        pages: returns the pages of what is later than a time, ISO-8601, ascending; of all objects where it is None.
        cursor: the field that holds the time.
        max_windows: at the same time; 1: the collection is read from its beginning to its end.
        page_size: objects in a full page.
        limiter: while it throttles, no window is split; None: there is no rate limit.
    """

    def __init__(
        self,
        pages: Callable[[str | None], Iterator[Page]],
        cursor: str,
        max_windows: int,
        page_size: int,
        limiter: AdaptiveRateLimiter | None,
    ) -> None:
        self._pages, self._cursor, self._limiter = pages, cursor, limiter
        self._max_windows = max_windows
        self._min_objects = MIN_PAGES_TO_SPLIT * page_size
        self._windows: list[TimeWindow] = []
        self._changed = threading.Condition()
        self._is_stopped = False

    def read(self, since: str | None) -> Iterator[Page]:
        """Yield the pages of all that is later than `since`: the first page first, the others as they come.

        None reads from the beginning.
        """
        pages = self._pages(since)
        if self._max_windows == 1:
            yield from pages
            return
        began = parse_time(since) if since else EPOCH
        window = TimeWindow(began, None, began)
        self._windows.append(window)
        for page in pages:  # with one page, or none, there is nothing to split
            if page:
                yield window.take(page, self._cursor)
                break
        first: Work = partial(self._work, window=window, pages=pages)
        others: list[Work] = [self._work] * (self._max_windows - 1)
        try:
            yield from produce([first, *others], name="time-window")
        finally:
            with self._changed:
                self._is_stopped = True
                self._changed.notify_all()

    def _work(
        self, channel: Channel[Page], window: TimeWindow | None = None, pages: Iterator[Page] | None = None
    ) -> None:
        while window := window or self._steal_work():
            self._read(channel, window, pages or self._pages(window.since.astimezone(UTC).isoformat()))
            window = pages = None

    def _steal_work(self) -> TimeWindow | None:
        """Wait for a window that is worth splitting, and return its later half; None when nothing is left to read."""
        with self._changed:
            while not self._is_stopped and not all(window.is_done for window in self._windows):
                now = datetime.now(UTC)
                fullest = max(self._windows, key=lambda window: window.objects_left(now))
                is_throttling = self._limiter is not None and self._limiter.is_throttling
                if fullest.objects_left(now) >= self._min_objects and not is_throttling:
                    self._windows.append(fullest.split(now))
                    return self._windows[-1]
                self._changed.wait()
        return None

    def _read(self, channel: Channel[Page], window: TimeWindow, pages: Iterator[Page]) -> None:
        for page in pages:
            channel.check()
            if not page:
                continue
            with self._changed:
                own = window.take(page, self._cursor)
                self._changed.notify_all()
            if own:
                channel.put(own)
            if window.is_done:
                break
        with self._changed:
            window.is_done = True
            self._changed.notify_all()
