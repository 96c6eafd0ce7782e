"""The dashboard as one page without a server, written to a file or to an object in a bucket."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from prefect import task
from prefect.artifacts import create_link_artifact

from exactly_once.errors import PipelineError
from exactly_once.process.progress import ticking
from flows.orchestration.failed_states import fail_in_one_line
from flows.orchestration.run_progress import stream_progress
from pipelines.configuration.library_safe_path import display_path
from pipelines.configuration.shell import aws_variables_restored
from pipelines.environment import data_dir, environment

# fsspec's options by protocol: a browser shows an object of this content type; a missing folder is made.
FILESYSTEM_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"s3_additional_kwargs": {"ContentType": "text/html; charset=utf-8", "CacheControl": "no-cache"}},
    "file": {"auto_mkdir": True},
}


@dataclass(frozen=True)
class PageTarget:
    """Where the page is written: a path, or a URL such as `s3://figures.example/index.html`."""

    url: str

    @property
    def recorded(self) -> str:
        """The target for the run's record: a path below the data folder is relative to it, as the folder may move."""
        if _protocol(self.url) != "file" or "://" in self.url:
            return self.url
        folder = Path(display_path(str(data_dir())))
        path = Path(display_path(str(Path(self.url).expanduser().absolute())))
        return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)

    def is_older_than(self, built_at: datetime | None) -> bool:
        """Return whether a build has ended since the page was written, or there is no page."""
        try:
            with aws_variables_restored():
                filesystem, path = self._open()
                written_at = filesystem.modified(path)
        except FileNotFoundError:
            return True
        return built_at is not None and written_at.astimezone(UTC) < built_at

    def check(self) -> None:
        """Check that the folder can be written to or made; a bucket is not asked.

        Raises:
            PipelineError: it cannot.
        """
        if _protocol(self.url) != "file":
            return
        path = Path(self._open()[1])
        folder = next((parent for parent in path.parents if parent.exists()), path.parent)
        if path.is_dir():
            raise self._unwritable(f"{path} is a folder")
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise self._unwritable(f"{folder} cannot be written to")

    def write(self, text: str) -> None:
        """Write the page atomically: a reader sees the previous one or this one.

        Raises:
            PipelineError: it cannot be written there.
        """
        try:
            with aws_variables_restored():
                filesystem, path = self._open()
                with filesystem.transaction:
                    filesystem.pipe_file(path, text.encode())
        except OSError as error:
            raise self._unwritable(str(error)) from None

    def _open(self) -> tuple[Any, str]:
        return url_to_fs(self.url, **FILESYSTEM_OPTIONS[_protocol(self.url)])

    def _unwritable(self, reason: str) -> PipelineError:
        return PipelineError(f"The dashboard's page cannot be written to {self.url} ({reason}): name another --page.")


def resolve_target(url: str | None) -> PageTarget | None:
    """Return the page that a run writes; None: it writes none.

    Args:
        url: a path or an s3:// URL; "": no page. None: a page beside an embedded warehouse, and none elsewhere, where
            the page would need REPORTER's key, which a worker has only if somebody gave it.

    Raises:
        PipelineError: nothing can be written there.
    """
    if url is None and environment().uses_local_services:
        url = str(data_dir() / "dashboard.html")
    if not url:
        return None
    if _protocol(url) not in FILESYSTEM_OPTIONS or not url.endswith(".html"):
        raise PipelineError(f"--page {url} is not a valid target: name a path or an s3:// URL that ends in .html.")
    target = PageTarget(url)
    target.check()
    return target


def _protocol(url: str) -> str:
    return url.split("://", 1)[0] if "://" in url else "file"


@task(task_run_name="dashboard page")
@fail_in_one_line
def write_page(page: PageTarget) -> int:
    """Render the dashboard's pages from MART and write them as one; return its size in bytes.

    Raises:
        PipelineError: MART cannot be read, or the page cannot be written.
    """
    # Imported here: the charts take a second to import, and a run with nothing new writes no page.
    from dashboard.export import render_document
    from dashboard.mart import MartUnavailable

    stream_progress()
    try:
        with ticking(lambda: "dashboard: drawing the pages"):
            text = render_document()
    except MartUnavailable as error:
        raise PipelineError(f"The dashboard's page was not written: {error}") from None
    page.write(text)
    create_link_artifact(key="elt-dashboard", link=page.url, description="The dashboard as of this run, as one page.")
    return len(text.encode())
