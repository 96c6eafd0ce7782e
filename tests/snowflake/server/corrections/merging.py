"""MERGE."""

import sqlglot
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.transforms.merge import operations
from sqlglot import exp

from corrections import correction


@correction
def native_merge(_s3_url: str) -> None:
    """transforms/merge.py plays MERGE with a temporary table of candidates, where a snapshot's INSERT finds no column.

    DuckDB has a MERGE of its own. It counts rows in one sum, which is reported for the first kind of clause.
    """
    execute = FakeSnowflakeCursor._execute
    transforms.merge = lambda expression: [expression]

    def execute_merge(self, transformed, params=None):
        execute(self, transformed, params)
        if isinstance(transformed, exp.Merge):
            count = self._arrow_table.column(0)[0].as_py()
            kinds = [kind for kind, clauses in operations(transformed).items() if clauses]
            counts = [f'{0 if place else count} as "number of rows {kind}"' for place, kind in enumerate(kinds)]
            execute(self, sqlglot.parse_one(f"select {', '.join(counts)}", read="duckdb"))
            self._rowcount = count

    FakeSnowflakeCursor._execute = execute_merge
