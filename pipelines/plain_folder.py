"""A data folder's path as libraries can take it.

dbt-duckdb takes what follows `#` for a fragment of a URL: a symbolic link stands for such a folder. DuckDB puts ".wal",
the name of its journal, before the first `?` of the whole path and follows links: such a folder is refused.
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from pipelines.errors import Refusal


def plain(folder: Path) -> Path:
    """Return the folder, or a link to it where its path holds a `#`; the link is made again if it is gone.

    Raises:
        Refusal: the path holds a `?`, or no folder can hold the link.
    """
    if "?" in str(folder):
        raise Refusal(
            f"{folder} holds a ?, beside which DuckDB keeps no journal: set MAILBLAZE_DATA_DIR to another folder."
        )
    if "#" not in str(folder):
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    for base in _bases():
        try:
            base.mkdir(parents=True, exist_ok=True, mode=0o700)
            if _is_ours(base):
                return _link(base / name, folder)
        except OSError:
            continue
    raise Refusal(
        f"{folder} holds a #, and no folder can be made for a link to it: set MAILBLAZE_DATA_DIR to a folder without #."
    )


def _bases() -> list[Path]:
    """Return the folders that may hold links, the user's first."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  no home is no error
    found = [Path(cache, "mailblaze"), Path(tempfile.gettempdir(), f"mailblaze-{os.geteuid()}")]
    return [base for base in found if base.is_absolute() and not set("?#") & set(str(base))]


def _is_ours(base: Path) -> bool:
    """Tell whether nobody else can put a link there: the folder for temporary files is everybody's."""
    found = base.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _link(link: Path, folder: Path) -> Path:
    if not link.is_symlink() or link.readlink() != folder:
        fresh = link.with_name(f"{link.name}.{os.getpid()}")
        fresh.symlink_to(folder)
        fresh.replace(link)
    return link
