"""The dashboard as one page without a server, written where the run says: a file here, or an object in a bucket."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from prefect import task
from prefect.artifacts import create_link_artifact

from exactly_once.errors import PipelineError
from exactly_once.progress import ticking
from flows.outcome import said
from flows.progress import hear
from pipelines.configuration.plain_folder import shown
from pipelines.configuration.shell import aws_of_the_shell
from pipelines.environment import data_dir, environment

# By protocol, what fsspec needs to know: a browser shows what says that it is a page; a folder need not be there.
PLACES: dict[str, dict[str, Any]] = {
    "s3": {"s3_additional_kwargs": {"ContentType": "text/html; charset=utf-8", "CacheControl": "no-cache"}},
    "file": {"auto_mkdir": True},
}


@dataclass(frozen=True)
class Page:
    """Where the page goes: a path, or a URL such as `s3://figures.example/index.html`."""

    url: str

    @property
    def recorded(self) -> str:
        """Return the place for the record: a path in the data folder relative to that, which may be copied or moved."""
        if _protocol(self.url) != "file" or "://" in self.url:
            return self.url
        path, folder = Path(self.url).expanduser().absolute(), Path(shown(str(data_dir())))
        path = Path(shown(str(path)))
        return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)

    def is_older_than(self, built_at: datetime | None) -> bool:
        """Tell whether a build has ended since the page was written, or there is none."""
        try:
            with aws_of_the_shell():
                filesystem, path = self._place()
                written_at = filesystem.modified(path)
        except FileNotFoundError:
            return True
        return built_at is not None and written_at.astimezone(UTC) < built_at

    def check(self) -> None:
        """Find a folder that can be written to, or made; a bucket is not asked.

        Raises:
            PipelineError: there is none.
        """
        if _protocol(self.url) != "file":
            return
        path = Path(self._place()[1])
        folder = next((place for place in path.parents if place.exists()), path.parent)
        if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            reason = f"{path} is a folder" if path.is_dir() else f"{folder} cannot be written to"
            raise PipelineError(
                f"The dashboard's page cannot be written to {self.url} ({reason}): name another --page."
            )

    def write(self, text: str) -> None:
        """Write it whole: a reader sees the one before or this one.

        Raises:
            PipelineError: nothing can be written there.
        """
        try:
            with aws_of_the_shell():
                filesystem, path = self._place()
                with filesystem.transaction:
                    filesystem.pipe_file(path, text.encode())
        except OSError as error:
            raise PipelineError(
                f"The dashboard's page cannot be written to {self.url} ({error}): name another --page."
            ) from None

    def _place(self) -> tuple[Any, str]:
        return url_to_fs(self.url, **PLACES[_protocol(self.url)])


def wanted(url: str | None) -> Page | None:
    """Return the page that a run writes; unasked, one beside an embedded warehouse and none elsewhere.

    It is read as REPORTER, like the dashboard, and a worker has that key only where somebody gave it.

    Raises:
        PipelineError: nothing can be written by that name.
    """
    if url is None and environment().is_embedded:
        url = str(data_dir() / "dashboard.html")
    if not url:
        return None
    if _protocol(url) not in PLACES or not url.endswith(".html"):
        raise PipelineError(f"--page {url} is no place for a page: name a path or an s3:// URL that ends in .html.")
    page = Page(url)
    page.check()
    return page


def _protocol(url: str) -> str:
    return url.split("://")[0] if "://" in url else "file"


@task(task_run_name="dashboard page")
@said
def write_page(page: Page) -> int:
    """Draw the dashboard's pages from MART and write them as one; return its bytes.

    Raises:
        PipelineError: MART cannot be read, or the page cannot be written.
    """
    # Imported here: what draws takes a second to import, and a run with nothing new draws nothing.
    from dashboard.export import render_document
    from dashboard.mart import MartUnavailable

    hear()
    try:
        with ticking(lambda: "dashboard: drawing the pages"):
            text = render_document()
    except MartUnavailable as away:
        raise PipelineError(f"The dashboard's page was not written: {away}") from None
    page.write(text)
    create_link_artifact(key="elt-dashboard", link=page.url, description="The dashboard as of this run, as one page.")
    return len(text.encode())
