"""What a dead run left in dlt's working folder: damaged files are found, and a damaged folder is moved away.

A machine that loses power or runs out of disk space leaves files that are empty, cut off or full of zeros. A package
that is ready to be loaded has a seal (manifest_chain.py) with the size and checksum of each file; one without a seal is
read again. The working folder holds nothing that the source and the warehouse do not have.

dlt's setting `recovery.quarantine_dir` is the folder that damaged or outdated working folders are moved to; the default
is `set_aside` beside dlt's folder of pipelines.
"""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
from dlt.common import json
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.schema import Schema
from dlt.common.storages.load_package import PackageStorage

from exactly_once.errors import PipelineError
from exactly_once.recovery.manifest_chain import file_key, is_content, local_damage, sealed

KEPT = 5  # quarantined folders of each pipeline
VERSION = re.compile(rb"\d+\.\d+\.\d+\s*")  # of dlt's storages
OF_THE_LOAD = (".reference", ".sql")  # jobs that dlt adds while it loads: no seal has them


def open_pipeline(
    make: Callable[[Path | None], dlt.Pipeline], lease: Callable[[dlt.Pipeline], AbstractContextManager[Any]]
) -> dlt.Pipeline:
    """Return the activated pipeline; a working folder that dlt cannot open is quarantined first.

    Args:
        make: returns the pipeline, with its working folder in another folder where one is given.
        lease: returns the lease of a pipeline, which is entered while its working folder is moved.
    """
    try:
        return _activated(make(None))
    except (PipelineError, ConfigurationException):
        raise
    except Exception:
        with TemporaryDirectory() as elsewhere:
            spare = make(Path(elsewhere))
            name, folder = spare.pipeline_name, Path(get_dlt_pipelines_dir()) / spare.pipeline_name
            reason = find_damage(folder) if folder.exists() else None
            if reason is None:
                raise
            with lease(spare):
                kept = move_working_dir(name, folder)
    print(f"⚠ {name}: {reason}: {moved_note(kept)}.", file=sys.stderr)
    return _activated(make(None))


def moved_note(kept: Path) -> str:
    """Return the part of a message that names the folder in which a working folder is quarantined."""
    return f"the working folder is quarantined in {kept}, and rows are read again from the warehouse's cursors"


def move_working_dir(name: str, folder: Path) -> Path:
    """Quarantine a pipeline's working folder, and return its new path; the newest KEPT of them stay."""
    kept = _quarantine_dir(folder) / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(kept)
    for old in sorted(kept.parent.glob(f"{name}-*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return kept


def _quarantine_dir(folder: Path) -> Path:
    # Not below dlt's folder of pipelines, where each folder is a pipeline's.
    configured = dlt.config.get("recovery.quarantine_dir", str)
    return Path(configured) if configured else folder.parent.parent / "set_aside"


def find_damage(folder: Path) -> str | None:
    """Return which file of a working folder is not what was written, and why; None: every file is intact.

    Reads every file of the packages that wait to be loaded, and little else.
    """
    return next(_damages(folder), None)


def is_sealed(folder: Path) -> bool:
    """Tell whether every package that waits to be loaded has a seal, and none waits to be normalized."""
    if any((folder / "normalize/extracted").glob("*/")):
        return False
    return all(_seal(package) is not None for package in _packages(folder))


def _damages(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.json")):
        if found := local_damage(path):
            yield found
    for path in (folder / "normalize/.version", folder / "load/.version"):
        if path.exists() and not VERSION.fullmatch(body := path.read_bytes()):
            yield f"{path} is damaged ({'it is empty' if not body else 'it has no version'})"
    for path in sorted((folder / "schemas").glob("*.schema.json")):
        if found := _schema_damage(path):
            yield found
    for package in _packages(folder):
        yield from _package_damages(package)


def _packages(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "load/normalized").glob("*/"))


def _package_damages(package: Path) -> Iterator[str]:
    state = package / PackageStorage.LOAD_PACKAGE_STATE_FILE_NAME
    for path in sorted(package.glob("*.json")):
        if found := _json_damage(path):
            yield found
            if path == state:
                return
    # dlt restores these where the package is aborted.
    for path in sorted((package / PackageStorage.RESTORE_FOLDER).rglob("*.json")):
        if found := _json_damage(path):
            yield found
    if not (package / PackageStorage.SCHEMA_FILE_NAME).exists():
        yield f"{package} has no schema"
    contents = _seal(package)
    if contents is not None:
        yield from _job_damages(package, contents)


def _job_damages(package: Path, contents: dict[str, Any]) -> Iterator[str]:
    """Yield the damage of a package's job files.

    Args:
        package: its folder.
        contents: of its files by `file_key`, as its seal has them.
    """
    left = dict(contents)
    for path in sorted(path for path in package.glob("*_jobs/*") if path.suffix != ".exception"):
        if path.suffix in OF_THE_LOAD:
            body = path.read_bytes()
            if not body or b"\0" in body:
                yield f"{path} is damaged ({'it is empty' if not body else 'it has bytes of zero'})"
        elif found := _content_damage(path, left.pop(file_key(path.name), None)):
            yield found
    for key in left:
        yield f"{package} lacks a file of {key}"


def _content_damage(path: Path, expected: dict[str, Any] | None) -> str | None:
    if expected is None:
        return f"{path} is damaged (nothing wrote it)"
    if (size := path.stat().st_size) != expected["size"]:
        return f"{path} is damaged ({size:,} bytes instead of {expected['size']:,})"
    return None if is_content(path, expected) else f"{path} is damaged (its checksum differs)"


def _json_damage(path: Path) -> str | None:
    is_schema = path.name == PackageStorage.SCHEMA_FILE_NAME or path.name.endswith(".schema.json")
    return _schema_damage(path) if is_schema else local_damage(path)


def _seal(package: Path) -> dict[str, Any] | None:
    path = package / PackageStorage.LOAD_PACKAGE_STATE_FILE_NAME
    try:
        return sealed(json.loadb(path.read_bytes()))
    except (OSError, ValueError, AttributeError):
        return None


def _schema_damage(path: Path) -> str | None:
    try:
        Schema.from_dict(json.loadb(path.read_bytes()))
    except Exception as error:  # noqa: BLE001  whatever dlt raises
        return f"{path} is damaged ({(str(error).splitlines() or [type(error).__name__])[0]})"
    return None


def _activated(pipeline: dlt.Pipeline) -> dlt.Pipeline:
    pipeline.activate()
    # These open the storages that dlt opens lazily.
    pipeline.list_extracted_load_packages()
    pipeline.list_normalized_load_packages()
    return pipeline
