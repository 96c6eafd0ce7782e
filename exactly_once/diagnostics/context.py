"""What the checks of one examination share: the settings as a load resolves them, and the scratch objects it makes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import dlt
from dlt.common.configuration.inject import get_fun_spec
from dlt.common.configuration.resolve import inject_section, resolve_configuration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from exactly_once.clients import lake_settings
from exactly_once.errors import PipelineError

ROW = (1, "O'Brien, Müller")
SECRETS = ("password", "api_key", "token", "aws_secret_access_key", "aws_session_token", "private_key_passphrase")


@dataclass
class DoctorContext:
    """One examination.

    Args:
        build_pipeline: returns the pipeline of a source by its name.
        dataset: that loads write to.
        provision: the command that makes what is missing; True: of the lake, False: of the warehouse.
        is_local: whether the lake's bucket is a test server's, which anybody may make.
        name: of the scratch objects.
        files: the lake's scratch files, by pipeline.
        secrets: that no line may show.
    """

    build_pipeline: Callable[[str], dlt.Pipeline]
    dataset: str = "RAW"
    provision: Callable[[bool], str] = lambda _: "your infrastructure code"
    is_local: bool = False
    name: str = field(default_factory=lambda: f"_doctor_{uuid4().hex}")
    files: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def source_settings(self, source: Any, pipeline: str) -> Any:
        """Return the settings of a dlt source as its load would resolve them."""
        reference = source.ref
        place = ConfigSectionContext(pipeline_name=pipeline, sections=("sources", reference.section, reference.name))
        with inject_section(place):
            found = resolve_configuration(reference.SPEC())
        self.hide(found, found.get("credentials"))
        return found

    def function_settings(self, function: Callable[..., Any], pipeline: str) -> Any:
        """Return the settings of a function that dlt injects them into (`with_config`)."""
        with inject_section(ConfigSectionContext(pipeline_name=pipeline, sections=("sources", pipeline))):
            found = resolve_configuration(get_fun_spec(function)())
        self.hide(found, found.get("credentials"))
        return found

    def lake(self, pipeline: str) -> tuple[Any, FilesystemConfiguration]:
        """Return the lake's client and settings as dlt makes them for a pipeline; the warehouse is not asked."""
        opened = self.build_pipeline(pipeline)
        with inject_section(ConfigSectionContext(pipeline_name=pipeline)):
            found = lake_settings(opened, self.dataset)
        self.hide(found.credentials)
        return fsspec_from_config(found)[0], found

    @contextmanager
    def warehouse(self, pipeline: str) -> Iterator[Any]:
        """Open dlt's own connection to the warehouse; it is closed on leaving, because DuckDB takes one process."""
        with self.build_pipeline(pipeline).sql_client() as sql:
            self.hide(sql.credentials)
            yield sql

    def hide(self, *holders: Any) -> None:
        """Keep what is secret of these settings out of every line."""
        self.secrets |= {str(getattr(holder, name, None) or "") for holder in holders for name in SECRETS}


def is_duckdb(sql: Any) -> bool:
    """Tell whether an SQL client of dlt is DuckDB's."""
    return bool(sql.capabilities.sqlglot_dialect == "duckdb")


def assert_row_equal(rows: Any) -> str:
    """Compare what came back with ROW.

    Raises:
        PipelineError: it is another row.
    """
    if [tuple(row) for row in rows] != [ROW]:
        raise PipelineError("the row came back changed; report it with the versions above")
    return "the row came back equal"
