"""The lake as dlt's staging destination: on S3 and in a folder a file is created and never overwritten.

On S3 each upload has `If-None-Match: *`, so that a role without the right to overwrite suffices. An upload whose answer
was lost finds its own file, which counts as written. It leans on dlt internals: dlt is pinned exactly and a test holds
the contract.
"""

import json
import shutil
from contextlib import suppress
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, PreparedTableSchema
from dlt.destinations.exceptions import DestinationTerminalException
from dlt.destinations.impl.filesystem.factory import filesystem
from dlt.destinations.impl.filesystem.filesystem import CURRENT_VERSION, FilesystemClient, FilesystemLoadJobWithFollowup
from typing_extensions import override

from exactly_once.destinations.mixins import RememberingDestination
from exactly_once.storage.lake_objects import BLOCK, already_exists, digest_of


class CreatingLoadJob(FilesystemLoadJobWithFollowup):
    """Uploads a file that the lake on S3 does not have."""

    def run(self) -> None:
        """Upload the file.

        Raises:
            DestinationTerminalException: the lake has the path with another content.
        """
        lake, path = self._job_client.fs_client, self.make_remote_path()
        try:
            lake.put_file(self._file_path, path, mode="create")
        except OSError as error:
            if not already_exists(error):
                raise
            if not _is_same(lake, path, Path(self._file_path)):
                raise other_content(path) from error


class LocalLoadJob(FilesystemLoadJobWithFollowup):
    """Copies a file that the lake in a folder does not have; a killed copy leaves no part of it under its name."""

    def run(self) -> None:
        """Copy the file.

        Raises:
            DestinationTerminalException: the lake has the path with another content.
        """
        source, path = Path(self._file_path), Path(self.make_remote_path())
        if path.exists() and not _is_part(path, source):
            if _is_same(self._job_client.fs_client, str(path), source):
                return
            raise other_content(str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")  # no listing by load id finds it; the next run writes over it
        try:
            shutil.copyfile(source, new)
            new.replace(path)
        finally:
            with suppress(FileNotFoundError):
                new.unlink()


class CreatingClient(FilesystemClient):
    """dlt's client whose files, the mark of a dataset included, overwrite nothing."""

    def initialize_storage(self, truncate_tables: Any = None) -> None:
        """Write dlt's mark of the dataset if the lake does not have it."""
        if not self.is_local_filesystem and not self.fs_client.exists(self.init_file_path):
            mark = {"initial_version": CURRENT_VERSION, "current_version": CURRENT_VERSION}
            try:
                self.fs_client.pipe_file(self.init_file_path, json.dumps(mark).encode(), mode="create")
            except OSError as error:
                if not already_exists(error):
                    raise
        super().initialize_storage(truncate_tables)

    def get_load_job_class(self, table: PreparedTableSchema, file_path: str) -> type[LoadJob]:
        """Return the job of a file; on S3 and in a folder it creates the file."""
        found = super().get_load_job_class(table, file_path)
        if found is not FilesystemLoadJobWithFollowup:
            return found
        if self.is_local_filesystem:
            return LocalLoadJob
        return CreatingLoadJob if self.config.protocol in ("s3", "s3a") else found


class lake(RememberingDestination, filesystem):  # noqa: N801  a dlt destination is named like a function
    """dlt's filesystem whose files on S3 and in a folder are written once."""

    # The arguments of the destination, and the capabilities that they give.
    _capabilities: tuple[list[Any], DestinationCapabilitiesContext] | None = None

    @property
    @override
    def client_class(self) -> type[FilesystemClient]:
        return CreatingClient

    @override
    def capabilities(self, config: Any = None, naming: Any = None) -> DestinationCapabilitiesContext:
        """Return dlt's capabilities; those without a configuration are found out once.

        dlt asks for them with each job, and resolves the whole configuration each time.
        """
        if config is not None or naming is not None:
            return super().capabilities(config, naming)
        known = [self.config_params, self.caps_params]
        if self._capabilities is None or self._capabilities[0] != known:
            self._capabilities = deepcopy(known), super().capabilities()
        found = copy(self._capabilities[1])
        for name, value in vars(found).items():
            if isinstance(value, list):  # dlt adds to them
                setattr(found, name, list(value))
        return found


def other_content(path: str) -> DestinationTerminalException:
    """Return the error of a path that the lake has with another content than the load's."""
    return DestinationTerminalException(
        f"{path} is in the lake with another content, and no load overwrites it: an administrator moves it away, then "
        "run again."
    )


def _is_part(path: Path, whole: Path) -> bool:
    """Tell whether a file is the beginning of another one: an earlier version's copy that was killed."""
    size = path.stat().st_size
    if size >= whole.stat().st_size:
        return False
    with path.open("rb") as part, whole.open("rb") as file:
        return all(block == file.read(len(block)) for block in iter(lambda: part.read(BLOCK), b""))


def _is_same(lake: Any, path: str, local: Path) -> bool:
    with local.open("rb") as ours, lake.open(path, "rb") as theirs:
        return digest_of(ours) == digest_of(theirs)


lake.register()
