"""Exactly-once loads for dlt: consistent reads, fenced destinations, recovery, replay.

The names below are the public API; each is imported when it is first used, so `import exactly_once` imports no dlt.
What is not listed here or in README.md may change without notice.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exactly_once.destinations.fenced_snowflake import fenced_snowflake
    from exactly_once.destinations.lake import lake
    from exactly_once.destinations.staged_duckdb import staged_duckdb
    from exactly_once.errors import PipelineError, TableError, user_message
    from exactly_once.hints import Hints, use_hints
    from exactly_once.lease.lease import LeaseHeld
    from exactly_once.recovery.replay import Replay
    from exactly_once.report import LoadReport, TableReport
    from exactly_once.runner import acquire_lease, repair_lease, run_pipeline
    from exactly_once.source_info import SourceInfo

__version__ = "0.1.0"
__all__ = [
    "Hints",
    "LeaseHeld",
    "LoadReport",
    "PipelineError",
    "Replay",
    "SourceInfo",
    "TableError",
    "TableReport",
    "acquire_lease",
    "fenced_snowflake",
    "lake",
    "repair_lease",
    "run_pipeline",
    "staged_duckdb",
    "use_hints",
    "user_message",
]

_MODULES = {
    "Hints": "hints",
    "LeaseHeld": "lease.lease",
    "LoadReport": "report",
    "PipelineError": "errors",
    "Replay": "recovery.replay",
    "SourceInfo": "source_info",
    "TableError": "errors",
    "TableReport": "report",
    "acquire_lease": "runner",
    "fenced_snowflake": "destinations.fenced_snowflake",
    "lake": "destinations.lake",
    "repair_lease": "runner",
    "run_pipeline": "runner",
    "staged_duckdb": "destinations.staged_duckdb",
    "use_hints": "hints",
    "user_message": "errors",
}


def _has_snowflake() -> bool:
    try:
        return find_spec("snowflake.connector") is not None
    except ImportError:  # there is no package snowflake
        return False


if not _has_snowflake():  # `from exactly_once import *` and help() ask for every name
    __all__.remove("fenced_snowflake")


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562).

    Raises:
        ImportError: fenced_snowflake is used without the extra snowflake.
    """
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "fenced_snowflake" and not _has_snowflake():
        raise ImportError(
            "fenced_snowflake needs Snowflake's connector: type `pip install 'exactly-once-loads[snowflake]'`."
        )
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
