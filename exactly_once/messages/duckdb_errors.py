"""What DuckDB raises about its file and its memory."""

import re

from exactly_once import hints

NO_MEMORY = re.compile("Out of Memory|could not allocate block|failed to (allocate|pin)")


def describe(error: BaseException) -> str | None:
    """Return the line of an error about memory or about the database file, or None."""
    kind, reason = type(error).__name__, (str(error).strip().splitlines() or [""])[0]
    if kind in ("OutOfMemoryException", "TransactionException") and NO_MEMORY.search(str(error)):
        return f"DuckDB needs more memory than it may take ({reason}). End other programs, then run again."
    if kind != "IOException":
        return None
    if is_locked(error):
        return f"Another process holds the DuckDB file: wait until it ends{hints.status()}, then run again."
    if "not a valid DuckDB database" in str(error):
        return (
            f"DuckDB's file is damaged ({reason}): move it away, then type {hints.replay()}, which makes RAW again "
            "from the lake."
        )
    return f"DuckDB cannot read or write its file: {reason}. Make room or writable, then run again."


def is_locked(error: BaseException) -> bool:
    """Tell whether another process has DuckDB's file open."""
    return type(error).__name__ == "IOException" and "lock" in str(error).lower()
