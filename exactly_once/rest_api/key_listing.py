"""The keys of all objects that an endpoint has now, in order: the API's side of a sweep for deletes.

A listing that ends early would make live objects look deleted, so it is read as whole as any other read.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from exactly_once.errors import TableError
from exactly_once.rest_api.client import ApiClient

CACHE_KB = 20_000  # KB that SQLite may hold; it sorts the rest in files


def iter_sorted_keys(api: ApiClient, name: str, endpoint: Mapping[str, Any]) -> Iterator[tuple[int | str]]:
    """Yield each key once as a tuple of one, ascending: integers by value, text by its UTF-8 bytes.

    The whole collection is read before the first key comes. An object that changes meanwhile is seen earlier, later or
    twice, never not at all.

    Args:
        api: where the collection is.
        name: of the collection, as the URL has it.
        endpoint: its line of ENDPOINTS; key, cursor and since are used.

    Raises:
        IncompleteRead: the listing broke off, and no key was yielded.
        TableError: keys are neither all integers nor all text.
    """
    with tempfile.TemporaryDirectory() as folder, closing(_open(Path(folder) / "keys.sqlite")) as connection:
        connection.execute("create table keys (key)")
        connection.execute("begin")
        for page in api.pages(name, endpoint):
            connection.executemany("insert into keys values (?)", ((item[endpoint["key"]],) for item in page))
        kinds = [kind for (kind,) in connection.execute("select distinct typeof(key) from keys")]
        if len(kinds) > 1:
            numbers, texts = (
                connection.execute(f"select key from keys where typeof(key) = '{kind}' limit 1").fetchone()[0]
                for kind in ("integer", "text")
            )
            raise TableError(
                f"The SaaS API's {name}: some {endpoint['key']}s are numbers ({numbers}) and some text ({texts!r}), "
                "which have no order: ask the vendor, or leave the endpoint out of ENDPOINTS."
            )
        for key, _ in groupby(connection.execute("select key from keys order by key")):
            yield key


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = off", "synchronous = off", "temp_store = file", f"cache_size = -{CACHE_KB}"):
        connection.execute(f"pragma {pragma}")
    return connection
