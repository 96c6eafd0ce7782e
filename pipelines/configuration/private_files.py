"""Files of runs contain personal data: only their owner can read them."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from exactly_once.errors import PipelineError
from pipelines.environment import data_dir

GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO
TRAVERSE = stat.S_IXGRP | stat.S_IXOTH


def keep_private() -> None:
    """Make every file that this process writes readable by its owner only, and the existing files of the data folder.

    Call it first in a command: it changes the process's umask.
    """
    os.umask(GROUP_AND_OTHERS)
    try:
        folder = data_dir()
    except PipelineError:  # reported by whoever needs the folder
        return
    if not folder.is_dir():
        return
    # As root, the Postgres of `make up` runs as another user, who has to pass through the folder to its own.
    is_root = os.geteuid() == 0
    _set(folder.resolve(), TRAVERSE if is_root else 0)
    with suppress(OSError):  # an unreadable folder is reported by whoever reads it
        for entry in folder.iterdir():
            if not (is_root and entry.name == "postgres"):
                _set(entry, 0)


def _set(path: Path, others: int) -> None:
    with suppress(OSError):  # it is gone, another user's, or on a file system that is read only
        mode = stat.S_IMODE(path.stat().st_mode)
        if not path.is_symlink() and mode & GROUP_AND_OTHERS != others:
            path.chmod(mode & ~GROUP_AND_OTHERS | others)
