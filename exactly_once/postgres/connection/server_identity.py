"""Which Postgres server a pipeline reads, so that rows of two servers are not mixed in RAW.

initdb makes a server's system identifier. A replica, a failover and a restored physical copy have the same one; a
logical copy and pg_upgrade have another one, with the same rows.
"""

from collections.abc import Mapping
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.extract.items_transform import ItemTransform
from typing_extensions import override

from exactly_once import hints
from exactly_once.errors import PipelineError
from exactly_once.postgres.info import POSTGRES
from exactly_once.source_info import SourceInfo

STATE = "server"
IDENTIFIER = "select system_identifier::text from pg_control_system()"


def identifier(engine: sa.Engine) -> str | None:
    """Return the server's system identifier, or None if the role may not read it."""
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(IDENTIFIER).scalar()
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "pgcode", None) is None:  # no answer of the server
            raise
        return None


def check_server(found: str | None, state: Mapping[str, Any], is_accepted: bool, info: SourceInfo = POSTGRES) -> None:
    """Compare the server with the one that rows of RAW came from.

    Args:
        found: the server's identifier.
        state: of the source; an earlier version has kept no identifier in it.
        is_accepted: whether a person said that another server has the same rows.
        info: of the source, for messages.

    Raises:
        PipelineError: it is another one, and nobody accepted it.
    """
    if found is None or is_accepted or state.get(STATE, found) == found:
        return
    raise PipelineError(
        f"{info.label} is another server (system identifier {found}) than the one that RAW was loaded from "
        f"({state[STATE]}), and their rows would be mixed. To load the new rows alone, {hints.new_data_dir()}; if the "
        f"same rows have moved to this server, type {info.accept('accept_server', '')}."
    )


def is_saved(found: str | None, state: Mapping[str, Any]) -> bool:
    """Tell whether the source's state has the server already, or there is nothing to save."""
    return not found or state.get(STATE) == found


class SaveServer(ItemTransform[Any]):
    """A step of a resource that saves the server in the source's state, with rows or without."""

    def __init__(self, found: str | None) -> None:
        super().__init__(self.__call__)
        self._found = found

    @override
    def __call__(self, item: Any, meta: Any = None) -> Any:
        """Return the item."""
        state = dlt.current.source_state()
        if not is_saved(self._found, state):
            state[STATE] = self._found
        return item
