"""What a run that died left in dlt's working folder: whether its files are what was written, else where it is kept.

A machine that loses power, or has no room left, leaves files that are empty, half or full of zeros. A package that is
ready to land has a seal (manifest_chain.py), so its files are compared with what they were; one without a seal is
read again. The working folder holds nothing that the source and the warehouse do not have.
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
from pipelines.environment import data_dir

KEPT = 5  # folders that were moved away, of each pipeline
VERSION = re.compile(rb"\d+\.\d+\.\d+\s*")  # of dlt's storages
OF_THE_LOAD = (".reference", ".sql")  # dlt makes these jobs while it loads: no seal has them


def open_pipeline(
    make: Callable[[Path | None], dlt.Pipeline], lease: Callable[[dlt.Pipeline], AbstractContextManager]
) -> dlt.Pipeline:
    """Return the activated pipeline; a working folder that dlt cannot open is quarantined first.

    Args:
        make: returns the pipeline, with its working folder in another folder where one is given.
        lease: returns the lease of a pipeline, to be entered while its working folder is moved.
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
    """Say where a working folder is kept, and what follows from that."""
    return f"the working folder is set aside in {kept}, and rows are read again from the warehouse's cursors"


def move_working_dir(name: str, folder: Path) -> Path:
    """Move a pipeline's working folder away, and return where it is kept; the newest KEPT of them stay."""
    kept = data_dir() / "set_aside" / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(kept)
    for old in sorted(kept.parent.glob(f"{name}-*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return kept


def find_damage(folder: Path) -> str | None:
    """Say which file of a working folder is not what was written, and why; None: all are.

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
        if path.name == PackageStorage.SCHEMA_FILE_NAME:
            if found := _schema_damage(path):
                yield found
        elif found := local_damage(path):
            yield found
            if path == state:
                return
    # What dlt goes back to where the package is given up.
    for path in sorted((package / PackageStorage.RESTORE_FOLDER).rglob("*.json")):
        if found := _schema_damage(path) if path.name.endswith(".schema.json") else local_damage(path):
            yield found
    if not (package / PackageStorage.SCHEMA_FILE_NAME).exists():
        yield f"{package} has no schema"
    contents = _seal(package)
    if contents is None:
        return
    left = dict(contents)
    for path in sorted(path for path in package.glob("*_jobs/*") if path.suffix != ".exception"):
        if path.suffix in OF_THE_LOAD:
            body = path.read_bytes()
            if not body or b"\0" in body:
                yield f"{path} is damaged ({'it is empty' if not body else 'it has bytes of zero'})"
            continue
        expected = left.pop(file_key(path.name), None)
        if expected is None or path.stat().st_size != expected["size"]:
            size = f"{path.stat().st_size:,} bytes instead of {expected['size']:,}" if expected else "nothing wrote it"
            yield f"{path} is damaged ({size})"
        elif not is_content(path, expected):
            yield f"{path} is damaged (its checksum differs)"
    for key in left:
        yield f"{package} lacks a file of {key}"


def _seal(package: Path) -> dict[str, Any] | None:
    path = package / PackageStorage.LOAD_PACKAGE_STATE_FILE_NAME
    try:
        return sealed(json.loadb(path.read_bytes()))
    except (OSError, ValueError, AttributeError):
        return None


def _schema_damage(path: Path) -> str | None:
    try:
        Schema.from_dict(json.loadb(path.read_bytes()))
    except Exception as error:  # noqa: BLE001  whatever dlt says of it
        return f"{path} is damaged ({(str(error).splitlines() or [type(error).__name__])[0]})"
    return None


def _activated(pipeline: dlt.Pipeline) -> dlt.Pipeline:
    pipeline.activate()
    pipeline.list_extracted_load_packages(), pipeline.list_normalized_load_packages()  # opens what dlt opens late
    return pipeline
