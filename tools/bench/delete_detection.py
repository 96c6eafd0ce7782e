"""Delete detection alone: the keys of Postgres compared with RAW's, all streamed and by digests.

`python -m tools.bench.delete_detection [ROWS]`; a real Postgres, a DuckDB file. CPU seconds are of both sides,
Postgres's processes included; bytes are those of the loopback device, by which Postgres sends.
"""

import argparse
import contextlib
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exactly_once.incremental.key_diff import SortedKeyDiff
from exactly_once.postgres import key_reader
from mock_services.postgres.server import EmbeddedPostgres
from tests.support.key_sides import KeySides

KINDS = {"bigint": "n", "text": "'customer-' || md5(n::text)"}


def measure(rows: int, kinds: tuple[str, ...] = ("bigint",)) -> list[dict[str, Any]]:
    """Return for each kind of key, state of the source and way to compare what it took; each way finds the same."""
    found = []
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres", ephemeral=True) as server:
        Path(name).chmod(0o711)
        for kind in kinds:
            sides = KeySides(server.url(), Path(name), ["k"], f"keys_{kind}")
            table = f"keys_{kind}"
            sides.source(
                f"create table {table} (k {kind} primary key, updated_at timestamptz default now()); "
                f"insert into {table} select {KINDS[kind]} from generate_series(1, {rows}) n"
            )
            sides.copy()
            for state in ("equal", "1 % deleted"):
                if state != "equal":
                    sides.source(f"delete from {table} where hashtext(k::text) % 100 = 0")
                sides.source(f"vacuum {table}")
                ways = [_compare(sides, way) for way in ("streams", "digests")]
                assert ways[0]["found"] == ways[1]["found"], "the two ways find different keys"
                found += [{"kind": kind, "state": state, "rows": rows, **way} for way in ways]
    return found


def _compare(sides: KeySides, way: str) -> dict[str, Any]:
    with sides.open() as (reader, raw), _always_digests():
        reader.query("select 1")  # opened before
        raw.query("select 1")
        began, own, sent = time.monotonic(), _own_cpu(), _received()
        theirs = _postgres_cpu()
        diff = reader.digest_diff(raw) if way == "digests" else SortedKeyDiff(raw.keys(), reader.iter_keys())
        assert diff
        found = 0 if diff.source_is_empty else sum(1 for _ in diff.iter_differences())
        return {
            "way": way,
            "seconds": time.monotonic() - began,
            "cpu_seconds": _own_cpu() - own + _postgres_cpu() - theirs,
            "sent_mb": (_received() - sent) / 1e6,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "found": found,
        }


@contextlib.contextmanager
def _always_digests() -> Iterator[None]:
    before = dict(key_reader.DIGESTS_FROM)
    key_reader.DIGESTS_FROM.update(dict.fromkeys(before, 0))
    try:
        yield
    finally:
        key_reader.DIGESTS_FROM.update(before)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _postgres_cpu() -> float:
    """Return the CPU seconds of the servers of this process: of their processes, and of those that have ended."""
    stats = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            stats[int(process.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    servers = {pid for pid, (parent, _) in stats.items() if parent == os.getpid()}
    ticks = sum(used for pid, (parent, used) in stats.items() if pid in servers or parent in servers)
    return ticks / os.sysconf("SC_CLK_TCK")


def _received() -> int:
    """Return the bytes that the loopback device has carried; other programs' are among them."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == "lo":
            return int(numbers.split()[0])
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the delete detection of a table by its keys.")
    parser.add_argument("count", nargs="?", type=int, default=3_000_000, help="keys (3000000)")
    count = parser.parse_args().count
    for one in measure(count, tuple(KINDS)):
        print(
            f"{one['rows']:,} keys of type {one['kind']}, {one['state']}, {one['way']}: {one['seconds']:.1f} s, "
            f"CPU {one['cpu_seconds']:.1f} s, {one['sent_mb']:.1f} MB, peak {one['peak_mb']:.0f} MB, "
            f"{one['found']:,} vanished rows found"
        )
