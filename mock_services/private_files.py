"""What services keep holds people's data: it is readable by its owner only."""

import os
import stat
from contextlib import suppress
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PASSABLE = stat.S_IXGRP | stat.S_IXOTH


def keep_private() -> None:
    """Make every file that this process and its children create readable by its owner only, whatever the shell says."""
    os.umask(OTHERS)


def tighten(folder: Path) -> None:
    """Take the rights of others away from a folder and from what lies in it, as an earlier version may have left them.

    As root, Postgres runs as another user, who has to pass through the folder to its own.
    """
    is_root = os.geteuid() == 0
    _set(folder, PASSABLE if is_root else 0)
    for entry in folder.iterdir():
        if not (is_root and entry.name == "postgres"):  # which says itself who may pass
            _set(entry, 0)


def _set(path: Path, others: int) -> None:
    with suppress(OSError):  # it is gone, another user's, or on a file system that is read only
        mode = stat.S_IMODE(path.stat().st_mode)
        if not path.is_symlink() and mode & OTHERS != others:
            path.chmod(mode & ~OTHERS | others)
