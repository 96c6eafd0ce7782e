"""The list "what only an account can tell": the page has it whole, and every probe can come out wrong."""

import re
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.snowflake.account_probes import QUESTIONS, Answer, ask_all, page

PAGE = Path(__file__).parents[2] / "docs" / "snowflake.md"
PROBED = [one for one in QUESTIONS if one.probe]
# The items that the review named: none of them may leave the list unseen.
ASKED = {
    "read_consistency", "rolled_back_copy", "column_beside_copy", "waiters_on_one_table", "update_after_wait",
    "replay_beside_states", "masked", "detached_transaction", "storage_integration", "types_of_copy",
    "overflow_refused", "session_parameters", "timestamps", "network_policy", "monitor_mails",
}  # fmt: skip


class Indifferent:
    """An account that takes every statement and says nothing, or the same to all."""

    raw, mart, stage = "D.RAW", "D.MART", "D.RAW.S/probes/"

    def __init__(self, rows: list[tuple]):
        self.answer = rows

    @contextmanager
    def session(self, role: str = "LOADER"):
        yield self

    def rows(self, sql: str) -> list[tuple]:
        return self.answer

    def shown(self, sql: str) -> list[dict]:
        return [{"name": "x", "value": "x", "kind": "TABLE", "retention_time": "7"} for _ in self.answer]

    def put(self, name: str, columns: dict) -> None:
        pass

    def kill_in_transaction(self) -> str:
        return "LOAD_X_T1"

    def claim(self) -> None:
        pass


class Refusing(Indifferent):
    """An account that refuses every statement."""

    def rows(self, sql: str) -> list[tuple]:
        raise RuntimeError("no")

    shown = rows


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("tests.snowflake.account_probes.time.sleep", lambda _: None)


@pytest.mark.parametrize("answer", [[], [("x",)], [(-1,), (-1,)]], ids=["nothing", "a word", "numbers"])
@pytest.mark.parametrize("one", PROBED, ids=lambda one: one.name)
def test_a_probe_is_not_content_with_any_answer(one, answer):
    assert one.ask(Indifferent(answer), is_account=True).is_wanted is False


@pytest.mark.parametrize("one", [one for one in PROBED if "refused" not in one.wanted], ids=lambda one: one.name)
def test_a_probe_that_cannot_ask_is_not_content(one):
    answer = one.ask(Refusing([]), is_account=True)
    assert (answer.is_wanted, "RuntimeError: no" in answer.got or "refused" in answer.got) == (False, True)


def test_the_stand_in_is_not_asked_what_it_cannot_know():
    for one in QUESTIONS:
        if not one.is_offline:
            assert one.ask(Refusing([]), is_account=False).is_wanted is None


def test_one_wrong_answer_fails_the_run(monkeypatch):
    said = []
    monkeypatch.setattr("tests.snowflake.account_probes.QUESTIONS", QUESTIONS[:1])
    assert not ask_all(Indifferent([("SYSADMIN", "REPORT_WH")]), True, said.append)
    assert said[-1] == ("✗ Who is the loader's session? | wanted: LOADER, LOAD_WH | got: [('SYSADMIN', 'REPORT_WH')]")
    assert ask_all(Indifferent([("LOADER", "LOAD_WH")]), True, said.append)
    assert said[-1].startswith("✓ Who is the loader's session?")


def test_the_list_is_whole():
    names = [one.name for one in QUESTIONS]
    assert len(set(names)) == len(names)
    assert set(names) >= ASKED
    assert isinstance(QUESTIONS[0].ask(Indifferent([]), True), Answer)


def test_the_page_has_the_list():
    """Written by `python -m tests.snowflake.account_probes`."""
    (found,) = re.findall(r"<!-- account -->\n(.*?)<!-- /account -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found == page()
