"""The states of a source's resources, read once while the source's function runs.

There dlt reads the pipeline's whole state from its file each time that a state is asked for: with a hundred tables this
is a second. What the function changes in it is discarded, as with dlt's own.
"""

from collections.abc import Callable, MutableMapping
from typing import Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.pipeline import StateInjectableContext

ResourceState = Callable[[], MutableMapping[str, Any]]


class ResourceStates:
    """States as they are when the object is made; during an extraction dlt's own, which the load saves.

    Make it inside of a `@dlt.source` function.
    """

    def __init__(self) -> None:
        self.source: MutableMapping[str, Any] = dlt.current.source_state()

    def of(self, name: str) -> ResourceState:
        """Return the function that returns the state of a resource."""

        def state() -> MutableMapping[str, Any]:
            if StateInjectableContext in Container():
                return dlt.current.resource_state(name)
            found: MutableMapping[str, Any] = self.source.setdefault("resources", {}).setdefault(name, {})
            return found

        return state
