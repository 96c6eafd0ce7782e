"""The list of sources: a new one is a file `pipelines/<name>.py` and a line here.

The flow, the doctor, replays, prefixes in the lake, required settings and names in messages follow from this list;
Terraform's list of prefixes is compared with it by a test. Nothing of dlt is imported before a source is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from exactly_once.source_info import SourceInfo


@dataclass(frozen=True)
class Source:
    """One source.

    Args:
        name: of its module in pipelines/, its dlt pipeline and source, and its prefix in the lake.
        label: its name in messages.
        settings: those it requires below `sources.<name>`: the address first, the credential last. Each has the field
            of `services.json` that provides it if `make up` starts the service, or None.
    """

    name: str
    label: str
    settings: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def info(self) -> SourceInfo:
        """Its names in messages."""
        return SourceInfo(self.name, self.label, f"pipelines/{self.name}.py", f"python pipelines/{self.name}.py")

    @property
    def required(self) -> tuple[str, ...]:
        """The full names of its settings, dotted."""
        return tuple(f"sources.{self.name}.{setting}" for setting in self.settings)

    @property
    def local(self) -> dict[str, str]:
        """The settings that `make up` provides, each with its field of `services.json`."""
        return {setting: place for setting, place in self.settings.items() if place}

    @property
    def module(self) -> Any:
        """Its module: `opened()` opens its dlt source, `checks(context)` returns the doctor's checks."""
        return import_module(f"pipelines.{self.name}")


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source("postgres", "Postgres", {"credentials": "postgres_url"}),
        Source("saas", "The SaaS API", {"base_url": "saas_url", "api_key": "saas_token"}),
    )
}
