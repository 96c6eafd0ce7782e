"""How a source is called in messages, where it is declared, and which command loads it."""

import shlex
from dataclasses import dataclass

from exactly_once import hints


@dataclass(frozen=True)
class SourceInfo:
    """One source, as its messages name it.

    Args:
        name: of the dlt source and of its pipeline, e.g. "shop"; its settings are below `sources.<name>`.
        label: at the beginning of a message, e.g. "The shop's API".
        declared_in: the list of its tables or endpoints, e.g. "ENDPOINTS in sources/shop.py".
        command: that loads it and takes `--accept-…`, e.g. "python sources/shop.py"; "": messages name settings.
    """

    name: str
    label: str
    declared_in: str = "its declaration"
    command: str = ""

    def setting(self, option: str) -> str:
        """Return the variable of the shell that sets an option of the source, e.g. SOURCES__SHOP__PAGE_SIZE."""
        return f"SOURCES__{self.name.upper()}__{option.upper()}"

    def accept(self, option: str, value: str) -> str:
        """Return the command that accepts something once, to be put behind "type ".

        Args:
            option: of the source: accept_type, accept_deletes, accept_reread or another that it has.
            value: one name; "": the option is a switch.
        """
        if self.command:
            return f"{self.command} --{option.replace('_', '-')}" + (f" {shlex.quote(value)}" if value else "")
        text = f"'[\"{value}\"]'" if value else "true"
        return f"`export {self.setting(option)}={text}` for one run"

    @property
    def again(self) -> str:
        """The command that loads it again."""
        return self.command or f"the load of {self.name}"


def info_of(pipeline: str) -> SourceInfo:
    """Return what messages call the source of a pipeline of which no other name is known."""
    return SourceInfo(pipeline, pipeline, command=hints.load_command(pipeline))
