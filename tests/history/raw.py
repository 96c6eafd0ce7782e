"""RAW as loads leave it: its tables, the merge of a load, and the record of the loads that are complete."""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

Rows = dict[str, list[dict]]  # by table of RAW

STAMPED = "created_at timestamptz, updated_at timestamptz, _deleted_at timestamptz"
# Tables of RAW: their key, and the other columns that STAGING reads.
TABLES = {
    "postgres_accounts": ("account_id", f"""account_uuid text, account_name text, plan_id bigint, account_status text,
        region text, industry text, time_zone text, settings json, tags json, credit_limit text, trial_ends_on date,
        signed_up_local_at timestamp, {STAMPED}"""),
    "postgres_campaigns": ("campaign_id", f"""account_id bigint, list_id bigint, campaign_name text, subject_line text,
        from_email text, campaign_status text, budget_amount decimal(12, 2), settings json,
        scheduled_local_at timestamp, sent_at timestamptz, {STAMPED}"""),
    "postgres_contacts": ("contact_id", f"""account_id bigint, contact_uuid text, email text, first_name text,
        last_name text, locale text, birth_date date, is_subscribed boolean, consent_source text,
        lead_score decimal(8, 3), attributes json, tags json, subscribed_at timestamptz, unsubscribed_at timestamptz,
        {STAMPED}"""),
    "postgres_invoices": ("invoice_id", f"""account_id bigint, subscription_id bigint, invoice_number text,
        invoice_status text, currency text, subtotal_amount decimal(14, 2), tax_amount decimal(14, 2),
        total_amount decimal(14, 2), exchange_rate text, line_items json, memo text, issued_on date, due_on date,
        paid_at timestamptz, {STAMPED}"""),
    "postgres_list_memberships": ("list_id, contact_id", """membership_status text, joined_at timestamptz,
        updated_at timestamptz, _deleted_at timestamptz"""),
    "postgres_lists": ("list_id", f"""account_id bigint, list_name text, is_archived boolean, default_from_email text,
        segment_rule json, {STAMPED}"""),
    "postgres_plans": ("plan_id", f"""plan_code text, plan_name text, monthly_price decimal(10, 2), currency text,
        monthly_send_limit bigint, overage_price text, features json, is_public boolean, {STAMPED}"""),
    "postgres_subscriptions": ("subscription_id", f"""account_id bigint, plan_id bigint, subscription_status text,
        monthly_amount decimal(12, 4), discount_rate text, currency text, seat_count bigint, started_on date,
        ended_on date, metadata json, {STAMPED}"""),
    "postgres_users": ("user_id", f"""account_id bigint, email text, full_name text, user_role text, is_active boolean,
        failed_login_count bigint, last_login_at timestamptz, {STAMPED}"""),
    "saas_campaigns": ("campaign_id", f"""account_id bigint, name text, subject text, from_email text,
        sending_domain text, ip_pool text, status text, recipient_count bigint, settings json, tags json,
        scheduled_at timestamptz, sent_at timestamptz, {STAMPED}"""),
    "saas_suppressions": ("suppression_id", f"""account_id bigint, contact_id bigint, email text, reason text,
        is_active boolean, {STAMPED}"""),
    "saas_email_events": ("event_id", """event_type text, message_id text, campaign_id bigint, account_id bigint,
        contact_id bigint, email text, mailbox_provider text, occurred_at timestamptz, received_at timestamptz,
        is_machine_open boolean, user_agent text, ip_address text, link_url text, bounce_type text, reason text"""),
}  # fmt: skip
TEXT_KEYS = {"suppression_id", "event_id"}
LOADS = "load_id text, schema_name text, status bigint, inserted_at timestamptz, schema_version_hash text"
FIRST_END = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Load:
    """A load of one source: its id and what it merges into RAW. It is complete once _dlt_loads names it."""

    load_id: str
    source: str
    rows: Rows = field(default_factory=dict)
    is_complete: bool = True


def create(warehouse: Path) -> None:
    """Create RAW without a row."""
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.execute(f"create schema RAW; create table RAW._dlt_loads ({LOADS})")
        for table, (key, columns) in TABLES.items():
            keys = ", ".join(f"{name} {'text' if name in TEXT_KEYS else 'bigint'}" for name in key.split(", "))
            connection.execute(f"create table RAW.{table} ({keys}, {columns}, _dlt_load_id text, primary key ({key}))")


def merge(warehouse: Path, loads: list[Load], turn: int) -> None:
    """Merge the rows of loads by their keys, and record the loads that are complete."""
    ended_at = FIRST_END + timedelta(hours=turn)
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.execute("set TimeZone = 'UTC'; begin")
        for load in loads:
            for table, rows in load.rows.items():
                for row in rows:
                    names = ", ".join([*row, "_dlt_load_id"])
                    marks = ", ".join("?" * (len(row) + 1))
                    values = [*row.values(), load.load_id]
                    connection.execute(f"insert or replace into RAW.{table} ({names}) values ({marks})", values)
        for load in (load for load in loads if load.is_complete):
            values = [load.load_id, load.source, ended_at]
            connection.execute("insert into RAW._dlt_loads values (?, ?, 0, ?, 'hash')", values)
        connection.execute("commit")
