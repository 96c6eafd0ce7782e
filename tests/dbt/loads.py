"""A small warehouse through a random sequence of loads: `python tests/dbt/loads.py FOLDER SEED...`.

Rows are written directly into RAW, as loads leave them there. After each load dbt runs incrementally; after the last
one a full refresh follows. It prints, as JSON by seed, the row count of each table and how many rows differ.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
from dbt.cli.main import dbtRunner

ROOT = Path(__file__).parents[2]
DBT = ("--project-dir", str(ROOT / "dbt"), "--profiles-dir", str(ROOT / "dbt"), "--quiet")
COMPARED = {
    "INTERMEDIATE": ["int_messages"],
    "MART": ["fct_email_events", "fct_messages", "rpt_account_performance", "rpt_campaign_hours",
        "rpt_campaign_performance", "rpt_daily_engagement", "rpt_data_status", "rpt_deliverability", "rpt_list_health",
        "rpt_list_survival", "rpt_restatements", "rpt_suppression_breaches"],
}  # fmt: skip
# Views do not change, and a report that is rebuilt by each run keeps nothing: that of the last load is enough.
VIEWS, REPORTS = "path:models/staging", "config.materialized:table,rpt_*"
LOADS = 4
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)

# Tables of RAW: their key, and the other columns that STAGING reads.
STAMPED = "created_at timestamptz, updated_at timestamptz, _deleted_at timestamptz"
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
# What follows `processed`; a repeated type is more likely.
AFTER = [
    "delivered",
    "delivered",
    "delivered",
    "open",
    "open",
    "click",
    "deferred",
    "bounce",
    "unsubscribe",
    "spam_report",
]


def loads(seed: int) -> Iterator[dict[str, list[dict]]]:
    """Yield the rows that each load merges into RAW, by table.

    Events arrive late, and again with other values; their accounts, contacts and campaigns arrive later or never; rows
    change, are marked deleted, and return. The last load but one has a smaller id than the one before, as by a machine
    whose clock is behind.
    """
    roll = Random(seed)  # noqa: S311  test data, no secret
    messages: list[dict] = []
    events: dict[str, dict] = {}
    suppressions: dict[str, dict] = {}
    numbers = iter(range(10**6))
    for turn in range(LOADS):
        now = BEGIN + timedelta(days=2 * turn + 2)
        load_id = f"{9_998 + (turn if turn != LOADS - 2 else -5)}.{roll.randrange(10**6):06}"
        own = {"_dlt_load_id": load_id}
        stamps = own | {"created_at": BEGIN, "updated_at": now}

        def gone(share: float, now: datetime = now) -> dict:
            return {"_deleted_at": now if roll.random() < share else None}

        def some(keys: range, turn: int = turn) -> list[int]:
            return [key for key in keys if roll.random() < (0.6 if turn == 0 else 0.3)]

        came: dict[str, list[dict]] = {table: [] for table in TABLES}
        for key in some(range(1, 5)):
            came["postgres_accounts"] += [
                stamps | gone(0.1) | {"account_id": key, "account_name": f"Account {key}", "plan_id": 1,
                    "account_status": "active", "region": ("eu", "us")[key % 2], "time_zone": "UTC"}
            ]  # fmt: skip
        for key in some(range(1, 41)):
            came["postgres_contacts"] += [
                stamps | gone(0.1) | {"contact_id": key, "account_id": 1 + key % 4, "is_subscribed": key % 3 > 0}
            ]
        for key in some(range(1, 6)):
            came["postgres_lists"] += [
                stamps | gone(0.1) | {"list_id": key, "account_id": 1 + key % 4, "list_name": f"List {key}",
                    "is_archived": False}
            ]  # fmt: skip
        for key in some(range(1, 81)):
            status = roll.choice(["subscribed", "subscribed", "unsubscribed", "cleaned", "pending"])
            came["postgres_list_memberships"] += [
                own | gone(0.1) | {"list_id": 1 + key % 5, "contact_id": key, "membership_status": status,
                    "joined_at": BEGIN - timedelta(days=3 * key), "updated_at": now}
            ]  # fmt: skip
        for key in some(range(1, 9)):
            came["postgres_campaigns"] += [
                stamps | gone(0.1) | {"campaign_id": key, "account_id": 1 + key % 4, "list_id": 1,
                    "campaign_name": f"Planned {key}", "campaign_status": "sent", "sent_at": now}
            ]  # fmt: skip
        for key in some(range(1, 9)):
            came["saas_campaigns"] += [
                stamps | gone(0.1) | {"campaign_id": key, "account_id": 1 + key % 4, "name": f"Sent {key}",
                    "sending_domain": roll.choice(["a.example", "b.example"]), "status": "sent", "sent_at": now}
            ]  # fmt: skip

        def happened(message: dict, kind: str, at: datetime, now: datetime = now, own: dict = own) -> dict:
            event = own | {key: value for key, value in message.items() if key != "sent_at"}
            event |= {"event_id": f"e{next(numbers)}", "event_type": kind, "occurred_at": at, "received_at": now}
            event["is_machine_open"] = roll.choice([True, False, None]) if kind == "open" else None
            event["bounce_type"] = roll.choice(["hard", "soft"]) if kind == "bounce" else None
            return event

        fresh = []
        for _ in range(40):
            campaign = roll.randrange(1, 10)
            sent_at = now - timedelta(hours=roll.randrange(72))
            message = {"message_id": f"m{len(messages)}", "campaign_id": campaign, "account_id": 1 + campaign % 4,
                "contact_id": roll.choice([None, *range(1, 46)]), "sent_at": sent_at,
                "mailbox_provider": roll.choice(["gmail", "yahoo", None])}  # fmt: skip
            messages.append(message)
            if roll.random() < 0.9:
                fresh.append(happened(message, "processed", sent_at))
        for message in roll.sample(messages, len(messages) // 2):
            since = (now - message["sent_at"]) // timedelta(seconds=1)
            at = message["sent_at"] + timedelta(seconds=roll.randrange(since + 1))
            fresh.append(happened(message, roll.choice(AFTER), at))
        for event in roll.sample(sorted(events.values(), key=lambda event: event["event_id"]), min(len(events), 6)):
            again = event | own | {"received_at": now}
            if event["event_type"] == "open":
                again["is_machine_open"] = roll.choice([True, False])
            fresh.append(again)
        events |= {event["event_id"]: event for event in fresh}
        came["saas_email_events"] = fresh

        for name, row in list(suppressions.items()):
            if roll.random() < 0.3:
                suppressions[name] = row | own | gone(0.5) | {"is_active": roll.random() < 0.5, "updated_at": now}
                came["saas_suppressions"].append(suppressions[name])
        for key in roll.sample(range(1, 46), 4):
            row = stamps | {"suppression_id": f"s{next(numbers)}", "account_id": 1 + key % 4, "contact_id": key,
                "reason": roll.choice(["hard_bounce", "unsubscribe"]), "is_active": True,
                "created_at": now - timedelta(hours=40)}  # fmt: skip
            suppressions[row["suppression_id"]] = row
            came["saas_suppressions"].append(row)
        yield came


LOADS_TABLE = "load_id text, schema_name text, status bigint, inserted_at timestamptz, schema_version_hash text"


def merge(warehouse: Path, came: dict[str, list[dict]]) -> None:
    """Merge rows into RAW by their keys and complete the load of each source."""
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.execute("set TimeZone = 'UTC'; create schema if not exists RAW")
        connection.execute(f"create table if not exists RAW._dlt_loads ({LOADS_TABLE})")
        for load_id, source in sorted(
            {(row["_dlt_load_id"], table.split("_")[0]) for table in came for row in came[table]}
        ):
            connection.execute(
                "insert into RAW._dlt_loads values ($1, $2, 0, to_timestamp($1::double), 'hash')", [load_id, source]
            )
        for table, (key, columns) in TABLES.items():
            keys = ", ".join(f"{name} {'text' if name in TEXT_KEYS else 'bigint'}" for name in key.split(", "))
            connection.execute(
                f"create table if not exists RAW.{table} ({keys}, {columns}, _dlt_load_id text, primary key ({key}))"
            )
            for row in came[table]:
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"insert or replace into RAW.{table} ({', '.join(row)}) values ({marks})", list(row.values())
                )


TEXT_KEYS = {"suppression_id", "event_id"}


def build(runner: dbtRunner, *arguments: str) -> None:
    """Run the compared models and everything upstream, without tests."""
    done = runner.invoke(["run", *arguments, *DBT, "--select", *(f"+{name}" for name in COMPARED["MART"])])
    assert done.success, done.exception or [result.message for result in done.result if result.status != "success"]


def contents(warehouse: Path) -> dict[str, Counter]:
    """Return how often each row occurs in each table."""
    with closing(duckdb.connect(str(warehouse))) as connection:
        return {
            table: Counter(connection.execute(f"select * from {schema}.{table}").fetchall())
            for schema, tables in COMPARED.items()
            for table in tables
        }


def main(folder: Path, seeds: list[int]) -> None:
    """Run the loads of each seed and print the differences."""
    os.environ |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder), "MAILBLAZE_ENV": "ci"}
    runner, found = dbtRunner(dbtRunner().invoke(["parse", *DBT]).result), {}  # the project is parsed once
    for seed in seeds:
        data_dir = folder / str(seed)
        data_dir.mkdir()
        os.environ["MAILBLAZE_DATA_DIR"] = str(data_dir)
        warehouse = data_dir / "dp_mailblaze_demo_ci_db.duckdb"
        for turn, came in enumerate(loads(seed)):
            merge(warehouse, came)
            unneeded = [VIEWS] * (turn > 0) + [REPORTS] * (turn < LOADS - 1)
            build(runner, *(["--exclude", *unneeded] if unneeded else []))
        grown = contents(warehouse)
        build(runner, "--full-refresh", "--exclude", VIEWS)
        refreshed = contents(warehouse)
        found[seed] = {
            table: [rows.total(), ((rows - grown[table]) + (grown[table] - rows)).total()]
            for table, rows in refreshed.items()
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]])
