"""A path to the data folder that every library reads correctly.

dbt-duckdb reads what follows `#` or `?` as a part of a URL, so such a folder gets a symbolic link without them. DuckDB
resolves the link and puts the suffix of its journal, ".wal", before the first `?` of the path, so that folder is made.
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from exactly_once.errors import PipelineError


def library_safe_path(folder: Path) -> Path:
    """Return the folder, or a link to it if its path contains `#` or `?`; a link that is gone is made again.

    Raises:
        PipelineError: the link or the journal's folder cannot be made.
    """
    if not set("?#") & set(str(folder)):
        return folder
    if "?" in str(folder):
        _make_journals_folder(folder)
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    for base in _link_folders():
        try:
            base.mkdir(parents=True, exist_ok=True, mode=0o700)
            if _is_private(base):
                return _make_link(base / name, folder)
        except OSError:
            continue
    raise PipelineError(
        f"{folder} holds a # or a ?, and no folder can be made for a link to it: set MAILBLAZE_DATA_DIR to a folder "
        "without them."
    )


def display_path(path: str) -> str:
    """Return a path as a person knows it, without the link that `library_safe_path` made."""
    for base in _link_folders():
        parts = Path(path).parts
        count = len(base.parts)
        if parts[:count] == base.parts and len(parts) > count and (link := base / parts[count]).is_symlink():
            return str(Path(link.readlink(), *parts[count + 1 :]))
    return path


def _make_journals_folder(folder: Path) -> None:
    """Make the folder in which DuckDB writes the journal of a database in `folder`."""
    journals = Path(str(folder.resolve()).replace("?", ".wal?", 1))
    try:
        journals.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise PipelineError(
            f"{folder} holds a ?, for which DuckDB keeps its journal in {journals}, and that cannot be made "
            f"({error.strerror}): set MAILBLAZE_DATA_DIR to a folder without ?."
        ) from None


def _link_folders() -> list[Path]:
    """Return the folders that may contain links, the user's first."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  no home is no error
    found = [Path(cache, "mailblaze"), Path(tempfile.gettempdir(), f"mailblaze-{os.geteuid()}")]
    return [base for base in found if base.is_absolute() and not set("?#") & set(str(base))]


def _is_private(base: Path) -> bool:
    """Return whether only this user can write to a folder; the folder for temporary files is shared."""
    found = base.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _make_link(link: Path, folder: Path) -> Path:
    if not link.is_symlink() or link.readlink() != folder:
        fresh = link.with_name(f"{link.name}.{os.getpid()}")
        fresh.symlink_to(folder)
        fresh.replace(link)
    return link
