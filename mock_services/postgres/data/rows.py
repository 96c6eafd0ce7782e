"""Generate the rows of each table, in the order of the schema's columns; `updated_at` is always the last."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import md5
from itertools import repeat

from mock_services.company import campaigns, generator
from mock_services.postgres.data.edge_values import (  # fmt: skip
    AMOUNTS,
    ARRAYS,
    BIG_INTEGERS,
    BINARIES,
    JSONS,
    NUMERICS,
    RATES,
    SMALL_INTEGERS,
    TEXTS,
    pick,
)

ZONES = (("Europe/Berlin", "eu", 1), ("America/New_York", "us", -5), ("Asia/Tokyo", "apac", 9),
         ("America/Lima", "latam", -5))  # fmt: skip
ACCOUNT_STATUSES = ("active", "active", "trial", "past_due", "active", "cancelled")
LOCALES = ("en-GB", "de-DE", "ja-JP", "ar-EG", None)
CONSENTS = ("form", "import", "api", None)
PRICES = (("free", "0.00", "EUR"), ("starter", "29.00", "EUR"), ("growth", "99.00", "USD"), ("scale", "499.90", "USD"),
          ("legacy", "12345678.99", "JPY"))  # fmt: skip
INDUSTRIES = ("retail", "software", "health", "travel", None, "education")
ROLES = ("owner", "admin", "editor", "viewer")
INVOICES_PER_SUBSCRIPTION = 12  # ids reserved for each seeded subscription


def _uuid(kind: int, number: int) -> str:
    digits = md5(b"%d:%d" % (kind, number), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _updated(created: datetime, share: float) -> datetime:
    return generator.between(created, generator.LAST_SEEDED, share) if created < generator.LAST_SEEDED else created


def plan(number: int, _scale: int) -> tuple:
    """Return a row of plans."""
    code, price, currency = PRICES[number - 1]
    features = json.dumps({"sso": number > 3, "seats": number * 5, "ratio": 0.1}) if number < 5 else "{}"
    created = generator.HISTORY_START + timedelta(hours=number)
    return (number, code, code.title(), price, currency, pick(BIG_INTEGERS, number - 1), pick(NUMERICS, number),
            features, number < 5, created, _updated(created, number / 7))  # fmt: skip


def account(number: int, scale: int) -> tuple:
    """Return a row of accounts."""
    roll, created = generator.seeded_random(11, number), generator.account_created_at(number, scale)
    zone, region, offset = pick(ZONES, int(roll() * 4))
    is_big = generator.is_big(number, scale)
    status = "active" if is_big else pick(ACCOUNT_STATUSES, int(roll() * 6))
    name = pick(TEXTS, number) if number % 41 == 0 else f"{pick(generator.LAST_NAMES, number)} & Sons {number}"
    return (number, _uuid(12, number), name or f"#{number}", 4 if is_big else 1 + int(roll() * 5), status, region,
            pick(INDUSTRIES, int(roll() * 6)), zone, pick(JSONS, number) or "{}", pick(ARRAYS, number) or (),
            pick(BINARIES, number), pick(AMOUNTS, number),
            (created + timedelta(days=14)).date() if roll() < 0.7 else None,
            (created + timedelta(hours=offset)).replace(tzinfo=None), created, _updated(created, roll()))  # fmt: skip


def user(number: int, scale: int) -> tuple:
    """Return a row of users."""
    roll, day = generator.seeded_random(13, number), generator.day_created("users", number, scale)
    owner = (number - 1) // 3 % (generator.SEEDED["accounts"] * scale) + 1
    signed_up = generator.account_created_at(owner, scale)
    created = (
        generator.time_on_day(day, roll())
        if day
        else generator.between(signed_up, generator.LAST_SEEDED, roll() ** 4 * 0.9)
    )
    plain = f"{pick(generator.FIRST_NAMES, number)} {pick(generator.LAST_NAMES, number)}"
    name = pick(TEXTS, number) if number % 17 == 0 else plain
    email = f"{pick(generator.LOCAL_PARTS, number) if number % 29 == 0 else 'user'}.{number}@mail{owner}.example"
    failed = pick(SMALL_INTEGERS, number) if number % 61 == 0 else int(roll() * 4)
    seen = _updated(created, roll()) if roll() < 0.8 else None
    return (number, owner, email.replace("{n}", "n"), name, ROLES[number % 3 if roll() < 0.9 else 3], roll() < 0.93,
            pick(BINARIES, number) if number % 5 == 0 else None, failed, seen, created,
            _updated(seen or created, roll()))  # fmt: skip


def _subscription_account(number: int, scale: int) -> int:
    day = generator.day_created("subscriptions", number, scale)
    if day:
        return generator.ids_created("accounts", day, scale)[
            number - generator.ids_created("subscriptions", day, scale)[0]
        ]
    block, local = divmod(number - 1, generator.SEEDED["subscriptions"])
    return block * generator.SEEDED["accounts"] + local % generator.SEEDED["accounts"] + 1


def subscription(number: int, scale: int) -> tuple:
    """Return a row of subscriptions; 40 accounts of each block also have a cancelled one."""
    roll, owner = generator.seeded_random(14, number), _subscription_account(number, scale)
    day = generator.day_created("subscriptions", number, scale)
    signed_up = generator.account_created_at(owner, scale)
    soonest = timedelta(minutes=300) if day else (generator.LAST_SEEDED - signed_up) * 0.02
    created = signed_up + soonest * roll()
    is_former = not day and (number - 1) % generator.SEEDED["subscriptions"] >= generator.SEEDED["accounts"]
    status = "cancelled" if is_former else pick(("active", "active", "trialing", "active", "paused"), int(roll() * 5))
    price = PRICES[number % 4]
    updated = _updated(created, roll())
    return (number, owner, number % 4 + 1, status, f"{price[1]}{int(roll() * 100):02d}", pick(RATES, number * 5)
            if number % 37 == 0 else ("0.15" if roll() < 0.2 else None), price[2], SMALL_INTEGERS[1] if number % 97 == 0
            else 1 + int(roll() * 30), created.date(), updated.date() if is_former else None, pick(JSONS, number),
            created, updated)  # fmt: skip


def seeded_invoices(scale: int) -> Iterator[tuple]:
    """Yield the invoices of the history: one every 17 days of a subscription."""
    for number in generator.ids_created("subscriptions", 0, scale):
        billed = generator.account_created_at(_subscription_account(number, scale), scale) + timedelta(days=2)
        for turn in range(INVOICES_PER_SUBSCRIPTION):
            if billed >= generator.LAST_SEEDED - timedelta(days=2):
                break
            yield invoice((number - 1) * INVOICES_PER_SUBSCRIPTION + turn + 1, number, billed, scale)
            billed += timedelta(days=17)


def invoice(number: int, subscription_id: int, billed: datetime, scale: int) -> tuple:
    """Return a row of invoices; most are paid, few are drafts or void."""
    roll = generator.seeded_random(15, number)
    created = billed + timedelta(microseconds=int(roll() * 3.6e9))
    status = "paid" if roll() < 0.82 else pick(("draft", "open", "void", "uncollectible", "open"), int(roll() * 5))
    subtotal = Decimal(int(roll() * 1_000_000)) / 100 - (50 if number % 89 == 0 else 0)
    tax = (subtotal * Decimal("0.19")).quantize(Decimal("0.01"))
    item = {"sku": f"plan-{number % 5}", "quantity": 1 + number % 3, "amount": str(subtotal)}
    items = json.dumps([item] * (number % 3))
    is_young = generator.day_created("invoices", number, scale) > 0
    paid = _updated(created, roll() * 0.3) if status == "paid" and not is_young else None
    return (number, _subscription_account(subscription_id, scale), subscription_id, f"INV-{number:08d}",
            "draft" if is_young and status == "paid" else status, PRICES[subscription_id % 4][2],
            subtotal, tax, subtotal + tax,
            pick(RATES, number) or "1" if number % 43 == 0 else f"1.{int(roll() * 1e6):06d}", items,
            pick(TEXTS, number) if number % 11 == 0 else None, created.date(), created.date() + timedelta(days=14),
            paid, created, _updated(paid or created, roll() * 0.2))  # fmt: skip


def contact_list(number: int, scale: int) -> tuple:
    """Return a row of lists."""
    roll, day = generator.seeded_random(16, number), generator.day_created("lists", number, scale)
    block, local = divmod(number - 1, generator.SEEDED["lists"])
    if day:
        owner = generator.ids_created("accounts", day, scale)[number - generator.ids_created("lists", day, scale)[0]]
    else:
        index = local // campaigns.CAMPAIGN_LISTS if local < 60 else (local - 60) % 12 if local < 112 else local - 100
        owner = block * generator.SEEDED["accounts"] + index + 1
    created = generator.account_created_at(owner, scale) + timedelta(minutes=5 + roll() * 600)
    return (number, owner, f"List {number}", roll() < 0.05 and local >= 60, f"news{number}@send{owner}.example"
            if roll() < 0.8 else None, pick(JSONS, number), created, _updated(created, roll()))  # fmt: skip


def contact(number: int, scale: int) -> tuple:
    """Return a row of contacts."""
    roll, owner = generator.seeded_random(17, number), generator.contact_account(number, scale)
    first, last, email, _ = generator.contact_person(number)
    if number % 41 == 0:
        first, last = pick(TEXTS, number // 41), pick(TEXTS, number // 41 * 7 + 3)
    created = generator.contact_created_at(number, scale)
    updated = _updated(created, roll())
    subscribed = roll() < 0.93
    has_left = not subscribed and roll() < 0.8
    return (number, owner, _uuid(18, number), email, first, last, pick(LOCALES, int(roll() * 5)),
            date(1900 + int(roll() * 108), 1 + int(roll() * 12), 1 + int(roll() * 28)) if roll() < 0.4 else
            (date(2100, 12, 31) if number % 997 == 0 else None), subscribed,
            pick(CONSENTS, int(roll() * 4)), f"{roll() * 190_000 - 95_000:.3f}" if roll() < 0.7 else None,
            pick(JSONS, number // 13) if number % 13 == 0 else
            f'{{"city": "C{int(roll() * 90)}", "orders": {int(roll() * 40)}}}',
            pick(ARRAYS, number // 7) if number % 7 == 0 else ("vip",) if roll() < 0.1 else None,
            created if subscribed or has_left else None, updated if has_left else None, created, updated)  # fmt: skip


def seeded_memberships(scale: int) -> Iterator[tuple]:
    """Yield the list_memberships of the history: lists of big accounts, then the only list of each small account."""
    for list_id in generator.ids_created("lists", 0, scale):
        for contact_id in campaigns.list_members(list_id, scale):
            yield _membership(list_id, contact_id, scale)
    for contact_id in generator.ids_created("contacts", 0, scale):
        owner = generator.contact_account(contact_id, scale)
        if not generator.is_big(owner, scale):
            yield _membership(campaigns.account_list(owner, 0, scale), contact_id, scale)


def _membership(list_id: int, contact_id: int, scale: int) -> tuple:
    roll = generator.seeded_random(19, list_id, contact_id)
    joined = generator.contact_created_at(contact_id, scale) + timedelta(minutes=roll() * 60)
    is_subscribed = campaigns.is_member_subscribed(list_id, contact_id)
    status = "subscribed" if is_subscribed else pick(("unsubscribed", "cleaned", "pending"), int(roll() * 3))
    return (list_id, contact_id, status, joined, _updated(joined, roll()))


def new_memberships(day: int, scale: int) -> Iterator[tuple]:
    """Yield the list_memberships of the contacts that are created on a day: one list each, some two."""
    for contact_id in generator.ids_created("contacts", day, scale):
        owner, roll = generator.contact_account(contact_id, scale), generator.seeded_random(20, contact_id)
        number = int(roll() * campaigns.CAMPAIGN_LISTS)
        joined = generator.time_on_day(day, roll())
        for extra in range(2 if roll() < 0.2 and generator.is_big(owner, scale) else 1):
            yield (campaigns.account_list(owner, number + extra, scale), contact_id, "subscribed", joined, joined)


def campaign(number: int, scale: int) -> tuple:
    """Return a row of campaigns; a seeded one that has been sent may be archived by now."""
    roll, item = generator.seeded_random(21, number), campaigns.campaign(number, scale)
    is_sent = item.sent_at is not None and (item.day > 0 or item.sent_at <= generator.LAST_SEEDED)
    status = "sent" if is_sent else "scheduled" if item.scheduled_at else "draft"
    if is_sent and not item.day and roll() < 0.2:
        status = "archived"
    name = pick(TEXTS, number) or "untitled" if number % 13 == 0 else f"Campaign {number}"
    settings = json.dumps({"track_opens": True, "ratio": 0.25, "utm": {"source": f"c{number}"}})
    subject = pick(TEXTS, number) if number % 7 == 0 else f"News no. {number}"
    budget = f"{roll() * 5000:.2f}" if roll() < 0.7 else None
    sent = item.sent_at if is_sent else None
    return (number, item.account_id, item.list_id, name, subject,
            f"news{item.list_id}@send{item.account_id}.example", status, budget, settings if number % 19 else None,
            item.scheduled_at and (item.scheduled_at + timedelta(hours=1)).replace(tzinfo=None), sent,
            item.created_at, _updated(sent or item.created_at, roll()))  # fmt: skip


def new_rows(day: int, scale: int) -> dict[str, Iterable[tuple]]:
    """Return the rows that are created on a day, by table, in the order of the foreign keys; day 0 is the history."""
    makers = {"plans": plan, "accounts": account, "users": user, "subscriptions": subscription, "lists": contact_list,
              "contacts": contact, "campaigns": campaign}  # fmt: skip
    found: dict[str, Iterable[tuple]] = {
        table: map(make, generator.ids_created(table, day, scale), repeat(scale)) for table, make in makers.items()
    }
    found["invoices"] = later_invoices(day, scale) if day else seeded_invoices(scale)
    found["list_memberships"] = new_memberships(day, scale) if day else seeded_memberships(scale)
    return found


def later_invoices(day: int, scale: int) -> Iterator[tuple]:
    """Yield the invoices of a day, for seeded subscriptions."""
    roll = generator.seeded_random(35, day)
    for number in generator.ids_created("invoices", day, scale):
        subscription_id = 1 + int(roll() * generator.SEEDED["subscriptions"] * scale)
        yield invoice(number, subscription_id, generator.time_on_day(day, roll()), scale)
