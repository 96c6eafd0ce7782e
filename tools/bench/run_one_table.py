"""The real Postgres source with the tables of a bench, as a user runs it: `python -m tools.bench.run_one_table TABLE…`.

Everything else is as in `python pipelines/postgres.py`; its last line says in JSON what the load alone took.
"""

if __name__ == "__main__":  # as the command does
    from exactly_once.process import garbage

    garbage.pause()

import json
import sys
import time

from exactly_once.postgres.tables.spec import Table
from pipelines import postgres
from pipelines.command import run


def main(*tables: str) -> None:
    """Load the tables and print the seconds of the load, from the call to its return, and the rows extracted."""
    postgres.TABLES = tuple(Table(name, key="event_id", cursor="updated_at", deletes="sweep") for name in tables)
    said = {}

    def load():
        began = time.monotonic()
        report = postgres.load()
        said["load_seconds"] = time.monotonic() - began
        said["extracted"] = sum(row.extracted for row in report.tables.values())
        return report

    run("postgres", load, [])
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
