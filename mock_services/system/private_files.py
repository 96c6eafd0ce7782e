"""Restrict the services' files to their owner: they hold personal data."""

import os
import stat
from contextlib import suppress
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PASSABLE = stat.S_IXGRP | stat.S_IXOTH


def keep_private() -> None:
    """Set a umask for this process and its children: new files are for their owner only."""
    os.umask(OTHERS)


def restrict_permissions(folder: Path) -> None:
    """Remove the permissions of others from a folder and its entries, which an earlier version may have set.

    If this process is root, Postgres runs as another user, who must be able to pass through the folder.
    """
    is_root = os.geteuid() == 0
    _set(folder, PASSABLE if is_root else 0)
    for entry in folder.iterdir():
        if not (is_root and entry.name == "postgres"):  # the server sets its own permissions
            _set(entry, 0)


def _set(path: Path, others: int) -> None:
    with suppress(OSError):  # removed, owned by another user, or on a read-only file system
        mode = stat.S_IMODE(path.stat().st_mode)
        if not path.is_symlink() and mode & OTHERS != others:
            path.chmod(mode & ~OTHERS | others)
