"""Before a replay loads anything: compare each file of the lake with its manifest."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from exactly_once.errors import PipelineError
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.replay_plan import ReplayStep

READERS = 4  # files at the same time: a download takes longer than its digest


def check_files(manifests: ManifestStore, steps: Iterable[ReplayStep]) -> None:
    """Compare the files of some loads with their manifests: that they exist, then their sizes, then every byte.

    A manifest from before there were checksums only names its files.

    Raises:
        PipelineError: a file is missing or was changed.
    """
    files = [(step, table, path) for step in steps for table, paths in step.files.items() for path in paths]
    sizes = manifests.sizes(sorted({table for _, table, _ in files}))
    for step, _, path in files:
        expected = step.manifest.contents.get(path)
        found = sizes[path] if path in sizes else manifests.size(path)
        if found is None:
            raise _error(manifests, step, path, "is missing")
        if expected and found != expected["size"]:
            size = f"was changed: {found:,} bytes, and the load wrote {expected['size']:,}"
            raise _error(manifests, step, path, size)
    with ThreadPoolExecutor(READERS, thread_name_prefix="checksum") as threads:
        try:
            for _ in threads.map(lambda one: _check_digest(manifests, one[0], one[2]), files):
                continue
        finally:
            threads.shutdown(cancel_futures=True)


def _check_digest(manifests: ManifestStore, step: ReplayStep, path: str) -> None:
    expected = step.manifest.contents.get(path)
    if expected is None:
        return
    try:
        found = manifests.sha256(path)
    except FileNotFoundError as error:
        raise _error(manifests, step, path, "is missing") from error
    if found != expected["sha256"]:
        raise _error(manifests, step, path, "was changed: its checksum differs from the load's")


def _error(manifests: ManifestStore, step: ReplayStep, path: str, what: str) -> PipelineError:
    return PipelineError(
        f"{manifests.root}/{path} of load {step.load_id} {what}. Restore the file (or an earlier version of it), then "
        "run again. Nothing was changed in RAW."
    )
