"""What a foreign schema is for the harness: its tables, the lines of TABLES that load them, and its turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Turn:
    """Changes at the source, then a load.

    Args:
        sql: each a transaction of its own.
        refused: tables that must be refused, and a pattern that the line of the refusal has.
        may_refuse: tables that are exact or refused.
        tables: lines of TABLES that change, from this turn on; None takes a line out.
        arguments: of the command line of this load.
        is_idle: the load has nothing to do, and leaves every row of RAW as it is, `_dlt_load_id` included.
        code: the exit code; None: 4 where a table is refused, else 0.
        fails: a pattern of the line with which the whole load must be refused; nothing of it is in RAW then.
        says: patterns that the output of the load has.
    """

    sql: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    may_refuse: frozenset[str] = frozenset()
    tables: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    is_idle: bool = False
    code: int | None = None
    fails: str = ""
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """A foreign schema and its life.

    Args:
        name: one word, or words with slashes; `--only` looks for a part of it.
        sql: makes the tables and their first rows; the first turn loads them.
        tables: TABLES of the run.
        turns: one after the other, each with a load and a comparison.
        extensions: of Postgres, made by a superuser before `sql`.
        after_kill: changes that are made between a killed load and the next one.
        is_killed: whether kills fall here.
        encoding: of the database.
    """

    name: str
    sql: tuple[str, ...]
    tables: Tables
    turns: tuple[Turn, ...] = (Turn(), Turn(is_idle=True))
    extensions: tuple[str, ...] = ()
    after_kill: tuple[str, ...] = ()
    is_killed: bool = True
    encoding: str = "UTF8"


def line(key: str | list[str], cursor: str | None = None, deletes: str = "sweep", **options: Any) -> dict[str, Any]:
    """Return a line of TABLES; any share of the rows may vanish unless `share` says otherwise."""
    keys = key if key == "row" or isinstance(key, list) else [key]
    return {"key": keys, "cursor": cursor, "deletes": deletes, "share": 1.0, **options}


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


TOUCH = """
create function touch() returns trigger language plpgsql as $$
begin new.updated_at := clock_timestamp(); return new; end $$
"""


def touched(table: str) -> str:
    """Return the trigger that keeps `updated_at` of a table; TOUCH comes first."""
    return f"create trigger touch before insert or update on {table} for each row execute function touch()"
