"""Progress: the step of a load and its rows, in a line every few seconds, only if asked for."""

import re
import time
from collections.abc import Iterator
from contextlib import nullcontext

import dlt
import pytest

from exactly_once.process import progress
from pipelines import saas
from pipelines.loading import load as load_source
from tests.support.api_platform import api  # noqa: F401
from tests.support.json_vendor import answer

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An environment `local` of its own, in which progress is shown often."""
    (tmp_path / "services.json").write_text('{"shop": "here"}')
    monkeypatch.setenv("MAILBLAZE_ENV", "local")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(progress, "FIRST", 0.01)
    monkeypatch.setattr(progress, "EVERY", 0.01)
    monkeypatch.setattr(progress, "_speaks", True)
    return tmp_path


@dlt.source(name="shop")
def shop(err) -> dlt.sources.DltResource:
    """Yield rows until a line says that some were read."""

    @dlt.resource(name="orders")
    def orders() -> Iterator[list[dict]]:
        said, until = "", time.monotonic() + 60
        while not re.search(r"shop: reading orders: [\d,]+ rows, [\d,]+ rows/s", said) and time.monotonic() < until:
            yield [{"id": number} for number in range(100)]
            said += err()

    return orders


def test_a_load_says_what_it_reads_and_how_fast(folder, capsys):
    said: list[str] = []

    def err() -> str:
        said.append(capsys.readouterr().err)
        return said[-1]

    load_source("shop", lambda: nullcontext(shop(err)))
    err()
    lines = "".join(said).splitlines()
    assert any(re.fullmatch(r" +\d+\.\d s  shop: reading orders: [\d,]+ rows, [\d,]+ rows/s.*", line) for line in lines)
    assert all(re.match(r" +\d+\.\d s  shop: ", line) for line in lines), lines
    assert not any("\x1b" in line or "\r" in line for line in lines)


def test_a_load_that_was_told_to_be_quiet_says_nothing(folder, capsys, monkeypatch):
    monkeypatch.setattr(progress, "_speaks", None)
    progress.speak(quiet=True)
    progress.speak()  # the flow inside of the command
    ends = time.monotonic() + 0.3

    def err() -> str:
        return "" if time.monotonic() < ends else "shop: reading orders: 1 rows, 1 rows/s"

    load_source("shop", lambda: nullcontext(shop(err)))
    assert capsys.readouterr().err == ""


def test_a_run_hears_the_lines_of_threads_too(folder, capsys):
    heard: list[str] = []
    progress.heard_by(heard.append, is_printed=False)
    try:
        with progress.ticking(lambda: "still at it"):
            until = time.monotonic() + 30
            while not heard and time.monotonic() < until:
                time.sleep(0.01)
    finally:
        progress._listener.set(None)
    assert heard[0] == "still at it"
    assert capsys.readouterr().err == ""


def test_another_attempt_says_that_it_is_one_and_why(api, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setattr(progress, "_speaks", True)
    api.vendor.put("items", {"id": 1})
    api.vendor.answers["items"] = [answer(503)]
    saas.load()
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "trying again" in line]
    assert re.search(r"saas: items: 503 .*; trying again in \d+ s \(attempt 2 of \d+\)", line)
    assert api.values("id") == [1]
