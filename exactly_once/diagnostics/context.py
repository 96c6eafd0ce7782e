"""What the checks of one examination share: the settings as a load resolves them, and the scratch things it makes."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from dlt.common.configuration.inject import get_fun_spec
from dlt.common.configuration.resolve import inject_section, resolve_configuration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from exactly_once.errors import PipelineError
from pipelines.environment import RAW, build_pipeline, environment
from pipelines.postgres import postgres, snapshot
from pipelines.saas import saas

SOURCES = {"postgres": postgres, "saas": saas}
ROW = (1, "O'Brien, Müller")
SECRETS = ("password", "api_key", "token", "aws_secret_access_key", "aws_session_token", "private_key_passphrase")


@dataclass
class DoctorContext:
    """One examination: its scratch name, the files that it wrote to the lake, and what no line may show."""

    name: str = field(default_factory=lambda: f"_doctor_{uuid4().hex}")
    files: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def settings(self, source: str) -> Any:
        """Return the settings of a source as its load would resolve them."""
        reference = SOURCES[source].ref
        place = ConfigSectionContext(pipeline_name=source, sections=("sources", reference.section, reference.name))
        with inject_section(place):
            found = resolve_configuration(reference.SPEC())
        self._hide(found, found.get("credentials"))
        return found

    def snapshot_settings(self) -> Any:
        """Return the settings of the snapshot that Postgres is read from: credentials, guard and readers."""
        with inject_section(ConfigSectionContext(pipeline_name="postgres", sections=("sources", "postgres"))):
            found = resolve_configuration(get_fun_spec(snapshot)())
        self._hide(found.credentials)
        return found

    def ask(self) -> None:
        """Let dlt ask for every setting of a load once, so that what it asked for in vain is known."""
        for source in SOURCES:
            for look in (partial(self.settings, source), self.snapshot_settings, partial(self.lake, source)):
                with suppress(Exception):  # what is wrong with them is the checks' to say
                    look()
            with suppress(Exception):
                build_pipeline(source).destination_client()

    def lake(self, pipeline: str) -> tuple[Any, FilesystemConfiguration]:
        """Return the lake's client and settings as dlt makes them for a pipeline; the warehouse is not asked."""
        staging = build_pipeline(pipeline).staging
        with inject_section(ConfigSectionContext(pipeline_name=pipeline)):
            found = staging.configuration(staging.spec()._bind_dataset_name(RAW))
        self._hide(found.credentials)
        return fsspec_from_config(found)[0], found

    @contextmanager
    def warehouse(self, pipeline: str = "postgres") -> Iterator[Any]:
        """Open dlt's own connection to the warehouse; it is closed on leaving, because DuckDB takes one process."""
        with build_pipeline(pipeline).sql_client() as sql:
            self._hide(sql.credentials)
            yield sql

    def _hide(self, *holders: Any) -> None:
        self.secrets |= {str(getattr(holder, name, None) or "") for holder in holders for name in SECRETS}


class NotChecked(str):
    """Why a check did not look; it is neither right nor wrong."""


def assert_row_equal(rows: Any) -> str:
    """Hold what came back against ROW."""
    if [tuple(row) for row in rows] != [ROW]:
        raise PipelineError("the row came back changed; report it with the versions above")
    return "the row came back equal"


def terraform_hint(of_lake: bool = False) -> str:
    """Say what makes this environment; its lake and who may what there are an administrator's."""
    return f"`terraform apply` in terraform/{'bootstrap' if of_lake else f'environments/{environment().word}'}"
