"""Several threads behind one iterator: nothing is lost, an error ends all, and stopping leaves no thread."""

import threading
import time

import pytest

from exactly_once.process.parallel import produce


def counting(first, many):
    def work(channel):
        for number in range(first, first + many):
            channel.put(number)

    return work


def test_every_item_of_every_producer_comes_once():
    assert sorted(produce([counting(0, 100), counting(100, 50), counting(150, 0)])) == list(range(150))


def test_an_error_of_one_ends_all():
    def fails(channel):
        raise ValueError("no")

    def endless(channel):
        while True:
            channel.put(1)

    with pytest.raises(ValueError, match="no"):
        list(produce([endless, fails], on_stop=lambda: None, name="erring"))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("erring")]


def test_whoever_stops_cancels_what_waits():
    is_cancelled = threading.Event()

    def waits(channel):
        channel.put(1)
        is_cancelled.wait(30)
        channel.check()
        raise AssertionError("it went on")

    items = produce([waits], on_stop=is_cancelled.set, name="stopping")
    assert next(items) == 1
    began = time.monotonic()
    items.close()
    assert time.monotonic() - began < 5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stopping")]


def test_no_more_items_wait_than_was_said():
    made = []

    def work(channel):
        for number in range(100):
            made.append(number)
            channel.put(number)

    items = produce([work], waiting=2)
    next(items)
    time.sleep(0.3)
    assert len(made) <= 5
    items.close()
