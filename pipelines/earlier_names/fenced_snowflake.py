"""The name under which the state of earlier versions has the destination."""

from exactly_once.destinations.fenced_snowflake import fenced_snowflake as fenced_snowflake
