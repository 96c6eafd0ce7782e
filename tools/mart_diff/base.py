"""The commit that a change is compared with. Git is only read."""

import io
import subprocess
import tarfile
from pathlib import Path

from exactly_once.errors import PipelineError


def left_at(repository: Path, base: str) -> str:
    """Return the commit at which the branch left `base`; later commits of `base` are no change of this branch.

    Raises:
        PipelineError: there is no such commit.
    """
    if _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}").returncode:
        raise PipelineError(f"{base} is no commit here: git fetch it, or name another one (make slim BASE=main).")
    found = _git(repository, "merge-base", base, "HEAD")
    if found.returncode:
        raise PipelineError(
            f"{base} and this branch have no commit in common here: git fetch --unshallow, or name another one."
        )
    return found.stdout.decode().strip()


def unpack(repository: Path, commit: str, folder: Path) -> Path:
    """Unpack the dbt project of a commit into a folder and return its path.

    Raises:
        PipelineError: the commit has none.
    """
    packed = _git(repository, "archive", commit, "dbt/dbt_project.yml", "dbt")
    if packed.returncode:
        raise PipelineError(f"Commit {commit[:7]} has no dbt/: there is nothing to compare with, name another one.")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(folder, filter="data")
        else:  # Python 3.11.2 (Debian 12) has no filter; an archive by git needs none
            archive.extractall(folder)  # noqa: S202
    return folder / "dbt"


def here(repository: Path) -> str:
    """Return what is built, as text: the checked-out commit, and whether dbt/ has uncommitted changes."""
    commit = _git(repository, "rev-parse", "--short=7", "HEAD").stdout.decode().strip()
    is_dirty = bool(_git(repository, "status", "--porcelain", "--", "dbt").stdout)
    return f"`{commit}`{' with the uncommitted changes of dbt/' if is_dirty else ''}"


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True)
