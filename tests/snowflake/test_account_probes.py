"""The list "what only an account can tell": the page has all of it, and every probe can fail."""

import re
from contextlib import contextmanager
from pathlib import Path

import pytest
from snowflake.connector.errors import ProgrammingError

from tools.snowflake_smoke.account_probes import QUESTIONS, ask_all, page
from tools.snowflake_smoke.question import Answer

PAGE = Path(__file__).parents[2] / "docs" / "snowflake.md"
PROBED = [one for one in QUESTIONS if one.probe]
# Items that must stay in the list.
ASKED = {
    "read_consistency", "rolled_back_copy", "column_beside_copy", "waiters_on_one_table", "update_after_wait",
    "replay_beside_states", "masked", "detached_transaction", "storage_integration", "types_of_copy",
    "overflow_refused", "session_parameters", "timestamps", "network_policy", "monitor_mails", "truncate_forgets",
    "grants_hold", "reporter_s_right", "roles_of_people",
}  # fmt: skip


class Indifferent:
    """An account that accepts every statement and returns nothing, or the same rows."""

    database, raw, mart, stage = "D", "D.SMOKE_RAW", "D.SMOKE_MART", "D.RAW.S/probes/"

    def __init__(self, rows: list[tuple]):
        self.answer = rows

    @contextmanager
    def session(self, role: str = "LOADER"):
        yield self

    def rows(self, sql: str) -> list[tuple]:
        return self.answer

    def shown(self, sql: str) -> list[dict]:
        row = {"name": "x", "value": "x", "kind": "TABLE", "retention_time": "7", "status": "HOLDING", "resource": "x"}
        return [row | {"privilege": "x", "grantee_name": "REPORTER"} for _ in self.answer]

    def put(self, name: str, columns: dict) -> None:
        pass

    def kill_in_transaction(self) -> str:
        return "LOAD_X_T1"

    def claim(self) -> None:
        pass


class Refusing(Indifferent):
    """An account that refuses every statement, or those of `of`, with these error numbers."""

    def __init__(self, errno: int | None = None, sqlstate: str | None = None, of: str = ""):
        self.errno, self.sqlstate, self.of, self.said = errno, sqlstate, of, []

    def rows(self, sql: str) -> list[tuple]:
        self.said.append(sql)
        if self.of in sql:
            raise ProgrammingError(msg="no", errno=self.errno, sqlstate=self.sqlstate)
        return []

    shown = rows


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("tools.snowflake_smoke.account_probes.time.sleep", lambda _: None)


@pytest.mark.parametrize("answer", [[], [("x",)], [(-1,), (-1,)]], ids=["nothing", "a word", "numbers"])
@pytest.mark.parametrize("one", PROBED, ids=lambda one: one.name)
def test_a_probe_is_not_content_with_any_answer(one, answer):
    assert one.ask(Indifferent(answer), is_account=True).is_wanted is False


@pytest.mark.parametrize("one", PROBED, ids=lambda one: one.name)
def test_a_probe_that_cannot_ask_is_not_content(one):
    """A broken session, a missing table, a syntax error: none of them is the expected error."""
    answer = one.ask(Refusing(604), is_account=True)
    assert (answer.is_wanted, "no" in answer.got) == (False, True)


def by_name(name: str):
    (found,) = [one for one in QUESTIONS if one.name == name]
    return found


class Grants(Refusing):
    """An account that refuses what `rights` do not name, as a role."""

    def __init__(self, *rights: str, errno: int = 3001):
        super().__init__(errno)
        self.rights = rights

    @contextmanager
    def session(self, role: str = "LOADER"):
        self.role = role
        yield self

    def rows(self, sql: str) -> list[tuple]:
        self.said.append(sql)
        if not any(f"{self.role} {sql}".startswith(right) for right in self.rights):
            raise ProgrammingError(msg="no", errno=self.errno)
        return []


@pytest.mark.parametrize(
    ("rights", "errno", "wanted"),
    [
        (["TRANSFORMER SELECT"], 3001, True),
        (["TRANSFORMER SELECT"], 2003, True),
        (["TRANSFORMER SELECT"], 604, False),  # cancelled
        (["TRANSFORMER SELECT", "TRANSFORMER CREATE", "TRANSFORMER DROP"], 3001, False),
        (["TRANSFORMER SELECT", "LOADER SELECT"], 3001, False),
        ([], 2003, None),  # no role sees a MART that does not exist
    ],
)  # fmt: skip
def test_grants_are_asked_of_the_real_schemas_and_a_right_has_to_be_what_is_missing(rights, errno, wanted):
    account = Grants(*rights, errno=errno)
    assert by_name("grants_hold").ask(account, is_account=True).is_wanted is wanted
    assert all(re.search(r" D\.(RAW|MART)\.", sql) for sql in account.said)
    left = [sql for sql in account.said if "CREATE" in sql and "TRANSFORMER CREATE" in rights]
    assert len([sql for sql in account.said if sql.startswith("DROP TABLE D.RAW.PROBE_NOT_MINE")]) == len(left)


@pytest.mark.parametrize(("sqlstate", "wanted"), [("22000", True), ("22003", True), ("42601", False), (None, False)])
def test_only_a_value_that_is_too_large_is_refused_for_it(sqlstate, wanted):
    account = Refusing(100078, sqlstate, of="INSERT")
    assert by_name("overflow_refused").ask(account, is_account=True).is_wanted is wanted


@pytest.mark.parametrize("name", ["session_parameters", "timestamps"])
@pytest.mark.parametrize(
    ("zone", "detached", "wanted"), [("UTC", "true", True), ("America/Los_Angeles", "false", False)]
)
def test_what_the_users_have_is_asked_not_what_a_client_sets(name, zone, detached, wanted):
    values = {"TIMEZONE": zone, "DETACHED": detached, "MAPPING": "TIMESTAMP_NTZ", "LOCK_TIMEOUT": "600"}

    class Users(Indifferent):
        def shown(self, sql: str) -> list[dict]:
            assert "FOR USER" in sql or "LOCK_TIMEOUT" in sql
            return [{"value": value} for key, value in values.items() if key in sql]

    assert by_name(name).ask(Users([]), is_account=True).is_wanted is wanted
    assert by_name(name).ask(Refusing(3001, of="FOR USER"), is_account=True).is_wanted is not True


@pytest.mark.parametrize(
    ("waiting", "count", "wanted"), [(16, 17, True), (8, 17, None), (16, 16, False), (8, 16, False)]
)
def test_sixteen_have_waited_at_once_or_nobody_knows(waiting, count, wanted):
    class Queue(Indifferent):
        def rows(self, sql: str) -> list[tuple]:
            return [(count,)]

        def shown(self, sql: str) -> list[dict]:
            held = [{"resource": "D.SMOKE_RAW.PROBE_QUEUE", "status": "HOLDING"}]
            return [held[0] | {"status": "WAITING"}] * waiting + held + [held[0] | {"resource": "D.SMOKE_RAW.X"}]

    assert by_name("waiters_on_one_table").ask(Queue([]), is_account=True).is_wanted is wanted


def test_the_stand_in_is_not_asked_what_it_cannot_know():
    for one in QUESTIONS:
        if not one.is_offline:
            assert one.ask(Refusing(), is_account=False).is_wanted is None


def test_one_wrong_answer_fails_the_run(monkeypatch):
    said = []
    monkeypatch.setattr("tools.snowflake_smoke.account_probes.QUESTIONS", QUESTIONS[:1])
    assert not ask_all(Indifferent([("SYSADMIN", "REPORT_WH")]), True, said.append)
    assert said[-1] == ("✗ Who is the loader's session? | wanted: LOADER, LOAD_WH | got: [('SYSADMIN', 'REPORT_WH')]")
    assert ask_all(Indifferent([("LOADER", "LOAD_WH")]), True, said.append)
    assert said[-1].startswith("✓ Who is the loader's session?")


def test_an_answer_that_is_not_needed_fails_nothing(monkeypatch):
    harmless = [one for one in QUESTIONS if not one.is_needed]
    names = {"read_consistency", "replay_beside_states", "column_beside_copy", "fence_is_transient"}
    assert {one.name for one in harmless} == names
    monkeypatch.setattr("tools.snowflake_smoke.account_probes.QUESTIONS", harmless)
    said = []
    assert ask_all(Refusing(604), True, said.append)
    assert [line[0] for line in said[2:]] == ["!"] * len(harmless)
    assert all("either case" in one.why or "any case" in one.why or "again" in one.why or "as safe" in one.why
               for one in harmless)  # fmt: skip


def test_the_list_is_whole():
    names = [one.name for one in QUESTIONS]
    assert len(set(names)) == len(names)
    assert set(names) >= ASKED
    assert isinstance(QUESTIONS[0].ask(Indifferent([]), True), Answer)


def test_the_page_has_the_list():
    """Written by `python -m tools.snowflake_smoke.account_probes`."""
    (found,) = re.findall(r"<!-- account -->\n(.*?)<!-- /account -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found == page()
