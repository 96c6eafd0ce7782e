"""Plan the transactions of concurrent writers: the same statements for each seed, on every machine.

Each writer owns a range of the seeded keys and a range of new keys. Rows that all writers change are only incremented.
So the same seed leaves the same values (except `updated_at`), however the transactions interleave.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mock_services.company import generator

TABLES = ("accounts", "users", "lists", "contacts", "list_memberships", "campaigns")
KEYS = {"accounts": "account_id", "users": "user_id", "lists": "list_id", "contacts": "contact_id",
        "list_memberships": "contact_id", "campaigns": "campaign_id"}  # fmt: skip
# Most rows are contacts and their memberships.
WEIGHTED_TABLES = (*TABLES, "contacts", "contacts", "list_memberships", "campaigns")
BATCHES = (1, 3, 10, 40, 120)  # rows in a statement; all rows of a transaction share one updated_at
MAX_STATEMENTS, KEYS_PER_STATEMENT = 5, 200  # in a transaction, and the new keys reserved for each
KEYS_PER_WRITER = 10**9  # new keys reserved for a writer
SHARED_ACCOUNTS = 3  # accounts that every writer changes: a later commit can have an earlier updated_at

INSERTS = {
    "accounts": """insert into accounts (account_id, account_uuid, account_name, plan_id, account_status, region,
            time_zone, settings, tags, signed_up_local_at, created_at)
        select n, md5('account' || n)::uuid, %(mark)s, 1 + n %% 4, 'trial', 'eu', 'Europe/Berlin', '{}', '{}',
            '2026-07-01', '2026-07-01Z' from generate_series(%(first)s, %(last)s) n""",
    "users": """insert into users (user_id, account_id, email, full_name, user_role, is_active, created_at)
        select n, 1 + n %% 300, 'late.' || n || '@mail.example', %(mark)s, 'viewer', true, '2026-07-01Z'
        from generate_series(%(first)s, %(last)s) n""",
    "lists": """insert into lists (list_id, account_id, list_name, is_archived, created_at)
        select n, 1 + n %% 300, %(mark)s, false, '2026-07-01Z' from generate_series(%(first)s, %(last)s) n""",
    "contacts": """insert into contacts (contact_id, account_id, contact_uuid, email, first_name, is_subscribed,
            lead_score, attributes, tags, subscribed_at, created_at)
        select n, 1 + n %% 300, md5('contact' || n)::uuid, 'late.' || n || '@firm.example', %(mark)s, true,
            n %% 1000, '{"late": true}', array['late'], '2026-07-01Z', '2026-07-01Z'
        from generate_series(%(first)s, %(last)s) n""",
    "list_memberships": """insert into list_memberships (list_id, contact_id, membership_status, joined_at)
        select (select min(list_id) from lists where account_id = c.account_id), contact_id, 'pending', '2026-07-01Z'
        from contacts c where contact_id between %(low)s and %(high)s order by contact_id limit %(count)s
        on conflict do nothing""",
    "campaigns": """insert into campaigns (campaign_id, account_id, list_id, campaign_name, from_email,
            campaign_status, created_at)
        select n, account_id, list_id, %(mark)s, 'late@send.example', 'draft', '2026-07-01Z'
        from generate_series(%(first)s, %(last)s) n join lists on list_id = 1 + n %% 400""",
}
UPDATES = {
    "accounts": "account_name = %(mark)s",
    "users": "full_name = %(mark)s",
    "lists": "list_name = %(mark)s",
    "contacts": "first_name = %(mark)s, lead_score = 0.125 * (%(number)s %% 1000)",
    "list_memberships": """membership_status =
        (enum_range(null::membership_status))[1 + (contact_id + %(number)s) %% 4]""",
    "campaigns": "campaign_name = %(mark)s",
}
# No foreign key refers to these, but for memberships, which the delete of a contact cascades to.
DELETABLE = ("contacts", "list_memberships", "campaigns")
SHARED_UPDATE = """update accounts set credit_limit = coalesce(credit_limit, 0) + %(number)s + 1
    where account_id = %(shared)s"""


@dataclass(frozen=True)
class Statement:
    """One statement; `kind` is "inserted", "updated" or "deleted", `savepoint` None, "kept" or "undone".

    `pause` is the share of the transaction's open time that passes before it.
    """

    kind: str
    table: str
    sql: str
    values: dict
    savepoint: str | None
    pause: float


@dataclass(frozen=True)
class Transaction:
    """Statements, the share (0..1) of the longest open time that the transaction stays open, and how it ends."""

    statements: tuple[Statement, ...]
    held: float
    is_rolled_back: bool


@dataclass(frozen=True)
class WriterKeys:
    """What one writer may write: its new keys from `first_new`, its share of the seeded keys, and the tables."""

    writer: int
    first_new: int
    seeded: dict[str, range]
    tables: tuple[str, ...]
    deletes: bool


def plan_transaction(seed: int, number: int, keys: WriterKeys) -> Transaction:
    """Return the `number`-th transaction (from 0) of a writer."""
    roll = generator.seeded_random(61, seed, keys.writer * 1_000_003 + number)
    # The order of the calls of `roll` is part of what a seed means.
    statements = tuple(_statements(roll, seed, number, keys))
    return Transaction(statements, roll(), roll() < 0.1)


def _statements(roll: Callable[[], float], seed: int, number: int, keys: WriterKeys) -> Iterator[Statement]:
    tables = [table for table in WEIGHTED_TABLES if table in keys.tables]
    if "accounts" in keys.tables and roll() < 0.25:
        # The first statement, and one a transaction: a writer that waits for this row holds no row of another's.
        account = 1 + int(roll() * SHARED_ACCOUNTS)
        yield Statement("updated", "accounts", SHARED_UPDATE, {"number": number, "shared": account}, None, roll())
    for turn in range(1 + int(roll() * (MAX_STATEMENTS - 1))):
        table = tables[int(roll() * len(tables))]
        chance, count, is_new, position = roll(), BATCHES[int(roll() * len(BATCHES))], roll() < 0.4, roll()
        kind = _kind(chance, table, keys.deletes)
        if table == "list_memberships" and kind == "inserted":
            is_new = True
        if kind == "deleted":  # few of the seeded rows, and no seeded campaign
            count, is_new = min(count, 10), is_new or table == "campaigns"
        mark = f"seed {seed}, writer {keys.writer}, transaction {number}.{turn} 🐌"
        values: dict[str, str | int] = {"mark": mark, "number": number, "count": count}
        values |= _new_keys(keys, number * MAX_STATEMENTS + turn, count)
        values |= _search_range(keys, table, number, is_new, position)
        savepoint = (None, None, None, "kept", "undone")[int(roll() * 5)]
        yield Statement(kind, table, _sql(kind, table), values, savepoint, roll())


def _kind(chance: float, table: str, deletes: bool) -> str:
    if chance < 0.35:
        return "inserted"
    return "deleted" if chance > 0.88 and deletes and table in DELETABLE else "updated"


def _new_keys(keys: WriterKeys, statement: int, count: int) -> dict[str, int]:
    """Return the new keys that are reserved for a statement."""
    first = keys.first_new + statement * KEYS_PER_STATEMENT
    return {"first": first, "last": first + count - 1}


def _search_range(keys: WriterKeys, table: str, number: int, is_new: bool, position: float) -> dict[str, int]:
    """Return where an update or delete looks for rows: `position` (0..1) of the way through the writer's keys."""
    owned = range(keys.first_new, keys.first_new + KEYS_PER_WRITER) if is_new else keys.seeded[table]
    reach = number * MAX_STATEMENTS * KEYS_PER_STATEMENT if is_new else len(owned)
    return {"low": owned.start + int(position * reach), "high": owned.stop - 1}


def _sql(kind: str, table: str) -> str:
    if kind == "inserted":
        return INSERTS[table]
    key = "list_id, contact_id" if table == "list_memberships" else KEYS[table]
    chosen = f"""where ({key}) in (select {key} from {table} where {KEYS[table]} between %(low)s and %(high)s
        order by {KEYS[table]}, 1 limit %(count)s)"""
    return f"delete from {table} {chosen}" if kind == "deleted" else f"update {table} set {UPDATES[table]} {chosen}"
