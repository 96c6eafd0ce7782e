"""Transactions that a dead run left open in Snowflake, and locks that do not end.

A client that is killed inside a transaction leaves it detached, with its locks; Snowflake ends it after it has blocked
another statement for minutes. So each transaction of a load has a name with its owner, and the next run of the
pipeline, which holds the lease, ends those of older tokens before it writes its own. Sources: Snowflake's pages
"Transactions > Aborting transactions", "SHOW TRANSACTIONS", "SHOW LOCKS", "SYSTEM$ABORT_TRANSACTION".
"""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dlt.destinations.exceptions import DatabaseException

from exactly_once.destinations.fencing import FencingToken
from exactly_once.errors import PipelineError
from exactly_once.process.progress import speaker

CANCELLED = "57014"  # SQLSTATE of a statement that a lock or a time limit has ended
FIRST, EVERY = 10.0, 30.0  # seconds until the first line about a wait, and between two


class Locked(PipelineError):
    """A transaction that does not end has locked a table that a load needs."""


@dataclass(frozen=True)
class TransactionOwner:
    """The run that a transaction belongs to: its token, in one dataset of one database.

    Pipelines, datasets and databases may share a user; a digest in the name tells them apart.
    """

    database: str
    dataset: str
    token: FencingToken

    @property
    def name(self) -> str:
        """Return the transaction's name: letters, digits and `_` only, so that it needs no quotes."""
        return f"{self._stem}_T{self.token.number}"

    def is_left_over(self, name: str) -> bool:
        """Tell whether a transaction of this name belongs to a dead run of the same pipeline.

        A run has no transaction before it writes its token: one with the same token is of an attempt that was cut off.
        """
        found = re.fullmatch(rf"{self._stem}_T(\d{{1,19}})", name, re.IGNORECASE)
        return found is not None and int(found[1]) <= self.token.number

    @property
    def _stem(self) -> str:
        whose = (self.database, self.dataset, self.token.pipeline)
        readable = re.sub(r"\W+", "_", f"LOAD_{self.dataset}_{self.token.pipeline}", flags=re.ASCII)[:80]
        return f"{readable}_{hashlib.sha256(repr(whose).encode()).hexdigest()[:12]}".upper()


def abort_left_over(warehouse: Any, owner: TransactionOwner) -> list[str]:
    """End the transactions of dead runs of `owner`; return their names. Those of newer and other runs stay."""
    names = []
    for shown in _shown(warehouse, "SHOW TRANSACTIONS"):
        if owner.is_left_over(str(shown["name"])):
            warehouse.execute_sql(f"SELECT SYSTEM$ABORT_TRANSACTION({int(shown['id'])})")
            names.append(str(shown["name"]))
    return names


@contextmanager
def reporting_waits(another: Any, table: str, seconds: float) -> Iterator[None]:
    """Report every half minute what the statements of the body wait for, and fail with one line if that is too long.

    Args:
        another: returns another session to look from, to be entered.
        table: that the statements change, as `SCHEMA.NAME`.
        seconds: after which Snowflake ends a statement that waits.

    Raises:
        Locked: Snowflake ended a statement that had waited for so long.
    """
    ended, tell, seen = threading.Event(), speaker(), [""]

    def look() -> None:
        pause = FIRST
        while not ended.wait(pause):
            pause = EVERY
            try:
                with another() as session:
                    seen[0] = lock_owner(session, table)
            except Exception:  # noqa: BLE001  the line only informs
                seen[0] = seen[0] or "a transaction that cannot be looked at"
            if not ended.is_set():
                tell(f"{table} is locked by {seen[0]}: waiting, at most {seconds:g} s")

    thread = threading.Thread(target=look, name="locks", daemon=True)
    thread.start()
    try:
        yield
    except DatabaseException as error:
        if getattr(error.dbapi_exception, "sqlstate", None) != CANCELLED:
            raise
        why = " ".join(str(error.dbapi_exception).split())[:200].rstrip(".")
        raise Locked(
            f"{table} is locked by {seen[0] or 'another transaction'}, and Snowflake ended the wait ({why}). Nothing "
            "was loaded, and nothing is lost. As the loader's user, SHOW TRANSACTIONS lists what is open; if no run is "
            "at work, SELECT SYSTEM$ABORT_TRANSACTION(<id>) ends one. Then run again."
        ) from error
    finally:
        ended.set()


def lock_owner(warehouse: Any, table: str) -> str:
    """Return the transaction of this user that has locked a table, as text."""
    names = {int(shown["id"]): shown["name"] for shown in _shown(warehouse, "SHOW TRANSACTIONS")}
    for lock in _shown(warehouse, "SHOW LOCKS"):
        resource = str(lock["resource"]).replace('"', "").upper()  # with its database
        if lock["status"] == "HOLDING" and f".{resource}".endswith(f".{table.upper()}"):
            number = int(lock["transaction"])
            return f"transaction {number} ({names.get(number, 'just ended')}) since {lock['acquired_on']}"
    return "a transaction of another user"


def _shown(warehouse: Any, statement: str) -> list[dict[str, Any]]:
    with warehouse.execute_query(statement) as cursor:
        names = [column[0].lower() for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
