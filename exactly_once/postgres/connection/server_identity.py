"""Which Postgres server a pipeline reads: rows of another one are not mixed with those that RAW has.

A server's system identifier is made by initdb. A replica, a failover and a restored physical copy have the same; a
logical copy and pg_upgrade have another, over the same rows.
"""

from collections.abc import Mapping
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.extract.items_transform import ItemTransform

from exactly_once.errors import PipelineError

STATE = "server"
IDENTIFIER = "select system_identifier::text from pg_control_system()"


def identifier(engine: sa.Engine) -> str | None:
    """Return the server's system identifier, or None where it does not say."""
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(IDENTIFIER).scalar()
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "pgcode", None) is None:  # no answer of the server's: it is away
            raise
        return None


def check_server(found: str | None, state: Mapping[str, Any], is_accepted: bool) -> None:
    """Compare the server with the one that rows of RAW came from.

    Args:
        found: the server's identifier.
        state: of the source; what an earlier version has written names none.
        is_accepted: whether another server than before has the same rows.

    Raises:
        PipelineError: it is another one, and nobody has said that its rows are the same.
    """
    if found is None or is_accepted or state.get(STATE, found) == found:
        return
    raise PipelineError(
        f"Postgres is another server (system identifier {found}) than the one that RAW was loaded from "
        f"({state[STATE]}), and their rows would be mixed. Set MAILBLAZE_DATA_DIR to a new folder, or type make clean "
        "to forget the old rows; where the same rows have moved to this server, type "
        "python pipelines/postgres.py --accept-server."
    )


class SaveServer(ItemTransform):
    """A step of a resource that keeps the server in the source's state, with rows or without."""

    def __init__(self, found: str | None) -> None:
        super().__init__(self.__call__)
        self._found = found

    def __call__(self, item: Any, meta: Any = None) -> Any:
        """Return the item."""
        state = dlt.current.source_state()
        if self._found and state.get(STATE) != self._found:
            state[STATE] = self._found
        return item
