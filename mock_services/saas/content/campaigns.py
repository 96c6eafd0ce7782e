"""Generate campaigns as the vendor serves them: the product's planned campaigns, and drafts of its own."""

from datetime import timedelta

from mock_services.company import generator
from mock_services.company.campaigns import Campaign, account_list, campaign, campaigns_edited, recipients
from mock_services.saas.content.events import iso, micros

FIRST_DRAFT_ID, DRAFTS_PER_DAY = (
    1_000_000_000,
    2,
)  # drafts are numbered behind it: the product, which counts from 1, knows none of them


def drafts(day: int, scale: int) -> list[int]:
    """Return the ids of the drafts that are created on a day and never sent; day 0 is the history."""
    count = DRAFTS_PER_DAY * scale
    return list(range(FIRST_DRAFT_ID + day * count + 1, FIRST_DRAFT_ID + (day + 1) * count + 1))


def draft(number: int, scale: int) -> Campaign:
    """Return a draft by its id: a campaign that is neither planned nor sent."""
    day, roll = (number - FIRST_DRAFT_ID - 1) // (DRAFTS_PER_DAY * scale), generator.seeded_random(63, number)
    account_id = 1 + number % 12
    created = (
        generator.time_on_day(day, 0.1 + roll() / 2) if day else generator.LAST_SEEDED - timedelta(days=1 + 8 * roll())
    )
    return Campaign(number, account_id, account_list(account_id, 0, scale), day, created, None, None)


def campaign_body(number: int, day: int, scale: int) -> tuple[int, dict]:
    """Return when a campaign last changed (microseconds since 1970) and its body as of a day.

    From day 1 on, bodies have `ab_test_variant`: a field that the vendor has added.
    """
    item, roll = (draft if number > FIRST_DRAFT_ID else campaign)(number, scale), generator.seeded_random(62, number)
    is_sent = item.sent_at and item.sent_at <= generator.HISTORY_END + timedelta(days=day + 1)
    sent, planned = micros(item.send_time) if is_sent else None, item.scheduled_at
    status = "sent" if sent else "scheduled" if planned else "draft"
    created = micros(item.created_at)
    updated = (sent or created) + int(roll() * 600_000_000) + 1
    is_edited = day > 0 and number in campaigns_edited(day, scale)
    if is_edited:
        updated = micros(generator.time_on_day(day, 0.3 + roll() * 0.5))
    tags = [tag for tag in ("promo", "newsletter", "événement") if roll() < 0.4] + (["archived"] if is_edited else [])
    return updated, {
        "campaign_id": number, "account_id": item.account_id,
        "name": f"Campaign {number}" + (" (edited)" if is_edited else ""),
        "subject": f"News no. {number}" if number % 7 else "🦊 Últimas \"noticias\" \\ ninety%", "from_email":
        f"news{item.list_id}@send{item.account_id}.example", "sending_domain": f"send{item.account_id}.example",
        "ip_pool": ("shared-eu", "shared-us", "dedicated")[number % 3], "status": status,
        "recipient_count": sum(1 for _ in recipients(item, scale)), "settings": {"track_opens": True,
        "track_clicks": number % 9 > 0, "utm": {"source": "mailblaze", "medium": "email", "campaign": f"c{number}"}},
        "tags": tags, "scheduled_at": iso(micros(planned)) if planned else None, "sent_at": iso(sent) if sent else None,
        "created_at": iso(created), "updated_at": iso(updated),
        **({"ab_test_variant": "AB"[number % 2]} if day else {}),
    }  # fmt: skip
