"""The keys of all objects that an endpoint has now, in order: the API's side of delete detection.

A listing that ends early would make live objects look deleted, so it is validated as any other read.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

from exactly_once.errors import TableError
from exactly_once.rest_api.client import ApiClient
from exactly_once.rest_api.spec import Endpoint

CACHE_KB = 20_000  # that SQLite may hold in memory; it sorts the rest in files


def iter_sorted_keys(client: ApiClient, endpoint: Endpoint) -> Iterator[tuple[int | str]]:
    """Yield each key once as a tuple of one, ascending: integers by value, text by its UTF-8 bytes.

    The whole collection is read before the first key comes. Where the API pages by a cursor, an object that changes
    meanwhile is listed earlier, later or twice, but always.

    Raises:
        PaginationError: the listing broke off, and no key was yielded.
        TableError: keys are neither all integers nor all text.
    """
    with tempfile.TemporaryDirectory() as folder, closing(_open(Path(folder) / "keys.sqlite")) as connection:
        connection.execute("create table keys (key)")
        connection.execute("begin")
        for page in client.iter_pages(endpoint):
            connection.executemany("insert into keys values (?)", ((item[endpoint.key],) for item in page))
        kinds = [kind for (kind,) in connection.execute("select distinct typeof(key) from keys")]
        if len(kinds) > 1:
            numbers, texts = (
                connection.execute(f"select key from keys where typeof(key) = '{kind}' limit 1").fetchone()[0]
                for kind in ("integer", "text")
            )
            raise TableError(
                f"{client.info.label}'s {endpoint.name}: some {endpoint.key}s are numbers ({numbers}) and some text "
                f"({texts!r}), which have no order: ask the vendor, or remove the endpoint from "
                f"{client.info.declared_in}."
            )
        for key, _ in groupby(connection.execute("select key from keys order by key")):
            yield key


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = off", "synchronous = off", "temp_store = file", f"cache_size = -{CACHE_KB}"):
        connection.execute(f"pragma {pragma}")
    return connection
