"""Generate the e-mail events of every message from its campaign and contact alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import log

from mock_services.company import generator
from mock_services.company.campaigns import Campaign, campaign, campaigns_sent, recipients

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, DAY = 1_000_000, 86_400_000_000  # microseconds, as all times in this module
TAIL_DAYS = 9  # an event is received at most this long after its campaign was sent
USER_AGENTS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)",
    "Mozilla/5.0 (Linux; Android 14) Gmail/2024",
)
HARD_BOUNCE_REASONS = (
    "550 5.1.1 The email account that you tried to reach does not exist",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
)
SOFT_BOUNCE_REASONS = (
    "452 4.2.2 Mailbox full",
    "421 4.7.0 Try again later, closing connection",
    "451 4.3.0 Temporary server error",
)


def micros(at: datetime) -> int:
    """Return a time in microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def iso(at: int) -> str:
    """Return microseconds since 1970 as ISO-8601 in UTC with microseconds and a Z."""
    return (EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds")[:-6] + "Z"


def digest(*parts: object) -> str:
    """Return a short id that depends only on the parts."""
    return blake2b(":".join(map(str, parts)).encode(), digest_size=12).hexdigest()


@dataclass
class Message:
    """One message to one contact, with its events as (received, body), in order of occurrence."""

    item: Campaign
    contact_id: int
    events: list[tuple[int, dict]] = field(default_factory=list)

    def __post_init__(self):
        self.roll = generator.seeded_random(51, self.item.campaign_id, self.contact_id)
        _, _, self.email, self.provider = generator.contact_person(self.contact_id)
        self.message_id = f"msg_{self.item.campaign_id:x}_{self.contact_id:x}"

    def add(self, kind: str, at: int, **details: object) -> None:
        """Add an event; fields without a value are null. Some are received minutes late, a few 1 to 5 days late."""
        roll = self.roll()
        late = SECOND * (0.2 + roll * 8) if roll < 0.92 else SECOND * 60 * (1 + (roll - 0.92) * 200)
        if roll > 0.995:
            late = DAY * (1 + (roll - 0.995) * 800)
        received = at + int(late)
        self.events.append((received, {
            "event_id": f"evt_{digest(self.message_id, len(self.events))}", "event_type": kind,
            "message_id": self.message_id, "campaign_id": self.item.campaign_id, "account_id": self.item.account_id,
            "contact_id": self.contact_id, "email": self.email, "mailbox_provider": self.provider,
            "occurred_at": iso(at), "received_at": iso(received), "is_machine_open": None, "user_agent": None,
            "ip_address": None, "link_url": None, "bounce_type": None, "reason": None, **details,
        }))  # fmt: skip

    def wait(self, mean: float, most: float) -> int:
        """Return an exponential waiting time in microseconds; `mean` and `most` are in seconds."""
        return int(min(-log(1 - self.roll()) * mean, most) * SECOND)

    def ip_address(self, network: str) -> str:
        """Return an IP address in a network that is reserved for documentation."""
        return f"{network}.{1 + int(self.roll() * 254)}"


def message_events(item: Campaign, contact_id: int) -> list[tuple[int, dict]]:
    """Return the events of one message as (received, body); a hard bounce is always the last one."""
    message = Message(item, contact_id)
    roll = message.roll
    at = micros(item.send_time) + int(roll() * 1800 * SECOND)
    message.add("processed", at)
    at += message.wait(4, 60) + SECOND // 10
    outcome = roll()
    if outcome < 0.017:
        message.add(
            "bounce", at, bounce_type="hard", reason=HARD_BOUNCE_REASONS[int(roll() * len(HARD_BOUNCE_REASONS))]
        )
        return message.events
    if outcome < 0.030:
        message.add(
            "bounce", at, bounce_type="soft", reason=SOFT_BOUNCE_REASONS[int(roll() * len(SOFT_BOUNCE_REASONS))]
        )
        if outcome < 0.024:
            return message.events
        at += message.wait(1800, 7200) + 60 * SECOND
    elif outcome < 0.055:
        message.add("deferred", at, reason=SOFT_BOUNCE_REASONS[int(roll() * len(SOFT_BOUNCE_REASONS))])
        at += message.wait(600, 7200) + 30 * SECOND
    message.add("delivered", at)
    if roll() < 0.21:  # a proxy loads the images at once, read or not
        opened = at
        for _ in range(1 + (roll() < 0.45) + (roll() < 0.2)):
            opened += message.wait(9, 60) + SECOND
            message.add(
                "open", opened, is_machine_open=True, user_agent="Mozilla/5.0", ip_address=message.ip_address("192.0.2")
            )
    if roll() < 0.215:
        _add_reads(message, at)
    return message.events


def _add_reads(message: Message, delivered: int) -> None:
    roll, agent, address = (
        message.roll,
        USER_AGENTS[int(message.roll() * len(USER_AGENTS))],
        message.ip_address("198.51.100"),
    )
    at = delivered + message.wait(14_000, 86_400) + 5 * SECOND
    for turn in range(9):
        message.add("open", at, is_machine_open=False, user_agent=agent, ip_address=address)
        if turn == 0 and roll() < 0.18:
            for _ in range(1 + (roll() < 0.35)):
                at += message.wait(40, 600) + SECOND
                shop, source = f"shop{message.item.account_id}.example", f"utm_source=c{message.item.campaign_id}"
                link = f"https://{shop}/p/{int(roll() * 40)}?{source}"
                message.add("click", at, user_agent=agent, ip_address=address, link_url=link)
        if roll() > 0.56:
            break
        at += message.wait(9_000, 40_000) + SECOND
    outcome = roll()
    if outcome < 0.0165:
        is_spam = outcome < 0.0025
        message.add("spam_report" if is_spam else "unsubscribe", at + message.wait(60, 600) + SECOND,
                    **({} if is_spam else {"user_agent": agent, "ip_address": address}))  # fmt: skip


def events_received(day: int, scale: int) -> Iterator[tuple[int, dict]]:
    """Yield the events that the vendor receives on a day (day 0: in the history), one in 500 of them twice.

    A day of traffic has the events of its own campaigns, and late events of earlier ones.
    """
    first = micros(generator.HISTORY_END + timedelta(days=day)) if day else 0
    end = micros(generator.HISTORY_END + timedelta(days=day + 1))
    for number in _campaigns_with_events(day, first, scale):
        item = campaign(number, scale)
        for contact_id in recipients(item, scale):
            for received, body in message_events(item, contact_id):
                if first <= received < end:
                    yield received, body
                    if int(body["event_id"][-6:], 16) % 500 == 0:
                        yield received, body


def _campaigns_with_events(day: int, first: int, scale: int) -> Iterator[int]:
    yield from campaigns_sent(day, scale)
    for earlier in range(max(0, day - TAIL_DAYS), day):
        for number in campaigns_sent(earlier, scale):
            if micros(campaign(number, scale).send_time) > first - TAIL_DAYS * DAY:
                yield number
