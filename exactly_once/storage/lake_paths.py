"""Paths of a lake that is a folder: dlt percent-encodes its URL, and fsspec takes the encoding for part of a name."""

import shutil
from pathlib import Path

from dlt.common.storages.configuration import FilesystemConfiguration


def lake_path(url: str) -> str:
    """Return the path of a local file's URL; any other URL is returned as it is."""
    return FilesystemConfiguration.make_local_path(url) if url.startswith("file:") else url


def adopt_encoded(url: str) -> None:
    """Move a file or folder to its decoded path if an earlier version wrote it to the encoded one.

    For "My Projects" that was "My%20Projects" beside it.
    """
    path, misplaced = Path(lake_path(url)), Path(url.removeprefix("file://"))
    if not url.startswith("file:") or path == misplaced or path.exists() or not misplaced.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(misplaced, path)
