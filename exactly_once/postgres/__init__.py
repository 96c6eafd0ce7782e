"""Gap-free reads of Postgres: one snapshot for all tables, cursor windows up to its low watermark, values exact.

Others use `source.postgres_resources`, `snapshot.Snapshot`, `tables.spec.Table`, `connection.address` and, alone, the
backend of dlt's `sql_table` that `table_loader` registers. The rest belongs to this package.
"""

from exactly_once.source_info import SourceInfo

POSTGRES = SourceInfo("postgres", "Postgres")  # a source that says nothing else of itself
