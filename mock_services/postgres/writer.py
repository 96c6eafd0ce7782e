"""One writer of trouble: a connection that survives cuts, and transactions that are done exactly once."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg2

from mock_services.errors import ServiceError
from mock_services.postgres.writes import Plan

APPLICATION = "mailblaze writers"
PATIENCE = 60  # seconds in which a server that was cut off must answer again
KINDS = ("inserted", "updated", "deleted")


@dataclass
class Tally:
    """What writers did: transactions committed and rolled back, and the rows of each table that committed.

    `undone` are rows that a rollback, whole or to a savepoint, took back; `retried` counts transactions that were cut
    off and tried again. Memberships that went with their contact are not counted.
    """

    committed: int = 0
    rolled_back: int = 0
    retried: int = 0
    undone: int = 0
    inserted: Counter = field(default_factory=Counter)
    updated: Counter = field(default_factory=Counter)
    deleted: Counter = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Add what another one counted."""
        for name in ("committed", "rolled_back", "retried", "undone"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind in KINDS:
            getattr(self, kind).update(getattr(other, kind))

    def undo(self) -> None:
        """Turn a transaction that would have committed into one that was rolled back."""
        self.undone += sum(getattr(self, kind).total() for kind in KINDS)
        self.committed, self.rolled_back = 0, 1
        self.inserted, self.updated, self.deleted = Counter(), Counter(), Counter()

    def __str__(self) -> str:
        rows = ", ".join(f"{getattr(self, kind).total():,} {kind}" for kind in KINDS)
        return (
            f"{self.committed:,} transactions committed, {self.rolled_back:,} rolled back,"
            f" {self.retried:,} tried again after a cut; rows: {rows}, {self.undone:,} undone"
        )


class Writer:
    """One connection, made anew when it is cut; `longest` is in seconds, `ending` cuts every pause short."""

    def __init__(self, url: str, longest: float, ending: threading.Event):
        self.url, self.longest, self.ending = url, longest, ending
        self.tally = Tally()
        self._connection, self._lost_at = None, None

    def do(self, plan: Plan, line: tuple[int, int, int]) -> None:
        """Do one transaction; one that was cut off is done again, unless its line shows that it had committed.

        Args:
            line: run, writer and number, which it leaves in `simulation.commits`.

        Raises:
            ServiceError: the server did not come back.
        """
        attempt, retried = Tally(), 0
        while True:
            try:
                with self._open().cursor() as cursor:
                    cursor.execute("select from simulation.commits where (run, writer, number) = (%s, %s, %s)", line)
                    if not cursor.rowcount:
                        attempt = self._write(cursor, plan)
                        # Last, so that its committed_at is that of the transaction.
                        cursor.execute("insert into simulation.commits values (%s, %s, %s)", line)
                self._connection.rollback() if plan.is_rolled_back else self._connection.commit()
                self._lost_at = None
                break
            except psycopg2.Error as error:
                self._forgive(error)
                retried += 1
        if plan.is_rolled_back:
            attempt.undo()
        attempt.retried = retried
        self.tally.add(attempt)

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write(self, cursor, plan: Plan) -> Tally:
        attempt, held = Tally(committed=1), self.longest * plan.held
        for step in plan.steps:
            # The transaction is open already: the rows' updated_at lies before the pause.
            self.ending.wait(held * step.pause / len(plan.steps))
            if step.savepoint:
                cursor.execute("savepoint here")
            cursor.execute(step.sql, step.values)
            if step.savepoint == "undone":
                attempt.undone += cursor.rowcount
                cursor.execute("rollback to savepoint here")
            else:
                getattr(attempt, step.kind)[step.table] += cursor.rowcount
        self.ending.wait(held * (1 - sum(step.pause for step in plan.steps) / len(plan.steps)))
        return attempt

    def _open(self):
        if self._connection is None:
            self._connection = psycopg2.connect(self.url, application_name=APPLICATION, connect_timeout=10)
        return self._connection

    def _forgive(self, error: psycopg2.Error) -> None:
        """Get ready for another try where the server cut the connection or broke the transaction off; else raise."""
        is_cut = self._connection is None or self._connection.closed
        if not is_cut and not isinstance(error, psycopg2.OperationalError):
            raise error
        self.close()
        self._lost_at = self._lost_at or time.monotonic()
        if time.monotonic() - self._lost_at > PATIENCE:
            raise ServiceError(f"Postgres did not come back in {PATIENCE} s ({str(error).splitlines()[0]})") from error
        time.sleep(0.05)
