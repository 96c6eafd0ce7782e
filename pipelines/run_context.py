"""dlt's run context for this repository, found by dlt through the entry point in pyproject.toml.

With it `python pipelines/postgres.py`, the flow and `dlt pipeline postgres info` use the same working folder and
settings. Each environment has its own working folder: else dlt would carry a cursor from one warehouse to another.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlt.common.configuration import plugins
from dlt.common.configuration.providers.doc import BaseDocProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.runtime.run_context import RunContext
from typing_extensions import override

from exactly_once.storage import percent_paths
from pipelines.configuration.local_services import ENVIRONMENT_PROVIDER, is_given_by_services_file, names_other_service
from pipelines.configuration.private_files import keep_private
from pipelines.configuration.providers import ConfigFileProvider, SecretsFileProvider, ShellProvider
from pipelines.environment import Environment, data_dir, environment, services_file


class EnvironmentProvider(BaseDocProvider):
    """Provides the environment's settings; services.json is read again when it has changed."""

    name = ENVIRONMENT_PROVIDER
    supports_secrets = True

    def __init__(self, before: Sequence[ConfigProvider] = ()) -> None:
        """Take the providers that are asked before this one."""
        super().__init__({})
        self._before = before
        self._read: tuple[Environment, int | None] | None = None

    @override
    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        # dlt asks some ten thousand times in a run: reading the file's time is cheap, reading the file is not.
        now = (environment(), _modified_at())
        if now != self._read:
            self._config_doc = now[0].settings()
            self._read = now
        if pipeline_name and pipeline_name not in self._config_doc:
            self._config_doc[pipeline_name] = now[0].pipeline_settings(pipeline_name)
        value, name = super().get_value(key, hint, pipeline_name, *sections)  # type: ignore[arg-type]  # it takes None
        if (
            value is not None
            and is_given_by_services_file(key, sections)
            and names_other_service(sections, self._before)
        ):
            return None, name
        return value, name

    @override
    def get_value_location(self, key: str, pipeline_name: str | None, *sections: str) -> str:
        is_service = sections[:1] == ("sources",) or sections[-2:] == ("lake", "credentials")
        return str(services_file()) if is_service else "the default"

    @property
    @override
    def is_empty(self) -> bool:
        return False


def _modified_at() -> int | None:
    try:
        return os.stat(services_file()).st_mtime_ns  # noqa: PTH116  half the cost of Path.stat
    except FileNotFoundError:
        return None


class MailBlazeContext(RunContext):
    """dlt's context with the environment's working folder and, as the last provider, its settings.

    DLT_PROJECT_DIR, DLT_CONFIG_FOLDER, DLT_DATA_DIR, DLT_LOCAL_DIR and the user's `~/.dlt` are ignored: they may
    contain another project's settings and credentials.
    """

    @property
    def run_dir(self) -> str:
        """Return the folder that a command was typed in."""
        return self._init_run_dir

    @property
    def local_dir(self) -> str:
        """Return the same folder."""
        return self._init_run_dir

    @property
    def settings_dir(self) -> str:
        """Return the folder of config.toml and secrets.toml."""
        return str(Path(self.run_dir) / ".dlt")

    @property
    def data_dir(self) -> str:
        """Return the folder of dlt's working folders."""
        return str(data_dir() / "dlt" / environment().name)

    def initial_providers(self) -> list[ConfigProvider]:
        """Return the providers in the order in which they are asked."""
        before = [ShellProvider(), SecretsFileProvider(self.settings_dir), ConfigFileProvider(self.settings_dir)]
        return [*before, EnvironmentProvider(before)]


@plugins.hookimpl(specname="plug_run_context")
def plug_run_context(run_dir: str | None, runtime_kwargs: dict[str, Any] | None) -> RunContext:  # noqa: ARG001  by name
    """Return the context for every dlt process of this virtual environment."""
    percent_paths.allow()
    keep_private()
    return MailBlazeContext(run_dir)
