"""Load rows into Postgres by COPY: a stream of tuples in the text format, encoded a chunk at a time."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
CHUNK_ROWS = 500


def literal(value: object) -> str:
    """Return one value in COPY's text format; None is NULL, a tuple an array of text, bytes bytea."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, tuple):
        return f"{{{','.join(map(_element, value))}}}".translate(ESCAPES)
    return str(value)


def _element(value: str | None) -> str:
    return "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class CopyStream:
    """A readable stream of rows in COPY's text format that holds one chunk at most; `rows` counts the rows."""

    def __init__(self, rows: Iterable[tuple]):
        self.rows = 0
        self._lines = self._encode(iter(rows))
        self._rest = b""

    def _encode(self, rows: Iterator[tuple]) -> Iterator[bytes]:
        while chunk := list(islice(rows, CHUNK_ROWS)):
            self.rows += len(chunk)
            yield "".join("\t".join(map(literal, row)) + "\n" for row in chunk).encode()

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, the rest for a negative size, b'' at the end."""
        while size < 0 or len(self._rest) < size:
            more = next(self._lines, b"")
            if not more:
                break
            self._rest += more
        size = len(self._rest) if size < 0 else size
        head, self._rest = self._rest[:size], self._rest[size:]
        return head


def copy_rows(cursor, table: str, rows: Iterable[tuple], columns: tuple[str, ...] = ()) -> int:
    """Copy rows into a table of schema public and return their number."""
    stream = CopyStream(rows)
    named = f" ({', '.join(columns)})" if columns else ""
    cursor.copy_expert(f"copy public.{table}{named} from stdin", stream, 65_536)
    return stream.rows
