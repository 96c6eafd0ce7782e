"""Simulate business days after the history: the rows that are inserted, updated and deleted on each."""

import json
from collections.abc import Iterator
from contextlib import closing

import psycopg2
from psycopg2.extras import execute_values

from mock_services.company import campaigns, generator
from mock_services.errors import ServiceError
from mock_services.postgres.data import rows
from mock_services.postgres.data.copy_stream import copy_rows
from mock_services.postgres.queries import fetch_row
from mock_services.postgres.seed import check_seeded

# The trigger sets updated_at: rows change at the database's current time.
CHANGES = {
    "accounts": """update accounts set
        account_status = (enum_range(null::account_status))[1 + (account_id + %(day)s) %% 4],
        settings = jsonb_set(case jsonb_typeof(settings) when 'object' then settings else '{}' end, '{day}', '%(day)s')
        where account_id in
            (select account_id from accounts order by md5(account_id || 'a%(day)s') limit %(scale)s * 15)""",
    "users": """update users set last_login_at = %(now)s, failed_login_count = 0
        where user_id in (select user_id from users order by md5(user_id || 'u%(day)s') limit %(scale)s * 25)""",
    "subscriptions": """update subscriptions set
        monthly_amount = monthly_amount * 1.05, seat_count = 1 + (%(day)s %% 90),
        subscription_status = (enum_range(null::subscription_status))[2 + (subscription_id + %(day)s) %% 3]
        where subscription_id in
            (select subscription_id from subscriptions order by md5(subscription_id || 's%(day)s')
            limit %(scale)s * 10)""",
    "invoices": """update invoices set
        invoice_status = case invoice_status when 'draft' then 'open'::invoice_status else 'paid' end,
        paid_at = case invoice_status when 'open' then %(now)s end
        where invoice_id in (select invoice_id from invoices where invoice_status in ('draft', 'open')
            order by md5(invoice_id || 'i%(day)s') limit %(scale)s * 25)""",
    "lists": """update lists set is_archived = not is_archived
        where list_id in (select list_id from lists order by md5(list_id || 'l%(day)s') limit %(scale)s * 2)""",
    "list_memberships": """update list_memberships set membership_status =
        case membership_status when 'subscribed' then 'unsubscribed'::membership_status else 'subscribed' end
        where contact_id = any(%(moved)s)""",
    "contacts": """update contacts set
        is_subscribed = is_subscribed and contact_id %% 4 > 0, last_name = last_name || ' ✓',
        unsubscribed_at = case when contact_id %% 4 = 0 then %(now)s else unsubscribed_at end,
        lead_score = least(coalesce(lead_score, 0) + 1.125, 99999)
        where contact_id = any(%(changed)s)""",
    "plans": """update plans set features = features || '{"revised": %(day)s}'
        where plan_id = %(day)s %% 5 and %(day)s %% 3 = 0""",
}
DELETES = {
    "contacts": "delete from contacts where contact_id = any(%(gone)s)",
    "list_memberships": """delete from list_memberships where (list_id, contact_id) in (
        select distinct on (contact_id) list_id, contact_id from list_memberships where contact_id = any(%(left)s)
        order by contact_id, list_id)""",
    "invoices": """delete from invoices where invoice_id in (select invoice_id from invoices
        where invoice_status in ('draft', 'void') order by md5(invoice_id || 'd%(day)s')
        limit %(scale)s * (2 + %(day)s %% 2))""",
    "users": """delete from users where user_id in (select user_id from users where user_role <> 'owner'
        order by md5(user_id || 'd%(day)s') limit %(scale)s)""",
}


def simulate_day(url: str, day: int | None = None) -> int:
    """Simulate a day (None: the next) and return its number; a day that was simulated before changes nothing.

    Raises:
        ServiceError: the day is later than the next one, or the machine's clock is before the end of the history.
    """
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(20260630)")
        scale = check_seeded(cursor)
        cursor.execute("select max(day), now() from simulation.days")
        last, now = fetch_row(cursor)
        day = last + 1 if day is None else day
        if day > last + 1:
            raise ServiceError(f"day {day} cannot come before day {last + 1}: leave --day out")
        if day <= last:
            return day
        if now <= generator.LAST_SEEDED:
            raise ServiceError(
                f"this machine's clock says {now:%Y-%m-%d}, before the end of the history: set the clock"
            )
        changes = _apply_changes(cursor, day, scale)
        cursor.execute("insert into simulation.days values (%s, default, %s, %s)", (day, scale, json.dumps(changes)))
    return day


def read_changes(url: str, day: int) -> dict[str, dict[str, int]]:
    """Return the number of new, changed and deleted rows of a day, by table."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select changes from simulation.days where day = %s", (day,))
        return fetch_row(cursor)[0]


def last_day(url: str) -> int:
    """Return the last simulated day; 0 is the seed."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        check_seeded(cursor)
        cursor.execute("select max(day) from simulation.days")
        return fetch_row(cursor)[0]


def _apply_changes(cursor, day: int, scale: int) -> dict[str, dict[str, int]]:
    changes: dict[str, dict[str, int]] = {}
    parameters = {
        "day": day, "scale": scale, "now": generator.time_on_day(day, 0.5),
        "changed": list(_some_contacts(31, day, scale, 300)), "moved": list(_some_contacts(32, day, scale, 60)),
        "gone": list(_some_contacts(33, day, scale, 20)), "left": list(_some_contacts(34, day, scale, 30)),
    }  # fmt: skip
    for kind, statements in (("changed", CHANGES), ("deleted", DELETES)):
        for table, statement in statements.items():
            cursor.execute(statement, parameters)
            changes.setdefault(table, {})[kind] = cursor.rowcount
    for table, new_rows in rows.new_rows(day, scale).items():
        cursor.execute(f"select * from {table} limit 0")
        columns = tuple(column.name for column in cursor.description)[:-1]  # all but updated_at
        changes.setdefault(table, {})["new"] = copy_rows(cursor, table, (row[:-1] for row in new_rows), columns)
    changes["campaigns"]["changed"] = _update_campaigns(cursor, day, scale)
    return changes


def _some_contacts(kind: int, day: int, scale: int, count: int) -> Iterator[int]:
    """Yield ids that existed before the day; some may have been deleted since."""
    roll, last = generator.seeded_random(kind, day), generator.ids_created("contacts", day, scale)[0] - 1
    return (1 + int(roll() * last) for _ in range(count * scale))


def _update_campaigns(cursor, day: int, scale: int) -> int:
    created = set(generator.ids_created("campaigns", day, scale))
    sent = [(number, "sent", campaigns.campaign(number, scale).sent_at)
            for number in campaigns.campaigns_sent(day, scale) if number not in created]  # fmt: skip
    archived = [(number, "archived", campaigns.campaign(number, scale).sent_at)
                for number in campaigns.campaigns_edited(day, scale)]  # fmt: skip
    statement = """update campaigns set campaign_status = fresh.status::campaign_status, sent_at = fresh.sent_at
        from (values %s) as fresh (id, status, sent_at) where campaign_id = fresh.id"""
    execute_values(cursor, statement, sent + archived, page_size=100_000)
    return cursor.rowcount
