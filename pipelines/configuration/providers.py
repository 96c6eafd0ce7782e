"""dlt's configuration providers, restricted to full names: `SOURCES__SAAS__BASE_URL` or `[sources.saas] base_url`.

dlt also takes a setting from shorter names, down to a bare `BASE_URL`, which in a shell belongs to another program.
An empty value counts as unset.
"""

import os
from typing import Any

from dlt.common.configuration.providers import ConfigTomlProvider, EnvironProvider, SecretsTomlProvider
from dlt.common.configuration.providers.toml import SettingsTomlProvider
from typing_extensions import override

# Sections whose keys need no further section.
PLAIN_SECTIONS = ("runtime", "extract", "normalize", "load", "lease", "recovery", "warehouse", "partition")
# Sections that are followed by the name of one source or destination.
NAMED_SECTIONS = ("sources", "destination")
# What follows them where dlt leaves the name out.
UNNAMED_KEYS = ("credentials", "staging_config", "runtime", "schema", "data_writer", "extract", "incremental")

# Short names in the shell and in the files that dlt asked for and did not get.
ignored_names: set[str] = set()


def is_full_name(sections: tuple[str, ...]) -> bool:
    """Return whether a key below these sections has its full name."""
    if not sections:
        return False
    if sections[0] in NAMED_SECTIONS:
        return len(sections) > 1 and sections[1] not in UNNAMED_KEYS
    return sections[0] in PLAIN_SECTIONS


class ShellProvider(EnvironProvider):
    """dlt's provider of environment variables, for full names that are not empty."""

    @override
    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        if is_full_name(sections):
            value, name = super().get_value(key, hint, pipeline_name, *sections)  # type: ignore[arg-type]  # it takes None
            # A file that somebody edited ends with a line feed, which is invalid in a header and an address.
            value = value.strip() if isinstance(value, str) else value
            return (None if value == "" else value), name
        name = self.get_key_name(key, pipeline_name, *sections)  # type: ignore[arg-type]  # it takes None
        if name in os.environ:
            ignored_names.add(name)
        return None, name

    @override
    def get_value_location(self, key: str, pipeline_name: str | None, *sections: str) -> str:
        return "the shell"


class _FullNamesOnly(SettingsTomlProvider):
    """A TOML file of which only full names count."""

    @override
    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        value, name = super().get_value(key, hint, pipeline_name, *sections)  # type: ignore[arg-type]  # it takes None
        if value is None or (is_full_name(sections) and not (isinstance(value, str) and not value.strip())):
            return value, name
        if not is_full_name(sections) and not isinstance(value, dict):
            ignored_names.add(f"{name} of .dlt/{self.name}")
        return None, name

    @override
    def get_value_location(self, key: str, pipeline_name: str | None, *sections: str) -> str:
        return f".dlt/{self.name}"


class ConfigFileProvider(_FullNamesOnly, ConfigTomlProvider):
    """`.dlt/config.toml` of this folder; the user's own `~/.dlt` is for other projects."""


class SecretsFileProvider(_FullNamesOnly, SecretsTomlProvider):
    """`.dlt/secrets.toml` of this folder."""
