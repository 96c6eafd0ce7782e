"""A question to a Snowflake account: its statements, the wanted answer, and the probe that asks it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


class Session(Protocol):
    """One session on the warehouse, in autocommit mode."""

    def rows(self, sql: str) -> list[tuple]:
        """Run one statement and return its rows."""

    def shown(self, sql: str) -> list[dict[str, Any]]:
        """Run one statement and return its rows by the names of their columns, in lower case."""


class Account(Protocol):
    """What a probe works with: the database, the run's own RAW and MART, and a folder of the lake that it may write."""

    database: str
    raw: str
    mart: str
    stage: str

    def session(self, role: str = "LOADER") -> AbstractContextManager[Session]:
        """Open a session as LOADER or TRANSFORMER."""

    def put(self, name: str, columns: dict[str, Any]) -> None:
        """Write a Parquet file of these columns (name: PyArrow array) into the stage's folder."""

    def kill_in_transaction(self) -> str:
        """Write the fencing token in a process that is killed inside a transaction; return the transaction's name."""

    def claim(self) -> None:
        """Write the fencing token as the next run does."""


@dataclass(frozen=True)
class Answer:
    """An answer; `is_wanted` None: it could not be determined."""

    got: str
    is_wanted: bool | None


@dataclass(frozen=True)
class Question:
    """A question to an account.

    `sql` is run with {database}, {raw}, {mart} and {stage}; `why` says what depends on it and what holds in either
    case. `probe` None: a person looks. `is_offline`: the offline Snowflake can answer it. `is_needed`
    False: the platform is correct with any answer, and none fails the run.
    """

    name: str
    text: str
    sql: Sequence[str]
    wanted: str
    why: str
    probe: Callable[["Account", Sequence[str]], Answer] | None = None
    is_offline: bool = False
    is_needed: bool = True

    def ask(self, account: Account, is_account: bool) -> Answer:
        """Return the answer; a failure is an unwanted answer."""
        if self.probe is None:
            return Answer("a person looks", None)
        if not is_account and not self.is_offline:
            return Answer("only an account", None)
        names = {"database": account.database, "raw": account.raw, "mart": account.mart, "stage": account.stage}
        try:
            return self.probe(account, [one.format(**names) for one in self.sql])
        except Exception as error:  # noqa: BLE001  the table reports any error
            return Answer(" ".join(f"{type(error).__name__}: {error}".split())[:200], False)


QUESTIONS: list[Question] = []
Probe = Callable[[Account, Sequence[str]], Answer]


def question(
    text: str, *, sql: Sequence[str], wanted: str, why: str, is_offline: bool = False, is_needed: bool = True
) -> Callable[[Probe], Probe]:
    """Register a probe under its question."""

    def register(probe: Probe) -> Probe:
        QUESTIONS.append(Question(probe.__name__, text, sql, wanted, why, probe, is_offline, is_needed))
        return probe

    return register


def for_a_person(name: str, text: str, *, sql: Sequence[str], wanted: str, why: str) -> None:
    """Register a question that no service's session can answer."""
    QUESTIONS.append(Question(name, text, sql, wanted, why))


def equal(got: object, wanted: object) -> Answer:
    """Return the answer, wanted if both are equal."""
    return Answer(str(got), got == wanted)
