"""A data folder's path as libraries can take it.

dbt-duckdb takes what follows `#` or `?` for a part of a URL: a symbolic link stands for such a folder. DuckDB follows
links, and puts ".wal", the ending of its journal's name, before the first `?` of the whole path: the folder of that
name is made.
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from exactly_once.errors import PipelineError


def plain(folder: Path) -> Path:
    """Return the folder, or a link to it where its path holds a `#` or a `?`; the link is made again if it is gone.

    Raises:
        PipelineError: no folder can hold the link, or the journal's folder cannot be made.
    """
    if not set("?#") & set(str(folder)):
        return folder
    if "?" in str(folder):
        _make_journals_folder(folder)
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    for base in _bases():
        try:
            base.mkdir(parents=True, exist_ok=True, mode=0o700)
            if _is_ours(base):
                return _link(base / name, folder)
        except OSError:
            continue
    raise PipelineError(
        f"{folder} holds a # or a ?, and no folder can be made for a link to it: set MAILBLAZE_DATA_DIR to a folder "
        "without them."
    )


def shown(path: str) -> str:
    """Return a path below a folder of `plain` as a person knows it: without the link."""
    for base in _bases():
        parts = Path(path).parts
        count = len(base.parts)
        if parts[:count] == base.parts and len(parts) > count and (link := base / parts[count]).is_symlink():
            return str(Path(link.readlink(), *parts[count + 1 :]))
    return path


def _make_journals_folder(folder: Path) -> None:
    """Make the folder in which DuckDB keeps the journal of a database in `folder` while it writes."""
    journals = Path(str(folder.resolve()).replace("?", ".wal?", 1))
    try:
        journals.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise PipelineError(
            f"{folder} holds a ?, for which DuckDB keeps its journal in {journals}, and that cannot be made "
            f"({error.strerror}): set MAILBLAZE_DATA_DIR to a folder without ?."
        ) from None


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
