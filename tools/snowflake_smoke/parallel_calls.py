"""Statements of several sessions at the same time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

LONG = 60.0  # seconds: longer than any probe


class Running:
    """Calls that run in parallel."""

    def __init__(self, calls: Sequence[Callable[[], Any]]) -> None:
        self.results: list[Any] = [None] * len(calls)
        self.errors: list[BaseException | None] = [None] * len(calls)
        self.threads = [
            threading.Thread(target=self._run, args=(place, call), daemon=True) for place, call in enumerate(calls)
        ]

    def _run(self, place: int, call: Callable[[], Any]) -> None:
        try:
            self.results[place] = call()
        except Exception as error:  # noqa: BLE001  the probe reports it
            self.errors[place] = error

    def is_any_left(self) -> bool:
        """Return whether any call is still running."""
        return any(thread.is_alive() for thread in self.threads)

    def result(self, place: int) -> Any:
        """Return what a call returned.

        Raises:
            Exception: that it failed with.
        """
        if error := self.errors[place]:
            raise error
        return self.results[place]


@contextmanager
def at_once(calls: Sequence[Callable[[], Any]]) -> Iterator[Running]:
    """Start calls in parallel and wait for them at the end of the `with`."""
    running = Running(calls)
    for thread in running.threads:
        thread.start()
    yield running
    for thread in running.threads:
        thread.join(LONG)
