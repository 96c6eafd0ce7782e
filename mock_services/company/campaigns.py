"""Generate campaigns and their recipients, on which both mocks agree without exchanging data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mock_services.company.generator import (  # fmt: skip
    BIG_SIZES,
    HISTORY_START,
    LAST_SEEDED,
    SEEDED,
    between,
    contact_at,
    day_created,
    ids_created,
    seeded_random,
    time_on_day,
)

CAMPAIGN_LISTS = 5  # of each big account; each has LIST_MEMBERS contacts
LIST_MEMBERS = 980
SENT_COUNT, PLANNED_COUNT = (
    54,
    57,
)  # of the 60 seeded campaigns of a block: [0, 54) are sent, [54, 57) on days 1 to 3


@dataclass(frozen=True)
class Campaign:
    """One e-mail campaign as both sides know it; `day` is the day of its creation (0: seeded), times are UTC."""

    campaign_id: int
    account_id: int
    list_id: int
    day: int
    created_at: datetime
    scheduled_at: datetime | None
    sent_at: datetime | None

    @property
    def send_time(self) -> datetime:
        """When a campaign that was sent was sent.

        Raises:
            ValueError: it was not sent.
        """
        if self.sent_at is None:
            raise ValueError(f"campaign {self.campaign_id} was not sent")
        return self.sent_at


def list_members(list_id: int, scale: int) -> Iterator[int]:
    """Yield the seeded contacts of a list: 980 of a big account's campaign list, 120 of its other lists."""
    if day_created("lists", list_id, scale):
        return
    block, local = divmod(list_id - 1, SEEDED["lists"])
    if local >= 112:  # the only list of a small account has all of its contacts: rows.seeded_memberships adds them
        return
    index, number = (local // CAMPAIGN_LISTS, local % CAMPAIGN_LISTS) if local < 60 else ((local - 60) % 12, local)
    first, size = sum(BIG_SIZES[:index]), BIG_SIZES[index]
    for step in range(LIST_MEMBERS if local < 60 else 120):
        yield contact_at(block, first + (number * 731 + step) % size)


def is_member_subscribed(list_id: int, contact_id: int) -> bool:
    """Return whether a seeded membership receives campaigns (95.5 % do)."""
    return seeded_random(4, list_id, contact_id)() < 0.955


def account_list(account_id: int, number: int, scale: int) -> int:
    """Return the id of an account's list: one of the five campaign lists of a big account, else its only list."""
    day = day_created("accounts", account_id, scale)
    if day:
        return ids_created("lists", day, scale)[account_id - ids_created("accounts", day, scale)[0]]
    block, local = divmod(account_id - 1, SEEDED["accounts"])
    offset = local * CAMPAIGN_LISTS + number % CAMPAIGN_LISTS if local < 12 else 112 + local - 12
    return block * SEEDED["lists"] + offset + 1


def campaign(campaign_id: int, scale: int) -> Campaign:
    """Return a campaign by its id: a seeded one is sent, scheduled for days 1 to 3, or a draft; a later one is sent."""
    day, roll = day_created("campaigns", campaign_id, scale), seeded_random(5, campaign_id)
    if day == 0:
        block, local = divmod(campaign_id - 1, SEEDED["campaigns"])
        if local < SENT_COUNT:
            planned = HISTORY_START + timedelta(days=6 + int(local * 3.25), hours=6, microseconds=int(roll() * 3.6e10))
        else:
            planned = time_on_day(local - SENT_COUNT + 1, roll() / 4)
        created = planned - timedelta(days=1 + roll() * 3) if local < SENT_COUNT else between(
            LAST_SEEDED - timedelta(days=9), LAST_SEEDED - timedelta(days=1), roll())  # fmt: skip
        number, index = divmod(local, 12)
        is_planned, is_sent = local < PLANNED_COUNT, local < PLANNED_COUNT
    else:
        offset = campaign_id - ids_created("campaigns", day, scale)[0]
        block, number = divmod(offset, 2)
        index, number = (day * 2 + number) % 12, day // 6 + number
        planned, is_planned, is_sent = time_on_day(day, 0.02 + roll() / 5), True, True
        created = time_on_day(day, 0)
    account_id = block * SEEDED["accounts"] + index + 1
    return Campaign(campaign_id, account_id, account_list(account_id, number, scale), day, created,
                    planned if is_planned else None, planned if is_sent else None)  # fmt: skip


def campaigns_sent(day: int, scale: int) -> list[int]:
    """Return the ids of the campaigns that are sent on a day; day 0 is the whole history."""
    first_of_blocks = range(0, SEEDED["campaigns"] * scale, SEEDED["campaigns"])
    if day == 0:
        return [first + local + 1 for first in first_of_blocks for local in range(SENT_COUNT)]
    scheduled = [first + SENT_COUNT + day for first in first_of_blocks] if day <= PLANNED_COUNT - SENT_COUNT else []
    return scheduled + list(ids_created("campaigns", day, scale))


def campaigns_edited(day: int, scale: int) -> list[int]:
    """Return the ids of the sent campaigns that are edited and archived on a day: up to three a block."""
    roll = seeded_random(6, day)
    blocks = (block for block in range(scale) for _ in range(3))
    return sorted({block * SEEDED["campaigns"] + int(roll() * SENT_COUNT) + 1 for block in blocks})


def recipients(item: Campaign, scale: int) -> Iterator[int]:
    """Yield the ids of the contacts that a campaign is sent to: about 936 members of its list."""
    return (number for number in list_members(item.list_id, scale) if is_member_subscribed(item.list_id, number))
