"""The baseline: every byte of a table, sent by Postgres and discarded: `python -m tools.bench.baseline URL TABLE`."""

import json
import sys
import time

import psycopg2


class Nowhere:
    """A file that counts the bytes written to it."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def copy(url: str, table: str) -> dict[str, float]:
    """Return the seconds of one binary COPY of the whole table, without imports and connecting, and its bytes."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        sink = Nowhere()
        began = time.monotonic()
        cursor.copy_expert(f"copy (select * from {table}) to stdout (format binary)", sink, 1 << 16)
        seconds = time.monotonic() - began
    connection.close()
    return {"seconds": seconds, "bytes": sink.size}


if __name__ == "__main__":
    print(json.dumps(copy(*sys.argv[1:])))
