"""Create the schema of the operational database and its history, in one transaction."""

import json
from contextlib import closing
from pathlib import Path

import psycopg2

from mock_services.errors import ServiceError
from mock_services.postgres.data import rows
from mock_services.postgres.data.copy_stream import copy_rows

SIMULATION = """
create schema if not exists simulation;
create table simulation.days (
    day int primary key,
    lived_at timestamptz not null default clock_timestamp(),
    scale int not null,
    changes jsonb not null
);
"""


def seeded_scale(cursor) -> int | None:
    """Return the scale of a seeded database, or None."""
    cursor.execute("select to_regclass('simulation.days') is not null")
    if not cursor.fetchone()[0]:
        return None
    cursor.execute("select scale from simulation.days where day = 0")
    return cursor.fetchone()[0]


def check_seeded(cursor) -> int:
    """Return the scale of a seeded database.

    Raises:
        ServiceError: it is not seeded, or only in part.
    """
    scale = seeded_scale(cursor)
    if scale is None:
        raise ServiceError("the database is not seeded: type `make up`, or `python -m mock_services up`")
    return scale


def seed(url: str, scale: int = 1) -> bool:
    """Create the schema and its rows; return False and change nothing if the database is seeded, at any scale.

    Raises:
        ValueError: the scale is below 1.
    """
    if scale < 1:
        raise ValueError(f"scale {scale} is not a whole number from 1 on")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(20260630)")  # of two concurrent calls, the second finds it seeded
        if seeded_scale(cursor):
            return False
        cursor.execute(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
        cursor.execute(SIMULATION)
        counts = {}
        for table, produced in rows.new_rows(0, scale).items():
            counts[table] = {"new": copy_rows(cursor, table, produced)}
        cursor.execute("insert into simulation.days values (0, default, %s, %s)", (scale, json.dumps(counts)))
        cursor.execute("analyze")
    return True
