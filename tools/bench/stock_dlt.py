"""dlt as in its documentation, Postgres into a DuckDB file; it runs in `.venv-bench` without our packages.

`python stock_dlt.py BACKEND URL TABLE FILE`
"""

import json
import sys
import time

import dlt
from dlt.sources.sql_database import TableBackend, sql_table

BACKENDS: tuple[TableBackend, ...] = ("sqlalchemy", "pyarrow", "connectorx")


def main(backend: str, url: str, table: str, file: str) -> None:
    """Replace the table in FILE with that of Postgres, and print the seconds of the run alone."""
    began = time.monotonic()
    pipeline = dlt.pipeline("stock", destination=dlt.destinations.duckdb(file), dataset_name="raw")
    url = url.replace("postgresql:", "postgresql+psycopg2:")  # SQLAlchemy 2.1 would look for psycopg 3
    pipeline.run(sql_table(url, table=table, backend=BACKENDS[BACKENDS.index(backend)]), write_disposition="replace")
    print(json.dumps({"run_seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
