"""Store the vendor's objects in one SQLite file: JSON text, ordered by (moment, sequence) for pagination.

`moment` is when an object last changed, in microseconds since 1970.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mock_services.company import generator
from mock_services.company.campaigns import campaign, campaigns_edited, campaigns_sent
from mock_services.errors import ServiceError
from mock_services.saas import schemas
from mock_services.saas.content.campaigns import campaign_body, drafts
from mock_services.saas.content.events import digest, events_received, iso, micros

SCHEMA = """
create table days (day integer primary key, scale integer not null, changes text not null);
create table email_events (moment integer, sequence integer, body text not null,
    primary key (moment, sequence)) without rowid;
create table campaigns (id integer primary key, moment integer not null, sequence integer not null, body text not null);
create table suppressions (id text primary key, moment integer not null, sequence integer not null, body text not null,
    is_active integer not null);
create index campaigns_moment on campaigns (moment, sequence);
create index suppressions_moment on suppressions (moment, sequence);
"""
COLLECTIONS = tuple(collection.name for collection in schemas.COLLECTIONS)
REASONS = {"bounce": "hard_bounce", "spam_report": "spam_report", "unsubscribe": "unsubscribe"}
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def connect(path: Path) -> sqlite3.Connection:
    """Open the store; readers see complete days only, also while a day is written."""
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = off")  # the data can be generated again
    return connection


@contextmanager
def _transaction(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(path)) as connection:
        connection.execute("begin immediate")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:  # a full disk has already caused a rollback
                connection.execute("rollback")
            raise
        connection.execute("commit")


def seed(path: Path, scale: int = 1) -> bool:
    """Fill the store with the history; return False and change nothing if it is seeded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _transaction(path) as connection:
        if connection.execute("select 1 from sqlite_master where name = 'days'").fetchone():
            return False
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        changes = _store_events(connection, 0, scale)
        changes["campaigns"] = {"new": _put_campaigns(connection, _seeded_campaigns(scale), 0, scale)}
        connection.execute("insert into days values (0, ?, ?)", (scale, json.dumps(changes)))
    return True


def last_day(path: Path) -> tuple[int, int]:
    """Return the last simulated day and the scale."""
    with closing(connect(path)) as connection:
        return connection.execute("select max(day), min(scale) from days").fetchone()


def seeded_scale(path: Path) -> int | None:
    """Return the scale of a seeded store, or None if it is not seeded, or not yet."""
    with closing(connect(path)) as connection:
        if not connection.execute("select 1 from sqlite_master where name = 'days'").fetchone():
            return None
        return connection.execute("select min(scale) from days").fetchone()[0]


def read_changes(path: Path, day: int) -> dict[str, dict[str, int]]:
    """Return the number of new, changed and deleted objects of a day, by collection."""
    with closing(connect(path)) as connection:
        return json.loads(connection.execute("select changes from days where day = ?", (day,)).fetchone()[0])


def simulate_day(path: Path, day: int | None = None) -> int:
    """Simulate a day (None: the next) and return its number; a day that was simulated before changes nothing.

    Raises:
        ServiceError: the day is later than the next one.
    """
    with _transaction(path) as connection:
        last, scale = connection.execute("select max(day), min(scale) from days").fetchone()
        day = last + 1 if day is None else day
        if day > last + 1:
            raise ServiceError(f"day {day} cannot come before day {last + 1}: leave --day out")
        if day > last:
            changes = _store_events(connection, day, scale)
            changes["email_events"]["redelivered"] = _redeliver(connection, day, scale)
            changes["suppressions"]["changed"] = _lift_suppressions(connection, day, scale)
            changes["suppressions"]["deleted"] = _delete_objects(connection, "suppressions", day)
            new = {*generator.ids_created("campaigns", day, scale), *drafts(day, scale)}
            sent = set(campaigns_sent(day, scale))
            touched = sorted(new | sent | set(campaigns_edited(day, scale)))
            _put_campaigns(connection, touched, day, scale)
            deleted = _delete_objects(connection, "campaigns", day, "body ->> 'status' = 'draft'")
            changes["campaigns"] = {"new": len(new), "changed": len(touched) - len(new), "deleted": deleted}
            connection.execute("insert into days values (?, ?, ?)", (day, scale, json.dumps(changes)))
    return day


def page(connection: sqlite3.Connection, collection: str, moment: int, sequence: int, limit: int) -> list[tuple]:
    """Return up to `limit` rows (moment, sequence, body) after a position in a collection."""
    if collection not in COLLECTIONS:
        raise ValueError(f"{collection} is none of {COLLECTIONS}")
    return connection.execute(
        f"select moment, sequence, body from {collection} where (moment, sequence) > (?, ?)"
        " order by moment, sequence limit ?", (moment, sequence, limit)).fetchall()  # fmt: skip


def _store_events(connection: sqlite3.Connection, day: int, scale: int) -> dict[str, dict[str, int]]:
    """Store the events of a day and the suppressions that follow from them."""
    before = connection.execute("select count(*) from suppressions").fetchone()[0]
    sequence, suppressions = day << 40, list[tuple[str, int, int, str]]()

    def numbered() -> Iterator[tuple[int, int, str]]:
        nonlocal sequence
        for received, body in events_received(day, scale):
            sequence += 1
            if body["event_type"] in REASONS and body["bounce_type"] != "soft":
                suppressions.append(_suppression(received, sequence, body))
            yield received, sequence, encode(body)

    connection.executemany("insert into email_events values (?, ?, ?)", numbered())
    suppressions.sort(key=lambda row: row[1])
    connection.executemany("insert or ignore into suppressions values (?, ?, ?, ?, 1)", suppressions)
    after = connection.execute("select count(*) from suppressions").fetchone()[0]
    return {"email_events": {"new": sequence - (day << 40)}, "suppressions": {"new": after - before}}


def _suppression(received: int, sequence: int, event: dict) -> tuple[str, int, int, str]:
    reason, at = REASONS[event["event_type"]], iso(received)
    name = f"sup_{digest(event['account_id'], event['contact_id'], reason)}"
    return name, received, sequence, encode({
        "suppression_id": name, "account_id": event["account_id"], "contact_id": event["contact_id"],
        "email": event["email"], "reason": reason, "is_active": True, "created_at": at, "updated_at": at,
    })  # fmt: skip


def _redeliver(connection: sqlite3.Connection, day: int, scale: int) -> int:
    """Store a few earlier events again: the same event, received again on this day."""
    roll, start = generator.seeded_random(61, day), micros(generator.time_on_day(day, 0))
    earlier = start - 10 * 86_400_000_000
    for turn in range(8 * scale):
        place = earlier + int(roll() * 9 * 86_400_000_000)
        found = page(connection, "email_events", place, 0, 1)
        if found:
            received = start + int(roll() * 3_600_000_000)
            body = encode({**json.loads(found[0][2]), "received_at": iso(received)})
            connection.execute(
                "insert into email_events values (?, ?, ?)", (received, (day << 40) + (1 << 39) + turn, body)
            )
    return 8 * scale


def _lift_suppressions(connection: sqlite3.Connection, day: int, scale: int) -> int:
    found = connection.execute(
        "select id, body from suppressions where is_active and id > ? and moment < ? order by id limit ?",
        (f"sup_{digest('lift', day)[:1]}", micros(generator.time_on_day(day, -0.3)), 5 * scale)).fetchall()  # fmt: skip
    for turn, (name, old_body) in enumerate(found):
        moment = micros(generator.time_on_day(day, 0.6)) + turn * 7_300_001
        body = encode({**json.loads(old_body), "is_active": False, "updated_at": iso(moment)})
        connection.execute("update suppressions set is_active = 0, moment = ?, sequence = ?, body = ? where id = ?",
                           (moment, (day << 40) + turn, body, name))  # fmt: skip
    return len(found)


def _delete_objects(connection: sqlite3.Connection, collection: str, day: int, condition: str = "true") -> int:
    """Delete one or two objects that existed before the day and meet a condition; return how many."""
    found = connection.execute(f"select id from {collection} where moment < ? and {condition} order by id",
                               (micros(generator.time_on_day(day, 0)),)).fetchall()  # fmt: skip
    roll = generator.seeded_random(64, day)
    chosen = {found[int(roll() * len(found))] for _ in range(1 + (roll() < 0.5)) if found}
    connection.executemany(f"delete from {collection} where id = ?", chosen)
    return len(chosen)


def _seeded_campaigns(scale: int) -> list[int]:
    """Return the vendor's campaign ids of the history: the product's planned campaigns, and the vendor's own drafts."""
    return [n for n in generator.ids_created("campaigns", 0, scale) if campaign(n, scale).scheduled_at] + drafts(
        0, scale
    )


def _put_campaigns(connection: sqlite3.Connection, numbers: list[int], day: int, scale: int) -> int:
    for number in numbers:
        moment, body = campaign_body(number, day, scale)
        connection.execute(
            "insert or replace into campaigns values (?, ?, ?, ?)", (number, moment, (day << 40) + number, encode(body))
        )
    return len(numbers)
