"""DuckDB's memory limit: raised for wide rows if the machine has the memory."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from dlt.destinations.exceptions import DatabaseException

from exactly_once.errors import PipelineError

MB = 2**20
OUT_OF_MEMORY = re.compile("Out of Memory|could not allocate block|failed to (allocate|pin)")
# A column takes a block of 256 kB in the rows that a transaction adds, one in the table, and some buffers.
FOR_COLUMN = 3 * MB // 4
FOR_KEY = 128  # bytes, while a merge looks for duplicate keys
SHARE = 0.8  # of the machine's free memory
UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
DECIMAL_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}

T = TypeVar("T")


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether DuckDB failed because its memory limit was too low."""
    return bool(OUT_OF_MEMORY.search(str(error)))


def with_enough_memory(sql_client: Any, work: Callable[[], T], columns: int = 0, keys: int = 0) -> T:
    """Return what `work` returns; if it runs out of memory, run it again with twice the limit.

    Args:
        sql_client: dlt's, connected; its memory limit is restored afterwards. `max_bytes` is the most that it may
            take; None: what the machine has.
        work: leaves nothing behind where it fails.
        columns: of the widest table that it writes.
        keys: that it counts.

    Raises:
        DatabaseException: as `work` raises it; out of memory only if the machine has no more.
    """
    usual = limit = read_limit(sql_client)
    needed = max(columns * FOR_COLUMN, limit) + keys * FOR_KEY
    if needed > 1.1 * limit:
        limit = max(limit, min(needed, _most(sql_client)))
    try:
        while True:
            if limit > usual:
                sql_client.execute_sql(f"SET memory_limit = '{limit // 1024}KiB'")
            try:
                return work()
            except DatabaseException as error:
                more = min(2 * limit, _most(sql_client))
                if not is_out_of_memory(error) or more < 1.1 * limit:
                    raise
                limit = more
    finally:
        if limit > usual:
            _set_back(sql_client, usual)


def read_limit(sql_client: Any) -> int:
    """Return DuckDB's memory limit in bytes."""
    ((text,),) = sql_client.execute_sql("SELECT current_setting('memory_limit')")
    return to_bytes(text)


def free_memory() -> int:
    """Return the bytes that this process may take: of the machine, or of its control group if that has fewer."""
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            group = Path("/sys/fs/cgroup")
            free = min(free, int((group / limit).read_text()) - int((group / used).read_text()))
        except (OSError, ValueError):  # no such version of control groups, or "max"
            continue
    return max(int(free * SHARE), 0)


def to_bytes(text: str) -> int:
    """Return a size as DuckDB writes it, e.g. "2GB" or "1.5 GiB", in bytes."""
    match = re.fullmatch(r"([\d.]+)\s*(\w+)", text.strip())
    if match is None:
        raise PipelineError(f"{text!r} is no size in bytes: say one like 2GB.")
    number, unit = match.groups()
    return int(float(number) * (UNITS[unit] if unit in UNITS else DECIMAL_UNITS[unit.upper()]))


def _most(sql_client: Any) -> int:
    return free_memory() if sql_client.max_bytes is None else sql_client.max_bytes


def _set_back(sql_client: Any, limit: int) -> None:
    # DuckDB may use more than that now: it keeps the higher limit until the file is closed.
    with suppress(DatabaseException):
        sql_client.execute_sql(f"SET memory_limit = '{limit // 1024}KiB'")
