"""Where fakesnow 0.12.1 differs from Snowflake for statements that dlt and dbt send: one function each."""

from collections.abc import Callable, Iterable
from importlib import import_module

MODULES = (
    "files",
    "copying",
    "merging",
    "ddl",
    "values",
    "policies",
    "transactions",
    "statements",
)  # in this order: the last wraps the others
CORRECTIONS: dict[str, Callable[[str], None]] = {}


def correction(function: Callable[[str], None]) -> Callable[[str], None]:
    """Register a correction under its name; it gets the URL of the S3 API."""
    CORRECTIONS[function.__name__] = function
    return function


def correct(s3_url: str, without: Iterable[str] = ()) -> None:
    """Apply every correction except those named."""
    for module in MODULES:
        import_module(f"{__name__}.{module}")
    if unknown := set(without) - set(CORRECTIONS):
        raise SystemExit(f"no such correction: {', '.join(sorted(unknown))}; there are {', '.join(CORRECTIONS)}")
    for name, apply in CORRECTIONS.items():
        if name not in without:
            apply(s3_url)


def quoted(*names: str) -> str:
    """Return a DuckDB name of several parts, each quoted."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
