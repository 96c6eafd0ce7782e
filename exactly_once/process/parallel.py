"""One iterator over what several threads produce; an error of one ends all, and so does whoever stops to iterate."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Generic, TypeVar

T = TypeVar("T")
TICK = 0.05  # seconds between two looks at whether the iteration has stopped


class Stopped(BaseException):
    """The iteration has stopped; it ends the work of a producer and is no error."""


class Channel(Generic[T]):
    """What producers and the iterator share.

    Args:
        size: items that wait at most; a producer that has another one waits.
    """

    def __init__(self, size: int) -> None:
        self._items: queue.Queue[T | _End] = queue.Queue(size)
        self._is_stopped = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Tell whether nobody wants another item."""
        return self._is_stopped.is_set()

    def check(self) -> None:
        """Let the work go on.

        Raises:
            Stopped: nobody wants another item.
        """
        if self.is_stopped:
            raise Stopped

    def put(self, item: T) -> None:
        """Hand over an item; wait while too many others wait.

        Raises:
            Stopped: nobody wants it.
        """
        self._put(item)

    def _put(self, item: "T | _End") -> None:
        while not self.is_stopped:
            try:
                return self._items.put(item, timeout=TICK)
            except queue.Full:
                continue
        raise Stopped

    def run(self, work: "Callable[[Channel[T]], None]") -> None:
        """Run one producer and report how it ended."""
        end = _End()
        with suppress(Stopped):
            try:
                work(self)
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001  the iterator raises it
                end = _End(error)
            self._put(end)

    def items(self, producers: int) -> Iterator[T]:
        """Yield items until every producer has ended."""
        while producers:
            item = self._items.get()
            if not isinstance(item, _End):
                yield item
            elif item.error:
                raise item.error
            else:
                producers -= 1

    def stop(self) -> None:
        """Let every producer end at its next item."""
        self._is_stopped.set()


class _End:
    """The end of one producer, with its error."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def produce(
    producers: Iterable[Callable[[Channel[T]], None]],
    waiting: int = 2,
    on_stop: Callable[[], None] | None = None,
    name: str = "producer",
) -> Iterator[T]:
    """Run producers in threads of their own and yield what they put into the channel, as it comes.

    The threads see this thread's context variables. Without `on_stop` a producer that waits for a network answer is
    left to end by itself.

    Args:
        producers: each is called with the channel.
        waiting: finished items of each producer that wait at most.
        on_stop: called again and again at the end until every thread has ended, e.g. to cancel their statements.
        name: of the threads.

    Raises:
        BaseException: the first error of a producer.
    """
    works = list(producers)
    channel: Channel[T] = Channel(waiting * len(works))
    threads = [
        threading.Thread(target=copy_context().run, args=(channel.run, work), name=f"{name}-{number}", daemon=True)
        for number, work in enumerate(works)
    ]
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
        yield from channel.items(len(threads))
    finally:
        channel.stop()
        while on_stop and (alive := [thread for thread in started if thread.is_alive()]):
            on_stop()
            alive[0].join(TICK)
