"""What a doctor command checks before the first load: the lake, the warehouse, and the path of a row between them.

Others use the names below, each imported when it is first used, and `checks` of `lake_checks` and `warehouse_checks`.
The checks of a source are beside the source, e.g. `exactly_once.postgres.PostgresChecks`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exactly_once.diagnostics.check import Check, run_checks
    from exactly_once.diagnostics.context import DoctorContext

__all__ = [
    "Check",
    "DoctorContext",
    "run_checks",
]

_MODULES = {
    "Check": "check",
    "DoctorContext": "context",
    "run_checks": "check",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
