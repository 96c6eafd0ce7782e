"""Who gets which campaign when: the part of the world on which both mocks must agree without talking to each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mock_services.world import (
    BIG_SIZES,
    HISTORY_START,
    LAST_SEEDED,
    SEEDED,
    between,
    contact_at,
    day_of,
    dice,
    ids,
    moment,
)  # fmt: skip

CAMPAIGN_LISTS = 5  # of each big account; each has LIST_MEMBERS contacts
LIST_MEMBERS = 980
SENT, SCHEDULED = 54, 57  # of the 60 seeded campaigns: [0, SENT) are sent, [SENT, SCHEDULED) go out on days 1, 2, 3


@dataclass(frozen=True)
class Campaign:
    """One e-mail campaign as both sides know it; `day` is the day it was born (0: seeded), times are UTC."""

    campaign_id: int
    account_id: int
    list_id: int
    day: int
    created_at: datetime
    scheduled_at: datetime | None
    sent_at: datetime | None


def list_members(list_id: int, scale: int) -> Iterator[int]:
    """Yield the seeded contacts of a list: 980 for a big account's campaign lists, else the few that it needs."""
    if day_of("lists", list_id, scale):
        return
    block, local = divmod(list_id - 1, SEEDED["lists"])
    if local >= 112:  # the one list of a small account holds all its contacts: see small_members
        return
    index, number = (local // CAMPAIGN_LISTS, local % CAMPAIGN_LISTS) if local < 60 else ((local - 60) % 12, local)
    first, size = sum(BIG_SIZES[:index]), BIG_SIZES[index]
    for step in range(LIST_MEMBERS if local < 60 else 120):
        yield contact_at(block, first + (number * 731 + step) % size)


def is_member_subscribed(list_id: int, contact_id: int) -> bool:
    """Tell whether a seeded membership receives campaigns (95.5 % do)."""
    return dice(4, list_id, contact_id)() < 0.955


def account_list(account_id: int, number: int, scale: int) -> int:
    """Return the id of an account's list: of five campaign lists for a big one, else its only one."""
    day = day_of("accounts", account_id, scale)
    if day:
        return ids("lists", day, scale)[account_id - ids("accounts", day, scale)[0]]
    block, local = divmod(account_id - 1, SEEDED["accounts"])
    offset = local * CAMPAIGN_LISTS + number % CAMPAIGN_LISTS if local < 12 else 112 + local - 12
    return block * SEEDED["lists"] + offset + 1


def campaign(campaign_id: int, scale: int) -> Campaign:
    """Return a campaign by its id: a seeded one is sent, scheduled for days 1 to 3, or a draft; a later one is sent."""
    day, roll = day_of("campaigns", campaign_id, scale), dice(5, campaign_id)
    if day == 0:
        block, local = divmod(campaign_id - 1, SEEDED["campaigns"])
        if local < SENT:
            planned = HISTORY_START + timedelta(days=6 + int(local * 3.25), hours=6, microseconds=int(roll() * 3.6e10))
        else:
            planned = moment(local - SENT + 1, roll() / 4)
        created = planned - timedelta(days=1 + roll() * 3) if local < SENT else between(
            LAST_SEEDED - timedelta(days=9), LAST_SEEDED - timedelta(days=1), roll())  # fmt: skip
        number, index = divmod(local, 12)
        is_planned, is_sent = local < SCHEDULED, local < SCHEDULED
    else:
        offset = campaign_id - ids("campaigns", day, scale)[0]
        block, number = divmod(offset, 2)
        index, number = (day * 2 + number) % 12, day // 6 + number
        planned, is_planned, is_sent = moment(day, 0.02 + roll() / 5), True, True
        created = moment(day, 0)
    account_id = block * SEEDED["accounts"] + index + 1
    return Campaign(campaign_id, account_id, account_list(account_id, number, scale), day, created,
                    planned if is_planned else None, planned if is_sent else None)  # fmt: skip


def campaigns_sent(day: int, scale: int) -> list[int]:
    """Return the ids of the campaigns that go out on a day; for day 0, of all that went out in the history."""
    first_of_blocks = range(0, SEEDED["campaigns"] * scale, SEEDED["campaigns"])
    if day == 0:
        return [first + local + 1 for first in first_of_blocks for local in range(SENT)]
    woken = [first + SENT + day for first in first_of_blocks] if day <= SCHEDULED - SENT else []
    return woken + list(ids("campaigns", day, scale))


def campaigns_edited(day: int, scale: int) -> list[int]:
    """Return the ids of the already sent campaigns that somebody edits and archives on a day: three a block."""
    roll = dice(6, day)
    return sorted({block * SEEDED["campaigns"] + int(roll() * SENT) + 1 for block in range(scale) for _ in range(3)})


def recipients(item: Campaign, scale: int) -> Iterator[int]:
    """Yield the ids of the contacts that a campaign goes to: about 936 members of its list,; some are gone by now."""
    return (number for number in list_members(item.list_id, scale) if is_member_subscribed(item.list_id, number))
