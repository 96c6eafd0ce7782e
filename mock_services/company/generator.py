"""Generate the company that both mocks are seeded from: the same on every machine and Python version.

Every id follows by arithmetic. Scale s is s blocks of the same company. Day 0 is the history up to HISTORY_END, day N
the N-th day after it. Randomness is integer arithmetic, so that no library's generator can change it.
"""

from bisect import bisect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

MASK_64 = 2**64 - 1
HISTORY_START = datetime(2026, 1, 1, tzinfo=UTC)
HISTORY_END = datetime(2026, 6, 30, tzinfo=UTC)  # the last day of the history
LAST_SEEDED = HISTORY_END + timedelta(hours=23, minutes=45)  # no seeded row is newer

SEEDED = {"plans": 5, "accounts": 300, "users": 900, "subscriptions": 340, "invoices": 4080, "lists": 400,
          "contacts": 50_000, "campaigns": 60}  # fmt: skip
DAILY = {"plans": 0, "accounts": 3, "users": 8, "subscriptions": 3, "invoices": 18, "lists": 3,
         "contacts": 500, "campaigns": 2}  # fmt: skip

BIG_SIZES = (4900, 3600, 3000, 2400, 2000, 1800, 1600, 1400, 1200, 1100, 1000, 1000)  # contacts; half of all
BIG_ENDS, HALF = tuple(accumulate(BIG_SIZES)), sum(BIG_SIZES)
SHUFFLE, UNSHUFFLE = 7919, 17_679  # inverse modulo 50,000: spread the contacts of an account over all ids

PROVIDERS = ("gmail", "gmail", "gmail", "gmail", "outlook", "outlook", "yahoo", "icloud", "icloud", "other")
LOCAL_PARTS = ("josé.müller", "山田太郎", "SHOUTING.CAPS", "plus+tag+{n}", "o'brien", "zoë..dots", "нина",
               "e\u0301clair")  # fmt: skip
FIRST_NAMES = ("Ana", "Ben", "Chloé", "Dmitri", "Eva", "Femi", "Grace", "Hiro", "Inès", "Jonas", "Kwame", "Lena")
LAST_NAMES = ("Smith", "García", "Nowak", "Sato", "Okafor", "Jensen", "O'Neill", "Müller", "Rossi", "Silva", "Kaya")


def seeded_random(kind: int, number: int, other: int = 0) -> Callable[[], float]:
    """Return a generator of floats in [0, 1) that is seeded by a kind of thing and one or two ids.

    Integer arithmetic only (a mixed seed, then 64-bit congruential steps): it starts ten times faster than `Random`.
    """
    state = kind * 0x9E3779B97F4A7C15 + number * 0xBF58476D1CE4E5B9 + other * 0x94D049BB133111EB & MASK_64
    state = (state ^ state >> 31) * 0xD6E8FEB86659FD93 & MASK_64
    state = (state ^ state >> 32) * 0xD6E8FEB86659FD93 & MASK_64

    def roll() -> float:
        nonlocal state
        state = state * 6364136223846793005 + 1442695040888963407 & MASK_64
        return (state >> 11) * 2**-53

    return roll


def ids_created(table: str, day: int, scale: int) -> range:
    """Return the ids that are created in a table on a day; day 0 is the seed."""
    times = 1 if table == "plans" else scale
    seeded, daily = SEEDED[table] * times, DAILY[table] * times
    return range(1, seeded + 1) if day == 0 else range(seeded + daily * (day - 1) + 1, seeded + daily * day + 1)


def day_created(table: str, number: int, scale: int) -> int:
    """Return the day on which an id of a table was created; 0 is the seed."""
    beyond = number - 1 - SEEDED[table] * scale
    return 0 if beyond < 0 else beyond // (DAILY[table] * scale) + 1


def time_on_day(day: int, share: float) -> datetime:
    """Return a time on a day of traffic, `share` of the way from 05:00 to 22:00 UTC."""
    return HISTORY_END + timedelta(days=day, hours=5, microseconds=int(share * 17 * 3_600_000_000))


def between(start: datetime, end: datetime, share: float) -> datetime:
    """Return the time `share` of the way between two others, to the microsecond."""
    return start + (end - start) * share


def is_big(account_id: int, scale: int) -> bool:
    """Return whether an account is one of the twelve in each block that own half of the contacts."""
    return day_created("accounts", account_id, scale) == 0 and (account_id - 1) % SEEDED["accounts"] < len(BIG_SIZES)


@lru_cache(maxsize=100_000)
def account_created_at(account_id: int, scale: int) -> datetime:
    """Return when an account signed up: big ones on the first day, most others early in the history."""
    roll, day = seeded_random(1, account_id)(), day_created("accounts", account_id, scale)
    if day:
        return time_on_day(day, roll / 4)
    span = timedelta(days=1) if is_big(account_id, scale) else timedelta(days=165)
    return between(HISTORY_START, HISTORY_START + span, roll**4)


def contact_at(block: int, place: int) -> int:
    """Return the id of the seeded contact at a place (0..49,999) of a block; an account has consecutive places."""
    return block * SEEDED["contacts"] + place * UNSHUFFLE % SEEDED["contacts"] + 1


def contact_account(contact_id: int, scale: int) -> int:
    """Return the account that owns a contact; half of the contacts belong to the twelve big accounts of a block."""
    if day_created("contacts", contact_id, scale):
        roll = seeded_random(2, contact_id)
        local = int(roll() * 12) if roll() < 0.5 else 12 + int(roll() * 288)
        return contact_id % scale * SEEDED["accounts"] + local + 1
    block, local = divmod(contact_id - 1, SEEDED["contacts"])
    place, first = local * SHUFFLE % SEEDED["contacts"], block * SEEDED["accounts"] + 1
    if place < HALF:
        return first + bisect(BIG_ENDS, place)
    return first + len(BIG_SIZES) + int(((place - HALF) / HALF) ** 1.5 * 288)


def contact_person(contact_id: int) -> tuple[str, str, str, str]:
    """Return a contact's first name, last name, e-mail address and mailbox provider (reserved .example domains)."""
    roll = seeded_random(3, contact_id)
    first, last = FIRST_NAMES[int(roll() * len(FIRST_NAMES))], LAST_NAMES[int(roll() * len(LAST_NAMES))]
    provider = PROVIDERS[int(roll() * len(PROVIDERS))]
    domain = f"{provider}.example" if provider != "other" else f"firm{int(roll() * 500)}.example"
    local = f"{first}.{last}".lower().replace("'", "")
    if contact_id % 53 == 0:
        local = LOCAL_PARTS[contact_id // 53 % len(LOCAL_PARTS)].format(n=contact_id)
    return first, last, f"{local}.{contact_id}@{domain}", provider


def contact_created_at(contact_id: int, scale: int) -> datetime:
    """Return when a contact was created: a big account imports its contacts in its first four days."""
    roll, day = seeded_random(7, contact_id)(), day_created("contacts", contact_id, scale)
    if day:
        return time_on_day(day, roll)
    owner = contact_account(contact_id, scale)
    signed_up = account_created_at(owner, scale)
    return signed_up + (timedelta(days=4) if is_big(owner, scale) else (LAST_SEEDED - signed_up) * 0.9) * roll
