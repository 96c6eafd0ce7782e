"""A small MART in a DuckDB file: its tables as dbt's contracts say, its rows by SQL, the same every time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import yaml

MODELS = Path(__file__).parents[2] / "dbt/models/marts"
NEWEST = datetime(2026, 6, 30, 13, 34)
HOSTILE = "<script>alert('x')</script> & Sons"

ROWS = """
insert into MART.dim_accounts by name
select * from (values (1, 'Okafor & Sons', 'eu'), (2, 'Nowak', 'us'), (3, $hostile, 'apac'),
    (-1, '(unknown)', '(unknown)'))
    as accounts(account_id, account_name, region);

create temp table sends as
select
    row_number() over (order by days.sent_on) as campaign_id,
    days.sent_on,
    1 + (datediff('day', date '2025-12-01', days.sent_on) % 3) as account_id,
    900 + (datediff('day', date '2025-12-01', days.sent_on) * 37) % 260 as sent_count
from (
    select cast(unnest(generate_series($newest - interval 200 day, $newest, interval 2 day)) as date) as sent_on
) as days;

create temp table months as
select unnest(
    generate_series(date_trunc('month', $newest) - interval 6 month, date_trunc('month', $newest), interval 1 month)
) as month;

insert into MART.rpt_daily_engagement by name
select
    sent_on, sends.account_id, account_name, region, sent_count,
    sent_count - sent_count // 40 as delivered_count, sent_count // 60 as hard_bounce_count,
    sent_count // 40 - sent_count // 60 as soft_bounce_count, sent_count // 5 + campaign_id % 17 as unique_open_count,
    sent_count // 6 - campaign_id % 23 as machine_only_open_count, sent_count // 27 as unique_click_count,
    1 as complaint_count, 2 as unsubscribe_count
from sends join MART.dim_accounts using (account_id);

insert into MART.rpt_campaign_performance by name
select
    campaign_id, 'Campaign ' || campaign_id as campaign_name, account_name, sends.account_id, region,
    sent_on + interval 9 hour as sent_at, sent_count, sent_count - sent_count // 40 as delivered_count,
    sent_count // 60 as hard_bounce_count, sent_count // 40 - sent_count // 60 as soft_bounce_count,
    sent_count // 5 + campaign_id % 17 as unique_open_count, sent_count // 4 as unique_machine_open_count,
    sent_count // 27 as unique_click_count, 1 as complaint_count, 2 as unsubscribe_count
from sends join MART.dim_accounts using (account_id);

insert into MART.rpt_campaign_hours by name
select campaign_id, 'Campaign ' || campaign_id as campaign_name, sends.account_id, region, day_of_week, hour_of_day,
    (24 - abs(hour_of_day - 10 - day_of_week % 3)) * (8 - day_of_week) // 6 as human_open_count,
    hour_of_day % 4 as click_count
from sends join MART.dim_accounts using (account_id)
cross join (select unnest(range(1, 8)) as day_of_week) cross join (select unnest(range(6, 22)) as hour_of_day);

insert into MART.rpt_deliverability by name
select
    sent_on, mailbox_provider, 'send' || account_id || '.example' as sending_domain, region,
    sent_count // 4 as sent_count, sent_count // 4 - sent_count // worse as delivered_count, 3 as deferred_count,
    sent_count // worse as hard_bounce_count, 0 as soft_bounce_count, campaign_id % 2 as complaint_count
from sends join MART.dim_accounts using (account_id)
cross join (values ('gmail', 190), ('outlook', 120), ('yahoo', 160),
    ('(unknown)', 150)) as providers(mailbox_provider, worse);

insert into MART.fct_messages by name
select campaign_id || '-' || number as message_id, account_id, campaign_id, 'gmail' as mailbox_provider,
    'send' || account_id || '.example' as sending_domain, sent_on, sent_on + interval 9 hour as sent_at,
    case when number % 4 = 0 then 'hard_bounced' else 'delivered' end as message_outcome, 0 as deferral_count
from sends cross join (select unnest(range(20)) as number);

insert into MART.rpt_suppression_breaches by name
select campaign_id || '-1' as message_id, account_id, region, campaign_id, sent_on + interval 9 hour as sent_at,
    case when campaign_id % 3 = 0 then 'spam_report' else 'hard_bounce' end as broken_rule
from sends join MART.dim_accounts using (account_id) where campaign_id % 5 = 0;

insert into MART.rpt_list_health by name
select account_id as list_id, 'List ' || account_id as list_name, account_id, region,
    cast(month as date) as month_starts_on, 300 + account_id * 20 as joined_count, 40 as unsubscribed_count,
    12 as cleaned_count, 3 as deleted_count,
    245 + account_id * 20 as net_growth_count, 9000 + account_id * 500 as member_count
from MART.dim_accounts
cross join months
where account_id <> -1;

insert into MART.rpt_list_survival by name
select account_id, region, month_number, 9000 - month_number * 900 as at_risk_count,
    280 - month_number * 20 as left_count
from MART.dim_accounts cross join (select unnest(range(9)) as month_number) where account_id <> -1;

insert into MART.fct_invoices by name
select campaign_id as invoice_id, account_id, region, sent_on as issued_on, false as is_deleted,
    case campaign_id % 9 when 0 then 'open' when 1 then 'void' else 'paid' end as invoice_status,
    cast(sent_count * 3 + 0.25 as decimal(18, 2)) as subtotal_usd
from sends join MART.dim_accounts using (account_id);

insert into MART.fct_mrr_movements by name
select account_id, region, cast(month as date) as month_starts_on, 'expansion' as movement,
    cast(case when (account_id + month(month)) % 4 = 0 then -120 else 90 + account_id * 40 end as decimal(18, 2))
        as change_usd
from MART.dim_accounts
cross join months
where account_id <> -1;

insert into MART.fct_campaign_revenue by name
select campaign_id as invoice_id, campaign_id, account_id,
    cast(sent_count as decimal(18, 2)) as attributed_usd from sends;

insert into MART.rpt_restatements by name
select sent_on as occurred_on, 'open' as event_type, '1.0' as load_id, 7 + campaign_id % 5 as added_count
from sends where campaign_id % 3 = 0;

insert into MART.rpt_pipeline_cost by name
select cast($newest as date) - cast(day as integer) as cost_on, pipeline,
    'LOAD_WH' as warehouse_name, 1000 as row_count,
    cast(weight * 0.01 as decimal(18, 9)) as credits, cast(weight * 0.03 as decimal(18, 6)) as cost_usd
from (select unnest(range(60)) as day)
cross join (values ('saas', 5), ('dbt', 4), ('postgres', 2)) as parts(pipeline, weight);

insert into MART.rpt_data_status by name
select split_part(table_name, '_', 1) as source_name, table_name, row_count, 0 as deleted_row_count,
    $newest - lag * interval 1 hour as newest_change_at, $load_id as newest_load_id, $loaded as source_loaded_at
from (values ('saas_email_events', 147000, 0), ('saas_campaigns', 100, 30), ('postgres_accounts', 3, 60),
    ('postgres_contacts', 50000, 2)) as tables(table_name, row_count, lag);
"""


def make(
    path: Path, *, is_empty: bool = False, newest: datetime = NEWEST, late: timedelta = timedelta(hours=1)
) -> Path:
    """Write the file: 200 days of three accounts up to `newest` (UTC), loaded `late` after it; or the tables alone."""
    loaded = newest + late
    began = (loaded - timedelta(minutes=1)).replace(tzinfo=UTC).timestamp()
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema MART")
        for name, columns in contracts().items():
            connection.execute(
                f"create table MART.{name} ({', '.join(f'{column} {kind}' for column, kind in columns)})"
            )
        if is_empty:
            return path
        values = {"newest": newest, "hostile": HOSTILE, "load_id": f"{began:.6f}", "loaded": loaded}
        for statement in ROWS.split(";\n"):
            if statement.strip():
                connection.execute(
                    statement, {name: value for name, value in values.items() if f"${name}" in statement}
                )
    return path


def contracts() -> dict[str, list[tuple[str, str]]]:
    """Return the columns of each table of MART, as dbt enforces them."""
    models = [model for file in MODELS.rglob("*.yml") for model in yaml.safe_load(file.read_text()).get("models", [])]
    return {model["name"]: [(column["name"], column["data_type"]) for column in model["columns"]] for model in models}
