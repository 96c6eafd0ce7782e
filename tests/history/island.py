"""A random history with ids, names and years of its own, so that many of them share a warehouse."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from tests.history.raw import Rows

FIRST_DAY = datetime(2016, 1, 15, tzinfo=UTC)
DAYS_APART = 140
IDS, IDS_EACH = 1_000_000, 1_000
# Keys in use of each kind; the dimensions never have the last one.
ACCOUNTS, CONTACTS, LISTS, CAMPAIGNS = 4, 8, 2, 6
# What follows `processed`; a repeated type is more likely.
AFTER = ["delivered", "delivered", "delivered", "open", "open", "click", "deferred", "bounce", "bounce", "unsubscribe",
    "spam_report"]  # fmt: skip
PROVIDERS = ["gmail", "yahoo", None]


class Island:
    """One history. `load` returns the rows that its next load merges into RAW.

    Events come late, again, and with other values of everything but their time: type, contact, account, campaign and
    message included, until a message has no event left. Some have no campaign, contact or account, or one whose row
    comes later or never. Two campaigns use the same message id. Rows of the dimensions change, are marked deleted, and
    return. Suppressions are dated back, lifted, lifted again, reactivated and deleted.
    """

    def __init__(self, seed: int, number: int, without: frozenset[str] = frozenset()) -> None:
        self.roll = Random(f"{seed} {number}")  # noqa: S311  test data, no secret
        self.name = f"i{number:03}"
        self.first_id = IDS + number * IDS_EACH
        self.now = self.begin = FIRST_DAY + timedelta(days=number * DAYS_APART + self.roll.randrange(30))
        self.without = without
        self.loads = 0
        self.numbers = iter(range(10**6))
        self.messages: list[dict] = []
        self.events: dict[str, dict] = {}
        self.suppressions: dict[str, dict] = {}

    def load(self) -> Rows:
        """Return the rows of the next load, each key once."""
        roll = self.roll
        self.now += timedelta(days=roll.choice([0, 1, 1, 2, 3, 10, 45]), seconds=roll.randrange(1, 80_000))
        self.loads += 1
        self.came: dict[str, dict] = {}
        is_first, rows = self.loads == 1, Rows()
        if is_first or roll.random() < 0.6:
            rows |= self._dimensions(0.5 if is_first else 0.2)
        if is_first or roll.random() < 0.4:
            rows["saas_suppressions"] = self._suppressions()
        for act, share in self._acts().items():
            if act.__name__ not in self.without and (is_first or roll.random() < share):
                act()
        self.events |= self.came
        rows["saas_email_events"] = list(self.came.values())
        return {table: found for table, found in rows.items() if found}

    def _acts(self) -> dict[Callable[[], None], float]:
        """Return what may happen to events, and how often."""
        return {self.sent: 0.6, self.went_on: 0.7, self.doubled: 0.3, self.corrected: 0.4, self.moved: 0.25,
            self.emptied: 0.3}  # fmt: skip

    def id(self, number: int) -> int:
        return self.first_id + number

    def some(self, share: float, count: int) -> list[int]:
        """Return some of the keys of a dimension."""
        return [self.id(number) for number in range(1, count) if self.roll.random() < share]

    def known(self) -> list[dict]:
        """Return the events so far, in the order in which they came."""
        return list((self.events | self.came).values())

    # What happens to events. The names are those of --without.

    def sent(self) -> None:
        """Send messages, some under an id that another campaign uses."""
        for _ in range(self.roll.randrange(1, 6)):
            message = self._message()
            self.messages.append(message)
            if self.roll.random() < 0.85:
                self._happened(message, "processed", message["sent_at"])

    def went_on(self) -> None:
        """Open, click, bounce and complain, late by up to the age of the message, or before it was sent."""
        for message in self.roll.sample(self.messages, min(len(self.messages), self.roll.randrange(1, 6))):
            age = max(1, (self.now - message["sent_at"]) // timedelta(seconds=1))
            at = message["sent_at"] + timedelta(seconds=self.roll.randrange(age))
            if self.roll.random() < 0.08:
                at -= timedelta(days=self.roll.choice([1, 9, 30, 380]))
            self._happened(message, self.roll.choice(AFTER), at)

    def doubled(self) -> None:
        """Bring events again as they are, but for the time of receipt."""
        for event in self._pick(3):
            self.came[event["event_id"]] = event | {"received_at": self.now}

    def corrected(self) -> None:
        """Bring events again with other values; the message and the time stay."""
        values: dict[str, Callable[[], object]] = {
            "event_type": lambda: self.roll.choice(["processed", *AFTER]),
            "is_machine_open": lambda: self.roll.choice([True, False, None]),
            "bounce_type": lambda: self.roll.choice(["hard", "soft", None]),
            "mailbox_provider": lambda: self.roll.choice(PROVIDERS),
            "contact_id": self._contact,
            "account_id": self._account,
            "campaign_id": self._campaign,
        }
        if "campaigns" in self.without:
            del values["campaign_id"]
        for event in self._pick(4):
            names = self.roll.sample(list(values), self.roll.choice([1, 1, 2]))
            again = event | {name: values[name]() for name in names} | {"received_at": self.now}
            self.came[event["event_id"]] = again

    def moved(self) -> None:
        """Bring events again as those of another message, a new one included."""
        for event in self._pick(2):
            self._move(event, self._other_message())

    def emptied(self) -> None:
        """Bring every event of a message again as one of another message."""
        for event in self._pick(1):
            former, target = (event["campaign_id"], event["message_id"]), self._other_message()
            for each in self.known():
                if (each["campaign_id"], each["message_id"]) == former:
                    self._move(each, target)

    def _pick(self, count: int) -> list[dict]:
        known = self.known()
        return self.roll.sample(known, min(len(known), self.roll.randrange(1, count + 1)))

    def _other_message(self) -> dict:
        if self.messages and self.roll.random() < 0.7:
            return self.roll.choice(self.messages)
        self.messages.append(self._message())
        return self.messages[-1]

    def _move(self, event: dict, message: dict) -> None:
        names = self.roll.choice([["message_id"], ["message_id", "campaign_id"]])
        again = event | {name: message[name] for name in names} | {"received_at": self.now}
        self.came[event["event_id"]] = again

    def _message(self) -> dict:
        campaign = self._campaign()
        number = f"{self.name}-m{next(self.numbers)}"
        if self.messages and self.roll.random() < 0.15:
            number = self.roll.choice(self.messages)["message_id"]
        days = self.roll.choice([0, 0, 0, 1, 3, 20, 370])
        sent_at = self.now - timedelta(days=days, seconds=self.roll.randrange(80_000))
        return {"message_id": number, "campaign_id": campaign, "account_id": self._account(campaign),
            "contact_id": self._contact(), "mailbox_provider": self.roll.choice(PROVIDERS),
            "sent_at": sent_at}  # fmt: skip

    def _happened(self, message: dict, kind: str, at: datetime) -> None:
        event = {name: value for name, value in message.items() if name != "sent_at"}
        event |= {"event_id": f"{self.name}-e{next(self.numbers)}", "event_type": kind, "occurred_at": at}
        event |= {"received_at": self.now, "is_machine_open": None, "bounce_type": None}
        if kind == "open":
            event["is_machine_open"] = self.roll.choice([True, False, None])
        if kind == "bounce":
            event["bounce_type"] = self.roll.choice(["hard", "hard", "soft"])
        for name in ("campaign_id", "account_id", "contact_id", "mailbox_provider"):
            if self.roll.random() < 0.02:
                event[name] = None
        self.came[event["event_id"]] = event

    def _campaign(self) -> int | None:
        return None if self.roll.random() < 0.05 else self.id(self.roll.randrange(1, CAMPAIGNS + 1))

    def _account(self, campaign: int | None = None) -> int | None:
        if campaign and self.roll.random() < 0.9:
            return self.id(1 + campaign % ACCOUNTS)
        return self.roll.choice([None, self.id(self.roll.randrange(1, ACCOUNTS + 1))])

    def _contact(self) -> int | None:
        return None if self.roll.random() < 0.05 else self.id(self.roll.choice([1, 1, 2, 2, *range(1, CONTACTS + 1)]))

    # Rows that are no events.

    def _stamps(self) -> dict:
        gone_at = self.now if self.roll.random() < 0.12 else None
        return {"created_at": self.begin, "updated_at": self.now, "_deleted_at": gone_at}

    def _dimensions(self, share: float) -> Rows:
        """Return new versions of some rows of the dimensions: names, regions, accounts and domains change."""
        roll, version, rows = self.roll, self.loads, Rows()
        rows["postgres_accounts"] = [
            self._stamps() | {"account_id": key, "account_name": f"{self.name} account {key} v{version}", "plan_id": 1,
                "account_status": "active", "region": roll.choice(["eu", "us"]), "time_zone": "UTC"}
            for key in self.some(share, ACCOUNTS)
        ]  # fmt: skip
        rows["postgres_contacts"] = [
            self._stamps() | {"contact_id": key, "account_id": self._account(key), "is_subscribed": roll.random() < 0.7}
            for key in self.some(share, CONTACTS)
        ]
        rows["postgres_lists"] = [
            self._stamps() | {"list_id": key, "account_id": self._account(key), "list_name": f"{self.name} list {key}",
                "is_archived": False}
            for key in self.some(share, LISTS + 1)
        ]  # fmt: skip
        rows["postgres_list_memberships"] = [
            {"list_id": self.id(1 + key % LISTS), "contact_id": key, "joined_at": self.begin - timedelta(days=9),
                "membership_status": roll.choice(["subscribed", "unsubscribed", "cleaned", "pending"]),
                "updated_at": self.now, "_deleted_at": self.now if roll.random() < 0.1 else None}
            for key in self.some(share, CONTACTS)
        ]  # fmt: skip
        return rows | self._campaigns(share)

    def _campaigns(self, share: float) -> Rows:
        """Return campaigns of both systems; either may have one first, or alone."""
        roll, version, rows = self.roll, self.loads, Rows()
        rows["postgres_campaigns"] = [
            self._stamps() | {"campaign_id": key, "account_id": self._account(key), "list_id": self.id(1),
                "campaign_name": f"{self.name} planned {key} v{version}", "campaign_status": "sent",
                "sent_at": roll.choice([None, self.now])}
            for key in self.some(share, CAMPAIGNS)
        ]  # fmt: skip
        rows["saas_campaigns"] = [
            self._stamps() | {"campaign_id": key, "account_id": self._account(key), "status": "sent",
                "name": f"{self.name} sent {key} v{version}", "sent_at": roll.choice([None, self.now]),
                "sending_domain": roll.choice([None, f"a.{self.name}.example", f"b.{self.name}.example"])}
            for key in self.some(share, CAMPAIGNS)
        ]  # fmt: skip
        return rows

    def _suppressions(self) -> list[dict]:
        """Return new suppressions, and earlier ones that are lifted, lifted again, reactivated, deleted or moved."""
        roll, came = self.roll, []
        for name, row in list(self.suppressions.items()):
            if roll.random() < 0.4:
                again = row | {"is_active": roll.random() < 0.35, "updated_at": self.now}
                again["_deleted_at"] = self.now if roll.random() < 0.25 else None
                if "suppressions" not in self.without and roll.random() < 0.05:
                    again |= {"contact_id": self._contact()}
                self.suppressions[name] = again
                came.append(again)
        for _ in range(roll.randrange(3)):
            name = f"{self.name}-s{next(self.numbers)}"
            created_at = self.now - timedelta(days=roll.choice([0, 1, 5, 40, 400]))
            self.suppressions[name] = {"suppression_id": name, "account_id": self._account(self.id(roll.randrange(4))),
                "contact_id": self._contact(), "reason": roll.choice(["hard_bounce", "unsubscribe", "spam_report"]),
                "is_active": roll.random() < 0.9, "created_at": created_at, "updated_at": self.now,
                "_deleted_at": None}  # fmt: skip
            came.append(self.suppressions[name])
        return came
