"""The name under which the state of earlier versions has the destination."""

from exactly_once.destinations.staged_duckdb import staged_duckdb as staged_duckdb
