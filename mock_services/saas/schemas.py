"""The vendor's collections and the schemas of their objects, for its OpenAPI page; bodies are stored text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item")


class Utm(BaseModel):
    """The tracking words that a campaign adds to its links."""

    source: str
    medium: str
    campaign: str


class CampaignSettings(BaseModel):
    """What a campaign tracks."""

    track_opens: bool
    track_clicks: bool
    utm: Utm


class Campaign(BaseModel):
    """One e-mail campaign; `ab_test_variant` is absent from those that have not changed since it exists.

    A draft that was never sent may be removed for good: it is then in no page any more.
    """

    campaign_id: int
    account_id: int
    name: str
    subject: str
    from_email: str
    sending_domain: str
    ip_pool: str
    status: Literal["draft", "scheduled", "sent"]
    recipient_count: int
    settings: CampaignSettings
    tags: list[str]
    scheduled_at: datetime | None
    sent_at: datetime | None
    created_at: datetime
    updated_at: datetime
    ab_test_variant: Literal["A", "B"] | None = None


class EmailEvent(BaseModel):
    """Something that happened to one message; the same event may be served more than once."""

    event_id: str
    event_type: Literal["processed", "delivered", "deferred", "bounce", "open", "click", "spam_report", "unsubscribe"]
    message_id: str
    campaign_id: int
    account_id: int
    contact_id: int
    email: str
    mailbox_provider: Literal["gmail", "outlook", "yahoo", "icloud", "other"]
    occurred_at: datetime
    received_at: datetime
    is_machine_open: bool | None
    user_agent: str | None
    ip_address: str | None
    link_url: str | None
    bounce_type: Literal["hard", "soft"] | None
    reason: str | None


class Suppression(BaseModel):
    """An address that an account must not write to, for as long as it is active; it may be removed for good."""

    suppression_id: str
    account_id: int
    contact_id: int
    email: str
    reason: Literal["hard_bounce", "spam_report", "unsubscribe"]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class Page(BaseModel, Generic[Item]):
    """One page of objects, oldest first; `next_cursor` is null on the last one."""

    data: list[Item]
    next_cursor: str | None
    has_more: bool


class ErrorDetail(BaseModel):
    """What was wrong, and with which parameter."""

    code: str
    message: str
    param: str | None


class Error(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


@dataclass(frozen=True)
class Collection:
    """One endpoint of the vendor: its name, the schema of its objects, and the parameter for newer objects only."""

    name: str
    schema: type
    after_param: str


COLLECTIONS = (
    Collection("campaigns", Campaign, "updated_after"),
    Collection("email_events", EmailEvent, "received_after"),
    Collection("suppressions", Suppression, "updated_after"),
)
