"""What one transaction of a troublesome writer does, by seed: the same statements on every machine, whoever runs them.

Each writer owns a range of the seeded keys and one of new keys, and the rows that all of them change are only counted
up. So however the transactions meet in time, the same seed leaves the same values (but for `updated_at`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mock_services import world

TABLES = ("accounts", "users", "lists", "contacts", "list_memberships", "campaigns")
KEYS = {"accounts": "account_id", "users": "user_id", "lists": "list_id", "contacts": "contact_id",
        "list_memberships": "contact_id", "campaigns": "campaign_id"}  # fmt: skip
# Contacts and their memberships are where the rows are.
WEIGHTED = (*TABLES, "contacts", "contacts", "list_memberships", "campaigns")
BATCHES = (1, 3, 10, 40, 120)  # rows of a statement: all of a transaction's rows share one updated_at
MOST_STEPS, ROOM = 5, 200  # statements in a transaction, and the new keys kept free for each
RANGE = 10**9  # new keys of a writer
SHARED = 3  # accounts that every writer changes: a later commit of theirs can carry an earlier updated_at

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
CHANGES = {
    "accounts": "account_name = %(mark)s",
    "users": "full_name = %(mark)s",
    "lists": "list_name = %(mark)s",
    "contacts": "first_name = %(mark)s, lead_score = 0.125 * (%(number)s %% 1000)",
    "list_memberships": """membership_status =
        (enum_range(null::membership_status))[1 + (contact_id + %(number)s) %% 4]""",
    "campaigns": "campaign_name = %(mark)s",
}
# Nothing refers to these; a contact takes its memberships along.
DELETABLE = ("contacts", "list_memberships", "campaigns")
SHARED_CHANGE = """update accounts set credit_limit = coalesce(credit_limit, 0) + %(number)s + 1
    where account_id = %(shared)s"""


@dataclass(frozen=True)
class Step:
    """One statement: its `kind` is "inserted", "updated" or "deleted"; `pause` is the share of the time held before it.

    `savepoint` is None, "kept" or "undone".
    """

    kind: str
    table: str
    sql: str
    values: dict
    savepoint: str | None
    pause: float


@dataclass(frozen=True)
class Plan:
    """One transaction: its steps, the share of `longest` that it stays open, and whether it is rolled back."""

    steps: tuple[Step, ...]
    held: float
    is_rolled_back: bool


def plan(seed: int, writer: int, number: int, first: int, seeded: dict[str, range], tables: tuple[str, ...],
         deletes: bool) -> Plan:  # fmt: skip
    """Return the `number`-th transaction (from 0) of a writer whose new keys begin at `first`.

    Args:
        seeded: the keys of each table that belong to this writer alone.
    """
    roll = world.dice(61, seed, writer * 1_000_003 + number)
    steps = tuple(_steps(roll, seed, writer, number, first, seeded, tables, deletes))
    return Plan(steps, roll(), roll() < 0.1)


def _steps(roll, seed, writer, number, first, seeded, tables, deletes) -> Iterator[Step]:
    weighted = [table for table in WEIGHTED if table in tables]
    if "accounts" in tables and roll() < 0.25:
        # First, and one a transaction: whoever waits for it holds nothing that another one waits for.
        values = {"number": number, "shared": 1 + int(roll() * SHARED)}
        yield Step("updated", "accounts", SHARED_CHANGE, values, None, roll())
    for turn in range(1 + int(roll() * (MOST_STEPS - 1))):
        table, key_of_turn = weighted[int(roll() * len(weighted))], first + (number * MOST_STEPS + turn) * ROOM
        chance, count, is_new, place = roll(), BATCHES[int(roll() * len(BATCHES))], roll() < 0.4, roll()
        kind = "inserted" if chance < 0.35 else "deleted" if chance > 0.88 and deletes else "updated"
        if kind == "deleted" and table not in DELETABLE:
            kind = "updated"
        if table == "list_memberships" and kind == "inserted":
            is_new = True
        if kind == "deleted":  # the world keeps most of its own, and its campaigns
            count, is_new = min(count, 10), is_new or table == "campaigns"
        owned = range(first, first + RANGE) if is_new else seeded[table]
        reach = number * MOST_STEPS * ROOM if is_new else len(owned)
        values = {
            "mark": f"seed {seed}, writer {writer}, transaction {number}.{turn} 🐌", "number": number, "count": count,
            "first": key_of_turn, "last": key_of_turn + count - 1,
            "low": owned.start + int(place * reach), "high": owned.stop - 1,
        }  # fmt: skip
        savepoint = (None, None, None, "kept", "undone")[int(roll() * 5)]
        yield Step(kind, table, _sql(kind, table), values, savepoint, roll())


def _sql(kind: str, table: str) -> str:
    if kind == "inserted":
        return INSERTS[table]
    key = "list_id, contact_id" if table == "list_memberships" else KEYS[table]
    chosen = f"""where ({key}) in (select {key} from {table} where {KEYS[table]} between %(low)s and %(high)s
        order by {KEYS[table]}, 1 limit %(count)s)"""
    return f"delete from {table} {chosen}" if kind == "deleted" else f"update {table} set {CHANGES[table]} {chosen}"
