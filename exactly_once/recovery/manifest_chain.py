"""The contents of a load's files and the chain of manifests.

A manifest has the rows, the size and the SHA-256 of each file, the manifest that it follows with that one's digest, and
its own place in the chain, counted from the first load into this RAW. So a changed byte, a missing manifest and a load
that RAW no longer has can each be named.
"""

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dlt
from dlt.common.storages.load_package import ParsedLoadJobFileName

from exactly_once import hints
from exactly_once.clients import load_storage
from exactly_once.errors import PipelineError
from exactly_once.recovery.manifests import LoadManifest
from exactly_once.storage.lake_objects import digest_of

SEAL = "sealed"  # in the package's state: the content of each file when it was normalized
Content = dict[str, Any]  # {"rows": int or None, "size": bytes, "sha256": hexadecimal}


def local_content(path: Path) -> Content:
    """Return the content of a local file; its rows if it is Parquet or JSON lines."""
    with path.open("rb") as file:
        size, digest = digest_of(file)
    return {"rows": _rows(path), "size": size, "sha256": digest}


def is_content(path: Path, expected: Content) -> bool:
    """Tell whether a local file has the size and digest of a content."""
    with path.open("rb") as file:
        return digest_of(file) == (expected["size"], expected["sha256"])


def seal(pipeline: dlt.Pipeline) -> None:
    """Keep the contents of its files in the state of each normalized package; call it right after normalizing."""
    packages = load_storage(pipeline).normalized_packages
    for load_id in packages.list_packages():
        folder = Path(packages.storage.make_full_path(packages.get_package_path(load_id)))
        state = packages.get_load_package_state(load_id)
        state["destination_state"] = {
            **state.get("destination_state", {}),
            SEAL: {file_key(path.name): local_content(path) for path in (folder / "new_jobs").iterdir()},
        }
        packages.save_load_package_state(load_id, state)


def sealed(state: Any) -> dict[str, Content] | None:
    """Return the contents of a package's files by `file_key` from its state; None: it has no seal."""
    found: dict[str, Content] | None = state.get("destination_state", {}).get(SEAL)
    return found


def file_key(name: str) -> str:
    """Return the name of a package's file that stays the same in all attempts to load it."""
    job = ParsedLoadJobFileName.parse(name)
    return f"{job.table_name}.{job.file_id}"


def follow(manifest: LoadManifest, previous: LoadManifest | None) -> LoadManifest:
    """Return the manifest as the one after `previous` in the chain; None: as the first of a RAW."""
    if previous is None:
        return replace(manifest, sequence=1, previous=None, previous_digest=None)
    return replace(
        manifest, sequence=(previous.sequence or 0) + 1, previous=previous.load_id, previous_digest=previous.digest
    )


def history(manifests: Iterable[LoadManifest], where: str = "") -> tuple[list[LoadManifest], list[LoadManifest]]:
    """Return the loads of the newest RAW in the order in which they were loaded, and those that this RAW has lost.

    The newest load has the highest token, not the latest time: two machines' clocks may differ by more than a load
    takes. The chain is followed back from there. Other loads belong to a RAW that was dropped, or to one that was
    replaced by an older copy of itself; only the latter are returned as lost. Manifests from before there was a chain
    are in the order of their tokens.

    Args:
        manifests: all of a pipeline, in any order.
        where: the folder that holds them, for messages.

    Raises:
        PipelineError: a manifest of the chain is missing or was changed.
    """
    found = list(manifests)
    if not found:
        return [], []
    chain = [max(found, key=_age)]
    if chain[0].sequence is not None:
        chain = _chain(chain[0], {one.load_id: one for one in found}, where)
    oldest = chain[-1]
    if oldest.sequence is None:  # from here on there is no chain
        begun = max((one.completed_at for one in found if one.is_first and _age(one) <= _age(oldest)), default="")
        rest = [one for one in found if one.sequence is None and one.completed_at >= begun and _age(one) < _age(oldest)]
        chain += sorted(rest, key=_age, reverse=True)
    chain.reverse()
    used = {one.load_id for one in chain}
    lost = [one for one in found if one.load_id not in used and one.completed_at >= chain[0].completed_at]
    return chain, sorted(lost, key=_age)


def _chain(newest: LoadManifest, found: dict[str, LoadManifest], where: str) -> list[LoadManifest]:
    chain = [newest]
    while (later := chain[-1]).previous is not None:
        earlier = found.get(later.previous)
        if earlier is None:
            raise PipelineError(
                f"The manifest {where}_loads/{later.previous}.json is missing: load {later.load_id} follows it. "
                "Restore the file, then run again; if RAW still has the load, "
                f"`{hints.replay('--complete')}` writes it."
            )
        if earlier.sequence is None:
            chain.append(earlier)
            break
        if later.previous_digest != earlier.digest or later.sequence != earlier.sequence + 1:
            raise PipelineError(
                f"The manifest {where}_loads/{earlier.load_id}.json was changed: load {later.load_id} follows another "
                "version of it. Restore that version, then run again; if RAW still has the load, "
                f"`{hints.replay('--complete')}` writes the manifests again."
            )
        chain.append(earlier)
    return chain


def _age(manifest: LoadManifest) -> tuple[int, str]:
    return manifest.token, manifest.completed_at


def _rows(path: Path) -> int | None:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(path).num_rows)
    if ".jsonl" in path.name:
        with path.open("rb") as file:
            is_zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_zipped else path.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    return None


def local_damage(path: Path) -> str | None:
    """Return why a JSON file cannot be what was written; None: it is intact."""
    try:
        json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        return f"{path} is damaged ({str(error) or type(error).__name__})"
    return None
