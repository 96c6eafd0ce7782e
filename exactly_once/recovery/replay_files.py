"""Before a replay lands anything: each file of the lake is compared with what its record says."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from exactly_once.errors import PipelineError
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.replay_plan import ReplayStep

READERS = 4  # files at the same time: the lake answers one by one, and a digest takes a fraction of a download


def check_files(records: ManifestStore, steps: Iterable[ReplayStep]) -> None:
    """Compare the files of some loads with their records: first that they are there, and their sizes, then every byte.

    A record from before there were checksums says only which files there are.

    Raises:
        PipelineError: a file is missing or was changed.
    """
    files = [(step, table, path) for step in steps for table, paths in step.files.items() for path in paths]
    sizes = records.sizes(sorted({table for _, table, _ in files}))
    for step, _, path in files:
        expected = step.record.contents.get(path)
        if path not in sizes:
            raise _refusal(records, step, path, "is missing")
        if expected and sizes[path] != expected["size"]:
            size = f"was changed: {sizes[path]:,} bytes, and the load wrote {expected['size']:,}"
            raise _refusal(records, step, path, size)
    with ThreadPoolExecutor(READERS, thread_name_prefix="checksum") as threads:
        try:
            for _ in threads.map(lambda one: _check(records, one[0], one[2]), files):
                continue
        finally:
            threads.shutdown(cancel_futures=True)


def _check(records: ManifestStore, step: ReplayStep, path: str) -> None:
    expected = step.record.contents.get(path)
    if expected is None:
        return
    try:
        found = records.sha256(path)
    except FileNotFoundError as error:
        raise _refusal(records, step, path, "is missing") from error
    if found != expected["sha256"]:
        raise _refusal(records, step, path, "was changed: its checksum is not the one that the load wrote")


def _refusal(records: ManifestStore, step: ReplayStep, path: str, what: str) -> PipelineError:
    return PipelineError(
        f"{records.root}/{path} of load {step.load_id} {what}. Restore the file (or an earlier version of it), then "
        "run again. Nothing was changed in RAW."
    )
