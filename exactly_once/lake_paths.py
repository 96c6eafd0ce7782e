"""Paths of a lake that is a folder: dlt keeps its URL with percent signs, which fsspec takes for part of a name."""

import shutil
from pathlib import Path

from dlt.common.storages.configuration import FilesystemConfiguration


def lake_path(url: str) -> str:
    """Return the path of a local file's URL, and any other URL as it is."""
    return FilesystemConfiguration.make_local_path(url) if url.startswith("file:") else url


def adopt_encoded(url: str) -> None:
    """Move a file or folder to where it belongs, if an earlier version put it where the URL says, letter for letter.

    In a folder "My Projects" that was "My%20Projects" beside it.
    """
    path, misplaced = Path(lake_path(url)), Path(url.removeprefix("file://"))
    if not url.startswith("file:") or path == misplaced or path.exists() or not misplaced.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(misplaced, path)
