"""What runs leave on this machine holds people's data: it is readable by its owner only."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from exactly_once.errors import PipelineError
from pipelines.environment import data_dir

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PASSABLE = stat.S_IXGRP | stat.S_IXOTH


def keep_private() -> None:
    """Make every file of this process readable by its owner only, and those that an earlier version has left.

    Call it first in what a person or a worker starts: it changes the process's umask.
    """
    os.umask(OTHERS)
    try:
        folder = data_dir()
    except PipelineError:  # said by whoever needs it
        return
    if not folder.is_dir():
        return
    # As root, the Postgres of `make up` runs as another user, who has to pass through the folder to its own.
    is_root = os.geteuid() == 0
    _set(folder.resolve(), PASSABLE if is_root else 0)
    with suppress(OSError):  # an unreadable folder is said by whoever reads it
        for entry in folder.iterdir():
            if not (is_root and entry.name == "postgres"):
                _set(entry, 0)


def _set(path: Path, others: int) -> None:
    with suppress(OSError):  # it is gone, another user's, or on a file system that is read only
        mode = stat.S_IMODE(path.stat().st_mode)
        if not path.is_symlink() and mode & OTHERS != others:
            path.chmod(mode & ~OTHERS | others)
