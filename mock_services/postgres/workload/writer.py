"""Execute transactions exactly once over a connection that may be killed at any time."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg2
import psycopg2.extensions

from mock_services.errors import ServiceError
from mock_services.postgres.workload.transactions import Transaction

APPLICATION_NAME = "mailblaze writers"
RECONNECT_SECONDS = 60  # a server that was restarted must answer within this time
KINDS = ("inserted", "updated", "deleted")


@dataclass
class Tally:
    """Count transactions, and the committed rows of each table.

    `undone` counts rows that were rolled back, whole or to a savepoint; `retried` counts attempts that were cut off.
    Memberships that are deleted by the cascade from their contact are not counted.
    """

    committed: int = 0
    rolled_back: int = 0
    retried: int = 0
    undone: int = 0
    inserted: Counter = field(default_factory=Counter)
    updated: Counter = field(default_factory=Counter)
    deleted: Counter = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in ("committed", "rolled_back", "retried", "undone"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind in KINDS:
            getattr(self, kind).update(getattr(other, kind))

    def undo(self) -> None:
        """Count a transaction as rolled back instead of committed."""
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
    """One connection, opened again after it was killed; setting `stopping` ends every pause."""

    def __init__(self, url: str, max_open_seconds: float, stopping: threading.Event):
        self.url, self.max_open_seconds, self.stopping = url, max_open_seconds, stopping
        self.tally = Tally()
        self._connection: psycopg2.extensions.connection | None = None
        self._lost_at: float | None = None

    def execute(self, transaction: Transaction, commit_key: tuple[int, int, int]) -> None:
        """Execute one transaction; repeat it if it was cut off, unless its row in `simulation.commits` exists.

        Args:
            transaction: the statements.
            commit_key: run, writer and number, the key of the row that the transaction inserts there.

        Raises:
            ServiceError: the server does not answer again within RECONNECT_SECONDS.
        """
        attempt, retried = Tally(), 0
        while True:
            try:
                connection = self._open()
                with connection.cursor() as cursor:
                    cursor.execute(
                        "select from simulation.commits where (run, writer, number) = (%s, %s, %s)", commit_key
                    )
                    if not cursor.rowcount:
                        attempt = self._write(cursor, transaction)
                        # The last statement: its committed_at is close to the commit.
                        cursor.execute("insert into simulation.commits values (%s, %s, %s)", commit_key)
                connection.rollback() if transaction.is_rolled_back else connection.commit()
                self._lost_at = None
                break
            except psycopg2.Error as error:
                self._prepare_retry(error)
                retried += 1
        if transaction.is_rolled_back:
            attempt.undo()
        attempt.retried = retried
        self.tally.add(attempt)

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write(self, cursor, transaction: Transaction) -> Tally:
        attempt, held = Tally(committed=1), self.max_open_seconds * transaction.held
        statements = transaction.statements
        for statement in statements:
            # The transaction is already open: the rows' updated_at is earlier than the pause.
            self.stopping.wait(held * statement.pause / len(statements))
            if statement.savepoint:
                cursor.execute("savepoint here")
            cursor.execute(statement.sql, statement.values)
            if statement.savepoint == "undone":
                attempt.undone += cursor.rowcount
                cursor.execute("rollback to savepoint here")
            else:
                getattr(attempt, statement.kind)[statement.table] += cursor.rowcount
        self.stopping.wait(held * (1 - sum(each.pause for each in statements) / len(statements)))
        return attempt

    def _open(self) -> psycopg2.extensions.connection:
        if self._connection is None:
            self._connection = psycopg2.connect(self.url, application_name=APPLICATION_NAME, connect_timeout=10)
        return self._connection

    def _prepare_retry(self, error: psycopg2.Error) -> None:
        """Close the connection if the server cut it or aborted the transaction; raise any other error."""
        is_cut = self._connection is None or self._connection.closed
        if not is_cut and not isinstance(error, psycopg2.OperationalError):
            raise error
        self.close()
        self._lost_at = self._lost_at or time.monotonic()
        if time.monotonic() - self._lost_at > RECONNECT_SECONDS:
            raise ServiceError(
                f"Postgres did not come back in {RECONNECT_SECONDS} s ({str(error).splitlines()[0]})"
            ) from error
        time.sleep(0.05)
