"""What messages call a Postgres of which nothing else is said."""

from exactly_once.source_info import SourceInfo

POSTGRES = SourceInfo("postgres", "Postgres")
