"""One reader in a process of its own: each line of standard input is a run, each line of standard output its result.

python tools/late_commits/reader.py ours             this platform, in the environment that the shell names
python tools/late_commits/reader.py stock URL FILE   dlt's own sql_table into a DuckDB file, as its docs say
"""

import json
import sys
import time
from collections.abc import Callable

TABLES = ("contacts", "list_memberships")  # what the writers write while both readers are measured


def ours() -> int:
    """Load with this platform, and return the number of rows read."""
    from pipelines.postgres import load

    return sum(table.extracted for table in load().tables.values())


def stock(url: str, file: str) -> int:
    """Run dlt as documented, an incremental cursor merged on the reflected primary key; return the rows read."""
    import dlt
    from dlt.sources.sql_database import sql_table

    url = url.replace("postgresql:", "postgresql+psycopg2:")  # SQLAlchemy 2.1 means another driver by the plain name
    pipeline = dlt.pipeline("stock", destination=dlt.destinations.duckdb(file), dataset_name="raw")
    tables = [sql_table(url, table=table, incremental=dlt.sources.incremental("updated_at")) for table in TABLES]
    pipeline.run(tables, write_disposition="merge")
    trace = pipeline.last_trace
    counts = trace.last_normalize_info.row_counts if trace and trace.last_normalize_info else {}
    return sum(counts.get(table, 0) for table in TABLES)


def serve(run: Callable[[], int]) -> None:
    """Run once for each line that comes in; an error is a result too, because the next run has to repair it."""
    for _ in sys.stdin:
        began = time.monotonic()
        try:
            result: dict = {"rows": run()}
        except Exception as error:  # noqa: BLE001  any error is a result; the bench compares the rows
            result = {"error": f"{type(error).__name__}: {str(error).splitlines()[-1]}"}
        print(json.dumps(result | {"seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    serve(ours if sys.argv[1] == "ours" else lambda: stock(*sys.argv[2:]))
