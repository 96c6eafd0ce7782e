"""Somebody else's pipeline as the one subject: three functions by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.kill_test.subject import Subject, import_function


@contextmanager
def provide_subjects(folder: Path, load: str, check: str, prepare: str = "") -> Iterator[list[Subject]]:
    """Provide the subject of three functions, each written as module:function."""
    subject = Subject(load, load=import_function(load), check=import_function(check), environment=_environment)
    if prepare:
        subject.prepare = import_function(prepare)
    yield [subject]


def _environment(world: Path) -> dict[str, str]:
    # In this repository's own environment dlt takes its working folder from MAILBLAZE_DATA_DIR.
    return {"MAILBLAZE_DATA_DIR": str(world), "RUNTIME__LOG_LEVEL": "CRITICAL", "RUNTIME__DLTHUB_TELEMETRY": "false"}
