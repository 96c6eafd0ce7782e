"""dlt's run context for this repository, found by dlt through the entry point in pyproject.toml.

It makes `python pipelines/postgres.py`, the flow and `dlt pipeline postgres info` agree on working folder and settings:
each environment has a working folder of its own, because dlt would carry a cursor from one warehouse to another.
"""

from typing import Any

from dlt.common.configuration import plugins
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.providers.doc import BaseDocProvider
from dlt.common.runtime.run_context import RunContext

from pipelines.warehouse import data_dir, environment

PIPELINES = ("postgres", "saas")


class EnvironmentProvider(BaseDocProvider):
    """Answers dlt's configuration look-ups from the environment; read anew each time, because `make up` may move ports."""

    name = "the environment of MAILBLAZE_ENV"
    supports_secrets = True

    def __init__(self) -> None:
        pass

    @property
    def _config_doc(self) -> dict[str, Any]:
        return environment().settings(PIPELINES)


class MailBlazeContext(RunContext):
    """dlt's own context, with the environment's working folder and, last in the row, its settings."""

    @property
    def data_dir(self) -> str:
        return str(data_dir() / "dlt" / environment().word)

    def initial_providers(self) -> list[ConfigProvider]:
        return [*super().initial_providers(), EnvironmentProvider()]


@plugins.hookimpl(specname="plug_run_context")
def plug_run_context(run_dir: str | None, runtime_kwargs: dict[str, Any] | None) -> RunContext:
    """Return the context for every dlt process of this virtual environment."""
    return MailBlazeContext(run_dir)
