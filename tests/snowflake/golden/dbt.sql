create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_account_mrr
as (
with months as (
select month_starts_on from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_mrr_months
),
subscriptions as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_subscription_mrr
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
),
summed as (
select
coalesce(accounts.account_id, -1) as account_id,
subscriptions.month_starts_on,
sum(subscriptions.mrr_usd) as mrr_usd,
sum(subscriptions.exchange_rate_change_usd) as exchange_rate_change_usd
from subscriptions
left join accounts on subscriptions.account_id = accounts.account_id
group by 1, 2
),
firsts as (
select account_id, min(month_starts_on) as first_month
from summed
group by account_id
),
account_months as (
select firsts.account_id, months.month_starts_on
from firsts
inner join months on firsts.first_month <= months.month_starts_on
),
filled as (
select
account_months.account_id,
account_months.month_starts_on,
cast(coalesce(summed.mrr_usd, 0) as decimal(18, 2)) as mrr_usd,
cast(coalesce(summed.exchange_rate_change_usd, 0) as decimal(18, 2)) as exchange_rate_change_usd
from account_months
left join summed
on account_months.account_id = summed.account_id and account_months.month_starts_on = summed.month_starts_on
),
compared as (
select
*,
coalesce(lag(mrr_usd) over (partition by account_id order by month_starts_on), 0) as mrr_before_usd,
coalesce(
max(mrr_usd) over (
partition by account_id order by month_starts_on rows between unbounded preceding and 1 preceding
),
0
) > 0 as has_paid_before
from filled
),
changes as (
select
account_id,
month_starts_on,
mrr_before_usd,
mrr_usd,
has_paid_before,
case when mrr_before_usd > 0 and mrr_usd > 0 then exchange_rate_change_usd else 0 end as exchange_rate_change_usd
from compared
)
select * from changes
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches__dbt_tmp
as (
with records as (
select
*,
row_number() over (partition by model_name order by record_number desc) as newest_first
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches
)
select model_name, batch_number, row_count, record_number
from records
where newest_first = 1
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches
as (
select
cast(null as varchar) as model_name,
cast(null as bigint) as batch_number,
cast(null as bigint) as row_count,
cast(null as bigint) as record_number
where false
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches
where true;

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches ("MODEL_NAME", "BATCH_NUMBER", "ROW_COUNT", "RECORD_NUMBER")
select "MODEL_NAME", "BATCH_NUMBER", "ROW_COUNT", "RECORD_NUMBER" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches__dbt_tmp;

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'fct_email_events',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_touched_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_touched_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'fct_messages',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages)
),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_touched_days'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_touched_days')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_campaign_counts',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_campaign_days',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_campaign_domains',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_campaign_hours',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_touched_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_touched_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_event_counts',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'fct_email_events'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'fct_email_events')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_message_counts',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_touched_days'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_touched_days')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days)
),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'fct_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'fct_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_message_signs',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_messages',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_touched_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_touched_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_ruled_contacts',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_message_signs'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_message_signs')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_ruled_messages',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages)
),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_ruled_contacts'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_ruled_contacts')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_touched_days',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_messages'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_messages')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_touched_messages',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_campaign_days'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_campaign_days')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days)
),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_unmatched_keys'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_unmatched_keys')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys)
),
(
select coalesce(max(followed.batch_number), 0)
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches as followed
where followed.model_name = 'int_campaign_domains'
and followed.record_number = (select max(record_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches where model_name = 'int_campaign_domains')
and followed.row_count = (select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains)
)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches (model_name, batch_number, row_count, record_number)
select
'int_unmatched_keys',
least(
(select coalesce(max(batch_number), 0) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads)
),
(select count(*) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys),
(select coalesce(max(record_number), 0) + 1 from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts__dbt_tmp
as (
with messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where
(sent_at = '<days>')) as messages_of_days
where coalesce(campaign_id, -1) in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
)
)
select
coalesce(campaign_id, -1) as campaign_key,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(first_machine_opened_at) as unique_machine_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
group by 1
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts__dbt_tmp
as (
with messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages where false) as messages_of_days
where coalesce(campaign_id, -1) in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
)
)
select
coalesce(campaign_id, -1) as campaign_key,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(first_machine_opened_at) as unique_machine_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
group by 1
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts
as (with messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
)
select
coalesce(campaign_id, -1) as campaign_key,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(first_machine_opened_at) as unique_machine_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
group by 1
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts
where campaign_key in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts
where campaign_key in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts ("CAMPAIGN_KEY", "SENT_COUNT", "DELIVERED_COUNT", "HARD_BOUNCE_COUNT", "SOFT_BOUNCE_COUNT", "UNIQUE_OPEN_COUNT", "UNIQUE_MACHINE_OPEN_COUNT", "UNIQUE_CLICK_COUNT", "COMPLAINT_COUNT", "UNSUBSCRIBE_COUNT")
select "CAMPAIGN_KEY", "SENT_COUNT", "DELIVERED_COUNT", "HARD_BOUNCE_COUNT", "SOFT_BOUNCE_COUNT", "UNIQUE_OPEN_COUNT", "UNIQUE_MACHINE_OPEN_COUNT", "UNIQUE_CLICK_COUNT", "COMPLAINT_COUNT", "UNSUBSCRIBE_COUNT" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts__dbt_tmp;

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days__dbt_tmp
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('')
),
days as (
select distinct coalesce(campaign_id, -1) as campaign_key, cast(occurred_at as date) as occurred_on
from events
where occurred_at is not null
),
new_days as (
select days.campaign_key, days.occurred_on
from days
left join DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days as known on days.campaign_key = known.campaign_key and days.occurred_on = known.occurred_on
where known.campaign_key is null
)
select * from new_days
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days__dbt_tmp
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('<load id>')
),
days as (
select distinct coalesce(campaign_id, -1) as campaign_key, cast(occurred_at as date) as occurred_on
from events
where occurred_at is not null
),
new_days as (
select days.campaign_key, days.occurred_on
from days
left join DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days as known on days.campaign_key = known.campaign_key and days.occurred_on = known.occurred_on
where known.campaign_key is null
)
select * from new_days
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
days as (
select distinct coalesce(campaign_id, -1) as campaign_key, cast(occurred_at as date) as occurred_on
from events
where occurred_at is not null
),
new_days as (
select days.campaign_key, days.occurred_on
from days
)
select * from new_days
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days ("CAMPAIGN_KEY", "OCCURRED_ON")
(
select "CAMPAIGN_KEY", "OCCURRED_ON"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_days__dbt_tmp
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains__dbt_tmp
as (
with campaigns as (
select campaign_id, sending_domain from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
known as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains
),
domains as (
select
campaigns.campaign_id,
campaigns.sending_domain,
case
when known.campaign_id is not null and coalesce(campaigns.sending_domain, '') <> coalesce(known.sending_domain, '')
then 2
else known.batch_number
end as batch_number,
false as is_floor
from campaigns
left join known on campaigns.campaign_id = known.campaign_id
union all
select campaign_id, sending_domain, batch_number, is_floor from known where is_floor
)
select
cast(campaign_id as bigint) as campaign_id,
cast(sending_domain as varchar) as sending_domain,
cast(batch_number as bigint) as batch_number,
is_floor
from domains
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains__dbt_tmp
as (
with campaigns as (
select campaign_id, sending_domain from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
known as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains
),
domains as (
select
campaigns.campaign_id,
campaigns.sending_domain,
case
when known.campaign_id is not null and coalesce(campaigns.sending_domain, '') <> coalesce(known.sending_domain, '')
then 3
else known.batch_number
end as batch_number,
false as is_floor
from campaigns
left join known on campaigns.campaign_id = known.campaign_id
union all
select campaign_id, sending_domain, batch_number, is_floor from known where is_floor
)
select
cast(campaign_id as bigint) as campaign_id,
cast(sending_domain as varchar) as sending_domain,
cast(batch_number as bigint) as batch_number,
is_floor
from domains
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains
as (with campaigns as (
select campaign_id, sending_domain from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
domains as (
select campaign_id, sending_domain, cast(null as bigint) as batch_number, false as is_floor from campaigns
union all
select null, null, 1, true
)
select
cast(campaign_id as bigint) as campaign_id,
cast(sending_domain as varchar) as sending_domain,
cast(batch_number as bigint) as batch_number,
is_floor
from domains
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains
where true;

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains ("CAMPAIGN_ID", "SENDING_DOMAIN", "BATCH_NUMBER", "IS_FLOOR")
select "CAMPAIGN_ID", "SENDING_DOMAIN", "BATCH_NUMBER", "IS_FLOOR" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains__dbt_tmp;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours__dbt_tmp
as (
with events as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where
(raw_occurred_at = '<days>')) as events_of_days
where coalesce(campaign_id, -1) in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
)
),
reactions as (
select * from events
where event_type = 'click' or (event_type = 'open' and not coalesce(is_machine_open, false))
),
dates as (
select date_day, day_of_week from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
)
select
coalesce(reactions.campaign_id, -1) as campaign_key,
dates.day_of_week,
cast(extract(hour from reactions.occurred_at) as bigint) as hour_of_day,
count(case when reactions.event_type = 'open' then 1 end) as human_open_count,
count(case when reactions.event_type = 'click' then 1 end) as click_count
from reactions
inner join dates on cast(reactions.occurred_at as date) = dates.date_day
group by 1, 2, 3
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours__dbt_tmp
as (
with events as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as events_of_days
where coalesce(campaign_id, -1) in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
)
),
reactions as (
select * from events
where event_type = 'click' or (event_type = 'open' and not coalesce(is_machine_open, false))
),
dates as (
select date_day, day_of_week from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
)
select
coalesce(reactions.campaign_id, -1) as campaign_key,
dates.day_of_week,
cast(extract(hour from reactions.occurred_at) as bigint) as hour_of_day,
count(case when reactions.event_type = 'open' then 1 end) as human_open_count,
count(case when reactions.event_type = 'click' then 1 end) as click_count
from reactions
inner join dates on cast(reactions.occurred_at as date) = dates.date_day
group by 1, 2, 3
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours
as (with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
reactions as (
select * from events
where event_type = 'click' or (event_type = 'open' and not coalesce(is_machine_open, false))
),
dates as (
select date_day, day_of_week from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
)
select
coalesce(reactions.campaign_id, -1) as campaign_key,
dates.day_of_week,
cast(extract(hour from reactions.occurred_at) as bigint) as hour_of_day,
count(case when reactions.event_type = 'open' then 1 end) as human_open_count,
count(case when reactions.event_type = 'click' then 1 end) as click_count
from reactions
inner join dates on cast(reactions.occurred_at as date) = dates.date_day
group by 1, 2, 3
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours
where campaign_key in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours
where campaign_key in (
select touched.campaign_key from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours ("CAMPAIGN_KEY", "DAY_OF_WEEK", "HOUR_OF_DAY", "HUMAN_OPEN_COUNT", "CLICK_COUNT")
select "CAMPAIGN_KEY", "DAY_OF_WEEK", "HOUR_OF_DAY", "HUMAN_OPEN_COUNT", "CLICK_COUNT" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours__dbt_tmp;

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_contact_states
as (
with contacts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts
),
states as (
select
contact_id,
account_id,
is_subscribed,
consent_source,
lead_score,
subscribed_at,
unsubscribed_at,
created_at,
deleted_at,
is_deleted,
changed_at
from contacts
)
select * from states
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts__dbt_tmp
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
where
(occurred_on = '<days>')
)
select occurred_on, event_type, load_id, count(*) as event_count
from events
group by occurred_on, event_type, load_id
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts__dbt_tmp
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events where false
)
select occurred_on, event_type, load_id, count(*) as event_count
from events
group by occurred_on, event_type, load_id
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts
as (with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
)
select occurred_on, event_type, load_id, count(*) as event_count
from events
group by occurred_on, event_type, load_id
order by occurred_on
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts
where occurred_on = '<days>';

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts ("OCCURRED_ON", "EVENT_TYPE", "LOAD_ID", "EVENT_COUNT")
select "OCCURRED_ON", "EVENT_TYPE", "LOAD_ID", "EVENT_COUNT" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts__dbt_tmp;

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads__dbt_tmp
as (
with loads as (
select load_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_dlt__loads where is_complete
union
select load_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('')
),
new_loads as (
select load_id from loads
where load_id in ('')
union all
select null
),
counts as (
select load_id, count(*) as event_count, max(received_at) as newest_received_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('')
group by load_id
),
batches as (
select cast(max(batch_number) + 1 as bigint) as batch_number
from (
select 0 as batch_number
union all
select batch_number from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches
union all
select batch_number from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads
) as known
)
select
new_loads.load_id,
batches.batch_number,
coalesce(counts.event_count, 0) as event_count,
counts.newest_received_at
from new_loads
cross join batches
left join counts on new_loads.load_id = counts.load_id
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads__dbt_tmp
as (
with loads as (
select load_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_dlt__loads where is_complete
union
select load_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('<load id>')
),
new_loads as (
select load_id from loads
where load_id in ('<load id>')
union all
select null
),
counts as (
select load_id, count(*) as event_count, max(received_at) as newest_received_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('<load id>')
group by load_id
),
batches as (
select cast(max(batch_number) + 1 as bigint) as batch_number
from (
select 0 as batch_number
union all
select batch_number from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches
union all
select batch_number from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads
) as known
)
select
new_loads.load_id,
batches.batch_number,
coalesce(counts.event_count, 0) as event_count,
counts.newest_received_at
from new_loads
cross join batches
left join counts on new_loads.load_id = counts.load_id
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads
as (with loads as (
select load_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_dlt__loads where is_complete
union
select load_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
new_loads as (
select load_id from loads
union all
select null
),
counts as (
select load_id, count(*) as event_count, max(received_at) as newest_received_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
group by load_id
),
batches as (
select cast(max(batch_number) + 1 as bigint) as batch_number
from (
select 0 as batch_number
union all
select batch_number from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches
) as known
)
select
new_loads.load_id,
batches.batch_number,
coalesce(counts.event_count, 0) as event_count,
counts.newest_received_at
from new_loads
cross join batches
left join counts on new_loads.load_id = counts.load_id
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads ("LOAD_ID", "BATCH_NUMBER", "EVENT_COUNT", "NEWEST_RECEIVED_AT")
(
select "LOAD_ID", "BATCH_NUMBER", "EVENT_COUNT", "NEWEST_RECEIVED_AT"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads__dbt_tmp
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_exchange_rates
as (
with months as (
select month_starts_on from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_mrr_months
),
invoices as (
select
invoice_id,
currency,
cast(date_trunc('month', issued_on) as date) as month_starts_on,
exchange_rate
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
where currency <> 'USD' and exchange_rate > 0
),
ranked as (
select
currency,
month_starts_on,
exchange_rate,
row_number() over (partition by currency, month_starts_on order by exchange_rate, invoice_id) as place,
count(*) over (partition by currency, month_starts_on) as invoice_count
from invoices
),
middle as (
select currency, month_starts_on, cast(exchange_rate as decimal(20, 12)) as usd_rate
from ranked
where 2 * place in (invoice_count, invoice_count + 1)
),
nearest as (
select
middle.currency,
months.month_starts_on,
middle.usd_rate,
row_number() over (
partition by middle.currency, months.month_starts_on
order by
case when middle.month_starts_on <= months.month_starts_on then 0 else 1 end,
abs(datediff(
month,
middle.month_starts_on,
months.month_starts_on
))
) as place
from months
cross join middle
)
select currency, month_starts_on, usd_rate from nearest where place = 1
union all
select 'USD' as currency, month_starts_on, cast(1 as decimal(20, 12)) as usd_rate from months
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts__dbt_tmp
as (
with messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages
where
(sent_on = '<days>')
)
select
sent_on,
account_id,
mailbox_provider,
sending_domain,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when deferral_count > 0 then 1 end) as deferred_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(case when first_human_opened_at is null then first_machine_opened_at end) as machine_only_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
group by sent_on, account_id, mailbox_provider, sending_domain
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts__dbt_tmp
as (
with messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages where false
)
select
sent_on,
account_id,
mailbox_provider,
sending_domain,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when deferral_count > 0 then 1 end) as deferred_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(case when first_human_opened_at is null then first_machine_opened_at end) as machine_only_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
group by sent_on, account_id, mailbox_provider, sending_domain
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts
as (with messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages
)
select
sent_on,
account_id,
mailbox_provider,
sending_domain,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when deferral_count > 0 then 1 end) as deferred_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(case when first_human_opened_at is null then first_machine_opened_at end) as machine_only_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
group by sent_on, account_id, mailbox_provider, sending_domain
order by sent_on
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts
where sent_on = '<days>';

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts ("SENT_ON", "ACCOUNT_ID", "MAILBOX_PROVIDER", "SENDING_DOMAIN", "SENT_COUNT", "DELIVERED_COUNT", "DEFERRED_COUNT", "HARD_BOUNCE_COUNT", "SOFT_BOUNCE_COUNT", "UNIQUE_OPEN_COUNT", "MACHINE_ONLY_OPEN_COUNT", "UNIQUE_CLICK_COUNT", "COMPLAINT_COUNT", "UNSUBSCRIBE_COUNT")
select "SENT_ON", "ACCOUNT_ID", "MAILBOX_PROVIDER", "SENDING_DOMAIN", "SENT_COUNT", "DELIVERED_COUNT", "DEFERRED_COUNT", "HARD_BOUNCE_COUNT", "SOFT_BOUNCE_COUNT", "UNIQUE_OPEN_COUNT", "MACHINE_ONLY_OPEN_COUNT", "UNIQUE_CLICK_COUNT", "COMPLAINT_COUNT", "UNSUBSCRIBE_COUNT" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts__dbt_tmp;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs__dbt_tmp
as (
with messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where
(sent_at = '<days>')) as messages_of_days
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and true)
),
signs as (
select
campaign_id,
message_id,
account_id,
contact_id,
sent_at,
unsubscribed_at,
complained_at,
hard_bounced_at,
least(
coalesce(unsubscribed_at, complained_at, hard_bounced_at),
coalesce(complained_at, unsubscribed_at, hard_bounced_at),
coalesce(hard_bounced_at, unsubscribed_at, complained_at)
) as began_at
from messages
where unsubscribed_at is not null or complained_at is not null or hard_bounced_at is not null
)
select * from signs
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs__dbt_tmp
as (
with messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages where false) as messages_of_days
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2 and true)
),
signs as (
select
campaign_id,
message_id,
account_id,
contact_id,
sent_at,
unsubscribed_at,
complained_at,
hard_bounced_at,
least(
coalesce(unsubscribed_at, complained_at, hard_bounced_at),
coalesce(complained_at, unsubscribed_at, hard_bounced_at),
coalesce(hard_bounced_at, unsubscribed_at, complained_at)
) as began_at
from messages
where unsubscribed_at is not null or complained_at is not null or hard_bounced_at is not null
)
select * from signs
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs
as (with messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
),
signs as (
select
campaign_id,
message_id,
account_id,
contact_id,
sent_at,
unsubscribed_at,
complained_at,
hard_bounced_at,
least(
coalesce(unsubscribed_at, complained_at, hard_bounced_at),
coalesce(complained_at, unsubscribed_at, hard_bounced_at),
coalesce(hard_bounced_at, unsubscribed_at, complained_at)
) as began_at
from messages
where unsubscribed_at is not null or complained_at is not null or hard_bounced_at is not null
)
select * from signs
order by sent_at
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs
where sent_at = '<days>' and (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and true);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs ("CAMPAIGN_ID", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "SENT_AT", "UNSUBSCRIBED_AT", "COMPLAINED_AT", "HARD_BOUNCED_AT", "BEGAN_AT")
select "CAMPAIGN_ID", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "SENT_AT", "UNSUBSCRIBED_AT", "COMPLAINED_AT", "HARD_BOUNCED_AT", "BEGAN_AT" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs__dbt_tmp;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp
as (
with events as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where
(raw_occurred_at = '<days>')) as events_of_days
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and true)
),
messages as (
select
message_id,
campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(mailbox_provider) as mailbox_provider,
min(occurred_at) as first_event_at,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by campaign_id, message_id
),
outcomes as (
select
*,
coalesce(processed_at, first_event_at) as sent_at,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp
as (
with events as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as events_of_days
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2 and true)
),
messages as (
select
message_id,
campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(mailbox_provider) as mailbox_provider,
min(occurred_at) as first_event_at,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by campaign_id, message_id
),
outcomes as (
select
*,
coalesce(processed_at, first_event_at) as sent_at,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
as (with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
messages as (
select
message_id,
campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(mailbox_provider) as mailbox_provider,
min(occurred_at) as first_event_at,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by campaign_id, message_id
),
outcomes as (
select
*,
coalesce(processed_at, first_event_at) as sent_at,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
order by sent_at
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where sent_at = '<days>' and (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and true);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages ("MESSAGE_ID", "CAMPAIGN_ID", "ACCOUNT_ID", "CONTACT_ID", "MAILBOX_PROVIDER", "FIRST_EVENT_AT", "PROCESSED_AT", "DELIVERED_AT", "FIRST_BOUNCED_AT", "HARD_BOUNCED_AT", "FIRST_HUMAN_OPENED_AT", "FIRST_MACHINE_OPENED_AT", "FIRST_CLICKED_AT", "COMPLAINED_AT", "UNSUBSCRIBED_AT", "DEFERRAL_COUNT", "HUMAN_OPEN_COUNT", "MACHINE_OPEN_COUNT", "CLICK_COUNT", "NEWEST_LOAD_ID", "SENT_AT", "MESSAGE_OUTCOME")
select "MESSAGE_ID", "CAMPAIGN_ID", "ACCOUNT_ID", "CONTACT_ID", "MAILBOX_PROVIDER", "FIRST_EVENT_AT", "PROCESSED_AT", "DELIVERED_AT", "FIRST_BOUNCED_AT", "HARD_BOUNCED_AT", "FIRST_HUMAN_OPENED_AT", "FIRST_MACHINE_OPENED_AT", "FIRST_CLICKED_AT", "COMPLAINED_AT", "UNSUBSCRIBED_AT", "DEFERRAL_COUNT", "HUMAN_OPEN_COUNT", "MACHINE_OPEN_COUNT", "CLICK_COUNT", "NEWEST_LOAD_ID", "SENT_AT", "MESSAGE_OUTCOME" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp;

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_mrr_months
as (
with subscriptions as (
select started_on, changed_at from DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.subscriptions_snapshot
),
invoices as (
select updated_at from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
),
days as (
select date_day, day_of_month from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
),
changes as (
select max(changed_at) as changed_at from subscriptions
union all
select max(updated_at) from invoices
),
newest as (
select cast(max(changed_at) as date) as newest_on from changes
),
oldest as (
select cast(date_trunc('month', min(started_on)) as date) as first_month from subscriptions
),
months as (
select
days.date_day as month_starts_on,
cast(least(cast(
dateadd(
day,
-1,
dateadd(
month,
1,
date_trunc('month', days.date_day)
)
)
as date), newest.newest_on) as date) as measured_on
from days
cross join newest
cross join oldest
where days.day_of_month = 1 and days.date_day between oldest.first_month and newest.newest_on
),
measured as (
select
month_starts_on,
measured_on,
cast(
dateadd(
day,
1,
measured_on
)
as timestamp without time zone) as measured_before
from months
)
select * from measured
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts__dbt_tmp
as (
with signs as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs
where
(sent_at = '<days>')) as signs_of_days
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
)
),
suppressions as (
select account_id, contact_id, created_at from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
),
rules as (
select account_id, contact_id, began_at from signs
union all
select account_id, contact_id, created_at from suppressions
),
new_rules as (
select account_id, contact_id, min(began_at) as began_at
from rules
where account_id is not null and contact_id is not null and began_at is not null
group by account_id, contact_id
),
known as (
select account_id, contact_id, min(began_at) as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts
group by account_id, contact_id
),
earlier as (
select new_rules.account_id, new_rules.contact_id, new_rules.began_at
from new_rules
left join known on new_rules.account_id = known.account_id and new_rules.contact_id = known.contact_id
where known.began_at is null or new_rules.began_at < known.began_at
)
select account_id, contact_id, began_at, cast(2 as bigint) as batch_number
from earlier
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts__dbt_tmp
as (
with signs as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs where false) as signs_of_days
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
)
),
suppressions as (
select account_id, contact_id, created_at from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
),
rules as (
select account_id, contact_id, began_at from signs
union all
select account_id, contact_id, created_at from suppressions
),
new_rules as (
select account_id, contact_id, min(began_at) as began_at
from rules
where account_id is not null and contact_id is not null and began_at is not null
group by account_id, contact_id
),
known as (
select account_id, contact_id, min(began_at) as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts
group by account_id, contact_id
),
earlier as (
select new_rules.account_id, new_rules.contact_id, new_rules.began_at
from new_rules
left join known on new_rules.account_id = known.account_id and new_rules.contact_id = known.contact_id
where known.began_at is null or new_rules.began_at < known.began_at
)
select account_id, contact_id, began_at, cast(3 as bigint) as batch_number
from earlier
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts
as (with signs as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs
),
suppressions as (
select account_id, contact_id, created_at from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
),
rules as (
select account_id, contact_id, began_at from signs
union all
select account_id, contact_id, created_at from suppressions
),
new_rules as (
select account_id, contact_id, min(began_at) as began_at
from rules
where account_id is not null and contact_id is not null and began_at is not null
group by account_id, contact_id
),
earlier as (
select new_rules.account_id, new_rules.contact_id, new_rules.began_at
from new_rules
)
select account_id, contact_id, began_at, cast(1 as bigint) as batch_number
from earlier
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts ("ACCOUNT_ID", "CONTACT_ID", "BEGAN_AT", "BATCH_NUMBER")
(
select "ACCOUNT_ID", "CONTACT_ID", "BEGAN_AT", "BATCH_NUMBER"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts__dbt_tmp
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages__dbt_tmp
as (
with contacts as (
select account_id, contact_id, min(began_at) as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts
group by account_id, contact_id
),
messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where
(sent_at = '<days>')) as messages_of_days
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and true)
),
earlier_messages as (
select messages_since.*
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where
(sent_at = '<days>')) as messages_since
left join DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages as known
on messages_since.message_id = known.message_id
and coalesce(messages_since.campaign_id, -1) = coalesce(known.campaign_id, -1)
where known.message_id is null
and (messages_since.account_id, messages_since.contact_id) in (select account_id, contact_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts where batch_number > 1)
and (coalesce(messages_since.campaign_id, -1), messages_since.message_id) not in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and true)
),
candidates as (
select * from messages
union all
select * from earlier_messages
),
ruled as (
select
candidates.campaign_id,
candidates.message_id,
candidates.account_id,
candidates.contact_id,
candidates.sent_at,
candidates.processed_at
from candidates
inner join contacts
on candidates.account_id = contacts.account_id
and candidates.contact_id = contacts.contact_id
and candidates.processed_at > contacts.began_at
)
select * from ruled
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages__dbt_tmp
as (
with contacts as (
select account_id, contact_id, min(began_at) as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts
group by account_id, contact_id
),
messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages where false) as messages_of_days
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2 and true)
),
earlier_messages as (
select messages_since.*
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages where false) as messages_since
left join DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages as known
on messages_since.message_id = known.message_id
and coalesce(messages_since.campaign_id, -1) = coalesce(known.campaign_id, -1)
where known.message_id is null
and (messages_since.account_id, messages_since.contact_id) in (select account_id, contact_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts where batch_number > 2)
and (coalesce(messages_since.campaign_id, -1), messages_since.message_id) not in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2 and true)
),
candidates as (
select * from messages
union all
select * from earlier_messages
),
ruled as (
select
candidates.campaign_id,
candidates.message_id,
candidates.account_id,
candidates.contact_id,
candidates.sent_at,
candidates.processed_at
from candidates
inner join contacts
on candidates.account_id = contacts.account_id
and candidates.contact_id = contacts.contact_id
and candidates.processed_at > contacts.began_at
)
select * from ruled
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages
as (with contacts as (
select account_id, contact_id, min(began_at) as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_contacts
group by account_id, contact_id
),
messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
),
candidates as (
select * from messages
),
ruled as (
select
candidates.campaign_id,
candidates.message_id,
candidates.account_id,
candidates.contact_id,
candidates.sent_at,
candidates.processed_at
from candidates
inner join contacts
on candidates.account_id = contacts.account_id
and candidates.contact_id = contacts.contact_id
and candidates.processed_at > contacts.began_at
)
select * from ruled
order by sent_at
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages
where sent_at = '<days>' and (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and true);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages ("CAMPAIGN_ID", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "SENT_AT", "PROCESSED_AT")
select "CAMPAIGN_ID", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "SENT_AT", "PROCESSED_AT" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages__dbt_tmp;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp
as (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(hour_started_at)
)
as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(hour_started_at)
)
as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours)
),
overlapping as (
select
statements.statement_id,
hours.warehouse_name,
hours.started_at as hour_started_at,
hours.credits as hour_credits,
datediff(
millisecond,
greatest(statements.started_at, hours.started_at),
least(statements.ended_at, hours.ended_at)
) as milliseconds
from statements
inner join hours
on statements.warehouse_name = hours.warehouse_name
and statements.started_at < hours.ended_at
and statements.ended_at > hours.started_at
),
shared as (
select
statement_id,
warehouse_name,
hour_started_at,
cast(cast(milliseconds as decimal(18, 3)) / 1000 as decimal(18, 3)) as seconds,
cast(
hour_credits * milliseconds / sum(milliseconds) over (partition by warehouse_name, hour_started_at)
as decimal(18, 9)
) as credits
from overlapping
where milliseconds > 0
)
select * from shared
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
as (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp without time zone)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp without time zone)
),
overlapping as (
select
statements.statement_id,
hours.warehouse_name,
hours.started_at as hour_started_at,
hours.credits as hour_credits,
datediff(
millisecond,
greatest(statements.started_at, hours.started_at),
least(statements.ended_at, hours.ended_at)
) as milliseconds
from statements
inner join hours
on statements.warehouse_name = hours.warehouse_name
and statements.started_at < hours.ended_at
and statements.ended_at > hours.started_at
),
shared as (
select
statement_id,
warehouse_name,
hour_started_at,
cast(cast(milliseconds as decimal(18, 3)) / 1000 as decimal(18, 3)) as seconds,
cast(
hour_credits * milliseconds / sum(milliseconds) over (partition by warehouse_name, hour_started_at)
as decimal(18, 9)
) as credits
from overlapping
where milliseconds > 0
)
select * from shared
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours as DBT_INTERNAL_DEST
where (hour_started_at) in (
select distinct hour_started_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp as DBT_INTERNAL_SOURCE
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours ("STATEMENT_ID", "WAREHOUSE_NAME", "HOUR_STARTED_AT", "SECONDS", "CREDITS")
(
select "STATEMENT_ID", "WAREHOUSE_NAME", "HOUR_STARTED_AT", "SECONDS", "CREDITS"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_subscription_mrr
as (
with months as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_mrr_months
),
rates as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_exchange_rates
),
versions as (
select
*,
row_number() over (partition by subscription_id order by dbt_valid_from) = 1 as is_first
from DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.subscriptions_snapshot
),
in_force as (
select
versions.*,
months.month_starts_on,
months.measured_on,
months.measured_before
from versions
inner join months
on versions.started_on <= months.measured_on
and (versions.is_first or versions.dbt_valid_from < months.measured_before)
and (versions.dbt_valid_to is null or versions.dbt_valid_to >= months.measured_before)
),
judged as (
select
*,
(ended_on is null or ended_on >= measured_on) and (not is_deleted or deleted_at >= measured_before) as is_alive,
subscription_status = 'active'
or (subscription_status = 'cancelled' and (ended_on is not null or updated_at >= measured_before)) as is_paying
from in_force
),
priced as (
select
subscription_id,
account_id,
month_starts_on,
currency,
case
when is_alive and is_paying
then cast(monthly_amount * (1 - cast(least(greatest(coalesce(discount_rate, 0), 0), 1) as decimal(10, 8))) as decimal(18, 2))
else 0
end as monthly_net_amount
from judged
),
converted as (
select
priced.*,
rates.usd_rate,
cast(priced.monthly_net_amount * rates.usd_rate as decimal(18, 2)) as mrr_usd
from priced
left join rates on priced.currency = rates.currency and priced.month_starts_on = rates.month_starts_on
),
compared as (
select
*,
lag(monthly_net_amount) over (partition by subscription_id, account_id, currency order by month_starts_on) as amount_before,
lag(mrr_usd) over (partition by subscription_id, account_id, currency order by month_starts_on) as mrr_before_usd
from converted
),
subscription_months as (
select
subscription_id,
account_id,
month_starts_on,
currency,
monthly_net_amount,
usd_rate,
mrr_usd,
cast(
cast(coalesce(amount_before * usd_rate, 0) as decimal(18, 2)) - coalesce(mrr_before_usd, 0) as decimal(18, 2)
) as exchange_rate_change_usd
from compared
)
select * from subscription_months
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days__dbt_tmp
as (
with sent as (
select sent_on from (select * from "DP_MAILBLAZE_DEMO_DEV_DB"."MART"."FCT_MESSAGES"
where
(sent_on = '<days>')) as before
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
)
union all
select cast(sent_at as date) from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where
(sent_at = '<days>')) as after
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
)
)
select distinct cast(2 as bigint) as batch_number, sent_on, false as is_floor
from sent
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days__dbt_tmp
as (
with sent as (
select sent_on from (select * from "DP_MAILBLAZE_DEMO_DEV_DB"."MART"."FCT_MESSAGES" where false) as before
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
)
union all
select cast(sent_at as date) from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages where false) as after
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
)
)
select distinct cast(3 as bigint) as batch_number, sent_on, false as is_floor
from sent
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days
as (
select cast(1 as bigint) as batch_number, cast(null as date) as sent_on, true as is_floor
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days
where not is_floor and batch_number <= (select min(batch_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days ("BATCH_NUMBER", "SENT_ON", "IS_FLOOR")
(
select "BATCH_NUMBER", "SENT_ON", "IS_FLOOR"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_days__dbt_tmp
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages__dbt_tmp
as (
with new_events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('')
),
replaced as (
select facts.campaign_id as campaign_key, facts.message_id
from (select * from "DP_MAILBLAZE_DEMO_DEV_DB"."MART"."FCT_EMAIL_EVENTS" where false) as facts
where facts.event_id in (select event_id from new_events)
),
keys as (
select dimension, key_id, batch_number from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys where not is_floor
),
matched as (
select dimension, key_id from keys where batch_number > 2
),
domains as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains where not is_floor and batch_number > 2
),
touched as (
select coalesce(campaign_id, -1) as campaign_key, message_id, false as is_rejoined from new_events
union all
select campaign_key, message_id, false from replaced
union all
select keys.key_id, replaced.message_id, false
from replaced
inner join keys on replaced.campaign_key = -1 and keys.dimension = 'campaign'
union all
select coalesce(events.campaign_id, -1), events.message_id, true
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as events
where events.account_id in (select key_id from matched where dimension = 'account')
or events.contact_id in (select key_id from matched where dimension = 'contact')
or events.campaign_id in (select key_id from matched where dimension = 'campaign')
union all
select coalesce(events.campaign_id, -1), events.message_id, false
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as events
where events.campaign_id in (select campaign_id from domains)
)
select
cast(3 as bigint) as batch_number,
cast(campaign_key as bigint) as campaign_key,
cast(message_id as varchar) as message_id,
max(case when is_rejoined then 1 else 0 end) = 1 as is_rejoined,
false as is_floor
from touched
where message_id is not null
group by campaign_key, message_id
);

create or replace temporary view DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages__dbt_tmp
as (
with new_events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('<load id>')
),
replaced as (
select facts.campaign_id as campaign_key, facts.message_id
from (select * from "DP_MAILBLAZE_DEMO_DEV_DB"."MART"."FCT_EMAIL_EVENTS"
where
(occurred_on = '<days>')) as facts
where facts.event_id in (select event_id from new_events)
),
keys as (
select dimension, key_id, batch_number from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys where not is_floor
),
matched as (
select dimension, key_id from keys where batch_number > 1
),
domains as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_domains where not is_floor and batch_number > 1
),
touched as (
select coalesce(campaign_id, -1) as campaign_key, message_id, false as is_rejoined from new_events
union all
select campaign_key, message_id, false from replaced
union all
select keys.key_id, replaced.message_id, false
from replaced
inner join keys on replaced.campaign_key = -1 and keys.dimension = 'campaign'
union all
select coalesce(events.campaign_id, -1), events.message_id, true
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as events
where events.account_id in (select key_id from matched where dimension = 'account')
or events.contact_id in (select key_id from matched where dimension = 'contact')
or events.campaign_id in (select key_id from matched where dimension = 'campaign')
union all
select coalesce(events.campaign_id, -1), events.message_id, false
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as events
where events.campaign_id in (select campaign_id from domains)
)
select
cast(2 as bigint) as batch_number,
cast(campaign_key as bigint) as campaign_key,
cast(message_id as varchar) as message_id,
max(case when is_rejoined then 1 else 0 end) = 1 as is_rejoined,
false as is_floor
from touched
where message_id is not null
group by campaign_key, message_id
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages
as (
select
cast(1 as bigint) as batch_number,
cast(null as bigint) as campaign_key,
cast(null as varchar) as message_id,
false as is_rejoined,
true as is_floor
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages
where not is_floor and batch_number <= (select min(batch_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages ("BATCH_NUMBER", "CAMPAIGN_KEY", "MESSAGE_ID", "IS_REJOINED", "IS_FLOOR")
(
select "BATCH_NUMBER", "CAMPAIGN_KEY", "MESSAGE_ID", "IS_REJOINED", "IS_FLOOR"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages__dbt_tmp
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys__dbt_tmp
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('')
),
dimensions as (
select 'account' as dimension, account_id as key_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
union all
select 'contact', contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
union all
select 'campaign', campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
keys as (
select 'account' as dimension, account_id as key_id, cast(occurred_at as date) as occurred_on
from events
where account_id is not null
union all
select 'contact' as dimension, contact_id as key_id, cast(occurred_at as date) as occurred_on
from events
where contact_id is not null
union all
select 'campaign' as dimension, campaign_id as key_id, cast(occurred_at as date) as occurred_on
from events
where campaign_id is not null
),
new_keys as (
select keys.dimension, keys.key_id, min(keys.occurred_on) as first_on, max(keys.occurred_on) as last_on
from keys
left join dimensions on keys.dimension = dimensions.dimension and keys.key_id = dimensions.key_id
where dimensions.key_id is null
group by keys.dimension, keys.key_id
),
known as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys where not is_floor
),
changed as (
select
new_keys.dimension,
new_keys.key_id,
least(new_keys.first_on, coalesce(known.first_on, new_keys.first_on)) as first_on,
greatest(new_keys.last_on, coalesce(known.last_on, new_keys.last_on)) as last_on,
known.batch_number,
false as is_floor
from new_keys
left join known on new_keys.dimension = known.dimension and new_keys.key_id = known.key_id
union all
select known.dimension, known.key_id, known.first_on, known.last_on, 3, false
from known
inner join dimensions on known.dimension = dimensions.dimension and known.key_id = dimensions.key_id
where known.batch_number is null
)
select
cast(dimension as varchar) as dimension,
cast(key_id as bigint) as key_id,
cast(first_on as date) as first_on,
cast(last_on as date) as last_on,
cast(batch_number as bigint) as batch_number,
is_floor
from changed
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys__dbt_tmp
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('<load id>')
),
dimensions as (
select 'account' as dimension, account_id as key_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
union all
select 'contact', contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
union all
select 'campaign', campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
keys as (
select 'account' as dimension, account_id as key_id, cast(occurred_at as date) as occurred_on
from events
where account_id is not null
union all
select 'contact' as dimension, contact_id as key_id, cast(occurred_at as date) as occurred_on
from events
where contact_id is not null
union all
select 'campaign' as dimension, campaign_id as key_id, cast(occurred_at as date) as occurred_on
from events
where campaign_id is not null
),
new_keys as (
select keys.dimension, keys.key_id, min(keys.occurred_on) as first_on, max(keys.occurred_on) as last_on
from keys
left join dimensions on keys.dimension = dimensions.dimension and keys.key_id = dimensions.key_id
where dimensions.key_id is null
group by keys.dimension, keys.key_id
),
known as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys where not is_floor
),
changed as (
select
new_keys.dimension,
new_keys.key_id,
least(new_keys.first_on, coalesce(known.first_on, new_keys.first_on)) as first_on,
greatest(new_keys.last_on, coalesce(known.last_on, new_keys.last_on)) as last_on,
known.batch_number,
false as is_floor
from new_keys
left join known on new_keys.dimension = known.dimension and new_keys.key_id = known.key_id
union all
select known.dimension, known.key_id, known.first_on, known.last_on, 2, false
from known
inner join dimensions on known.dimension = dimensions.dimension and known.key_id = dimensions.key_id
where known.batch_number is null
)
select
cast(dimension as varchar) as dimension,
cast(key_id as bigint) as key_id,
cast(first_on as date) as first_on,
cast(last_on as date) as last_on,
cast(batch_number as bigint) as batch_number,
is_floor
from changed
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys
as (with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
dimensions as (
select 'account' as dimension, account_id as key_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
union all
select 'contact', contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
union all
select 'campaign', campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
keys as (
select 'account' as dimension, account_id as key_id, cast(occurred_at as date) as occurred_on
from events
where account_id is not null
union all
select 'contact' as dimension, contact_id as key_id, cast(occurred_at as date) as occurred_on
from events
where contact_id is not null
union all
select 'campaign' as dimension, campaign_id as key_id, cast(occurred_at as date) as occurred_on
from events
where campaign_id is not null
),
new_keys as (
select keys.dimension, keys.key_id, min(keys.occurred_on) as first_on, max(keys.occurred_on) as last_on
from keys
left join dimensions on keys.dimension = dimensions.dimension and keys.key_id = dimensions.key_id
where dimensions.key_id is null
group by keys.dimension, keys.key_id
),
changed as (
select *, cast(null as bigint) as batch_number, false as is_floor from new_keys
union all
select null, null, null, null, 1, true
)
select
cast(dimension as varchar) as dimension,
cast(key_id as bigint) as key_id,
cast(first_on as date) as first_on,
cast(last_on as date) as last_on,
cast(batch_number as bigint) as batch_number,
is_floor
from changed
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys
where (dimension, key_id) in (select dimension, key_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys__dbt_tmp);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys
where not is_floor and batch_number <= (select min(batch_number) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_built_batches);

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys ("DIMENSION", "KEY_ID", "FIRST_ON", "LAST_ON", "BATCH_NUMBER", "IS_FLOOR")
select "DIMENSION", "KEY_ID", "FIRST_ON", "LAST_ON", "BATCH_NUMBER", "IS_FLOOR" from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_unmatched_keys__dbt_tmp;

create transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices (price_name varchar,usd decimal(18, 6),per varchar,as_of date,source varchar);

insert overwrite into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices (price_name, usd, per, as_of, source) values
('snowflake_credit','3.90','credit, Enterprise edition',NULL,'https://www.snowflake.com/legal-files/CreditConsumptionTable.pdf'),('snowflake_storage_tb_month','45.00','TB and month',NULL,'https://www.snowflake.com/legal-files/CreditConsumptionTable.pdf'),('s3_standard_gb_month','0.0245','GB and month','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_standard_ia_gb_month','0.0135','GB and month','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_glacier_ir_gb_month','0.005','GB and month',NULL,'https://aws.amazon.com/s3/pricing/'),('s3_put_1000','0.0054','1,000 PUT, COPY, POST or LIST requests','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_get_1000','0.00043','1,000 GET, HEAD and all other requests','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_transition_ia_1000','0.01','1,000 objects moved to Standard-IA','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_transition_glacier_ir_1000','0.02','1,000 objects moved to Glacier Instant Retrieval','2026-08-07','https://aws.amazon.com/s3/pricing/'),('kms_key_month','1.00','key and month','2019-10-30','https://aws.amazon.com/kms/pricing/'),('kms_request_10000','0.03','10,000 requests','2019-10-30','https://aws.amazon.com/kms/pricing/'),('fargate_vcpu_hour','0.04656','vCPU and hour, Linux on x86','2026-07-07','https://aws.amazon.com/fargate/pricing/'),('fargate_gb_hour','0.00511','GB of memory and hour, Linux on x86','2026-07-07','https://aws.amazon.com/fargate/pricing/'),('secret_month','0.40','secret and month','2026-09-20','https://aws.amazon.com/secrets-manager/pricing/'),('cloudwatch_log_gb','0.63','GB taken in','2026-08-06','https://aws.amazon.com/cloudwatch/pricing/'),('cloudwatch_log_gb_month','0.0324','GB and month','2026-08-06','https://aws.amazon.com/cloudwatch/pricing/'),('cloudwatch_metric_month','0.30','metric and month','2026-08-06','https://aws.amazon.com/cloudwatch/pricing/'),('ecr_gb_month','0.10','GB and month','2025-11-21','https://aws.amazon.com/ecr/pricing/'),('budget_month','0.00','budget without an action and month','2026-08-07','https://aws.amazon.com/aws-cost-management/aws-budgets/pricing/'),('nat_hour','0.052','NAT gateway and hour','2026-08-07','https://aws.amazon.com/vpc/pricing/'),('nat_gb','0.052','GB through a NAT gateway','2026-08-07','https://aws.amazon.com/vpc/pricing/');

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
(account_id bigint not null, account_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_status varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), plan_code varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), plan_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), monthly_send_limit bigint, region varchar not null, industry varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), time_zone varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), active_user_count bigint not null, live_subscription_count bigint not null, created_at timestamp without time zone, deleted_at timestamp without time zone, is_deleted boolean not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select account_id, account_name, account_status, plan_code, plan_name, monthly_send_limit, region, industry, time_zone, active_user_count, live_subscription_count, created_at, deleted_at, is_deleted
from (
with accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
),
plans as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans
),
active_users as (
select account_id, count(*) as user_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users
where is_active and not is_deleted
group by account_id
),
live_subscriptions as (
select account_id, count(*) as subscription_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
where subscription_status in ('trialing', 'active') and not is_deleted
group by account_id
),
known as (
select
accounts.account_id,
accounts.account_name,
accounts.account_status,
plans.plan_code,
plans.plan_name,
plans.monthly_send_limit,
accounts.region,
accounts.industry,
accounts.time_zone,
coalesce(active_users.user_count, 0) as active_user_count,
coalesce(live_subscriptions.subscription_count, 0) as live_subscription_count,
accounts.created_at,
accounts.deleted_at,
accounts.is_deleted
from accounts
left join plans on accounts.plan_id = plans.plan_id
left join active_users on accounts.account_id = active_users.account_id
left join live_subscriptions on accounts.account_id = live_subscriptions.account_id
),
unknown as (
select -1, '(unknown)', '(unknown)', null, null, null, '(unknown)', null, null, 0, 0, null, null, false
)
select * from known
union all
select * from unknown
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts_history
(account_id bigint not null, valid_from timestamp without time zone not null, valid_to timestamp without time zone, is_current boolean not null, account_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_status varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), plan_code varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), plan_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), region varchar not null, industry varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), time_zone varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), created_at timestamp without time zone, deleted_at timestamp without time zone, is_deleted boolean not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select account_id, valid_from, valid_to, is_current, account_name, account_status, plan_code, plan_name, region, industry, time_zone, created_at, deleted_at, is_deleted
from (
with versions as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.accounts_snapshot
),
plans as (
select plan_id, plan_code, plan_name from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans
),
bounded as (
select
*,
case
when row_number() over (partition by account_id order by dbt_valid_from) = 1 then least(created_at, dbt_valid_from)
else dbt_valid_from
end as valid_from,
dbt_valid_to as valid_to
from versions
),
known as (
select
bounded.account_id,
bounded.valid_from,
bounded.valid_to,
bounded.valid_to is null as is_current,
bounded.account_name,
bounded.account_status,
plans.plan_code,
plans.plan_name,
bounded.region,
bounded.industry,
bounded.time_zone,
bounded.created_at,
bounded.deleted_at,
bounded.is_deleted
from bounded
left join plans on bounded.plan_id = plans.plan_id
),
unknown as (
select
-1, cast('1900-01-01' as timestamp without time zone), cast(null as timestamp without time zone), true,
'(unknown)', '(unknown)', null, null, '(unknown)', null, null, null, null, false
)
select * from known
union all
select * from unknown
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
(campaign_id bigint not null, campaign_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_id bigint not null, region varchar not null, subject_line varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), campaign_status varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), sending_status varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), list_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), sending_domain varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), ip_pool varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), recipient_count bigint, scheduled_at timestamp without time zone, sent_at timestamp without time zone, created_at timestamp without time zone, deleted_at timestamp without time zone, is_deleted boolean not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select campaign_id, campaign_name, account_id, region, subject_line, campaign_status, sending_status, list_name, sending_domain, ip_pool, recipient_count, scheduled_at, sent_at, created_at, deleted_at, is_deleted
from (
with planned as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
),
sent as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns
),
lists as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
known as (
select
coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(planned.subject_line, sent.subject_line) as subject_line,
planned.campaign_status,
sent.sending_status,
lists.list_name,
sent.sending_domain,
sent.ip_pool,
sent.recipient_count,
sent.scheduled_at,
coalesce(sent.sent_at, planned.sent_at) as sent_at,
coalesce(planned.created_at, sent.created_at) as created_at,
case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
from planned
full outer join sent on planned.campaign_id = sent.campaign_id
left join lists on planned.list_id = lists.list_id
left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),
unknown as (
select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
(contact_id bigint not null, account_id bigint not null, region varchar not null, email varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_PERSON = 'masked'), first_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_PERSON = 'masked'), last_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_PERSON = 'masked'), locale varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), consent_source varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), lead_score decimal(18, 3), subscribed_list_count bigint not null, is_subscribed boolean not null, is_suppressed boolean not null, subscribed_at timestamp without time zone, unsubscribed_at timestamp without time zone, created_at timestamp without time zone, deleted_at timestamp without time zone, is_deleted boolean not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select contact_id, account_id, region, email, first_name, last_name, locale, consent_source, lead_score, subscribed_list_count, is_subscribed, is_suppressed, subscribed_at, unsubscribed_at, created_at, deleted_at, is_deleted
from (
with contacts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
subscribed_lists as (
select contact_id, count(*) as list_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
where membership_status = 'subscribed' and not is_deleted
group by contact_id
),
suppressed as (
select distinct contact_id
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
where is_active and not is_deleted
),
known as (
select
contacts.contact_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
case when not contacts.is_deleted then contacts.email end as email,
case when not contacts.is_deleted then contacts.first_name end as first_name,
case when not contacts.is_deleted then contacts.last_name end as last_name,
contacts.locale,
contacts.consent_source,
cast(contacts.lead_score as decimal(18, 3)) as lead_score,
coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
contacts.is_subscribed,
suppressed.contact_id is not null as is_suppressed,
contacts.subscribed_at,
contacts.unsubscribed_at,
contacts.created_at,
contacts.deleted_at,
contacts.is_deleted
from contacts
left join accounts on contacts.account_id = accounts.account_id
left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
left join suppressed on contacts.contact_id = suppressed.contact_id
),
unknown as (
select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
(date_day date not null, calendar_year bigint not null, quarter_of_year bigint not null, month_of_year bigint not null, day_of_month bigint not null, day_of_week bigint not null, is_weekend boolean not null, month_starts_on date not null, week_starts_on date not null)
as (
select date_day, calendar_year, quarter_of_year, month_of_year, day_of_month, day_of_week, is_weekend, month_starts_on, week_starts_on
from (
with numbers as (
with p as (
select 0 as generated_number union all select 1
), unioned as (
select
p0.generated_number * power(2, 0)
+
p1.generated_number * power(2, 1)
+
p2.generated_number * power(2, 2)
+
p3.generated_number * power(2, 3)
+
p4.generated_number * power(2, 4)
+
p5.generated_number * power(2, 5)
+
p6.generated_number * power(2, 6)
+
p7.generated_number * power(2, 7)
+
p8.generated_number * power(2, 8)
+
p9.generated_number * power(2, 9)
+
p10.generated_number * power(2, 10)
+
p11.generated_number * power(2, 11)
+
p12.generated_number * power(2, 12)
+
p13.generated_number * power(2, 13)
+ 1
as generated_number
from
p as p0
cross join
p as p1
cross join
p as p2
cross join
p as p3
cross join
p as p4
cross join
p as p5
cross join
p as p6
cross join
p as p7
cross join
p as p8
cross join
p as p9
cross join
p as p10
cross join
p as p11
cross join
p as p12
cross join
p as p13
)
select *
from unioned
where generated_number <= 9131
order by generated_number
),
days as (
select cast(
dateadd(
day,
generated_number - 1,
cast('2015-01-01' as date)
)
as date) as date_day
from numbers
),
weekdays as (
select
date_day,
mod(datediff(
day,
cast('2001-01-01' as date),
date_day
), 7) + 1 as day_of_week
from days
),
dates as (
select
date_day,
cast(extract(year from date_day) as bigint) as calendar_year,
cast(extract(quarter from date_day) as bigint) as quarter_of_year,
cast(extract(month from date_day) as bigint) as month_of_year,
cast(extract(day from date_day) as bigint) as day_of_month,
cast(day_of_week as bigint) as day_of_week,
day_of_week >= 6 as is_weekend,
cast(date_trunc('month', date_day) as date) as month_starts_on,
cast(
dateadd(
day,
1 - day_of_week,
date_day
)
as date) as week_starts_on
from weekdays
)
select * from dates
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_campaign_revenue
(invoice_id bigint not null, campaign_id bigint not null, account_id bigint not null, region varchar not null, issued_on date not null, campaign_sent_at timestamp without time zone, campaign_count bigint not null, attributed_usd decimal(18, 2) not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select invoice_id, campaign_id, account_id, region, issued_on, campaign_sent_at, campaign_count, attributed_usd
from (
with invoices as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
where invoice_status = 'paid' and not is_deleted
),
campaigns as (
select campaign_id, account_id, sent_at from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
where sent_at is not null and account_id <> -1
),
met as (
select
invoices.invoice_id,
campaigns.campaign_id,
invoices.account_id,
invoices.region,
invoices.issued_on,
invoices.subtotal_usd,
campaigns.sent_at,
count(campaigns.campaign_id) over (partition by invoices.invoice_id) as campaign_count,
row_number() over (
partition by invoices.invoice_id order by campaigns.sent_at desc, campaigns.campaign_id desc
) as place_from_last
from invoices
left join campaigns
on invoices.account_id = campaigns.account_id
and cast(campaigns.sent_at as date) >= cast(
dateadd(
day,
-30,
invoices.issued_on
)
as date)
and cast(campaigns.sent_at as date) < invoices.issued_on
),
shared as (
select
*,
cast(cast(((subtotal_usd) * 100 - mod((subtotal_usd) * 100, nullif(campaign_count, 0))) / nullif(campaign_count, 0) as decimal(18, 0)) * 0.01 as decimal(18, 2)) as share_usd
from met
),
facts as (
select
invoice_id,
coalesce(campaign_id, -1) as campaign_id,
account_id,
region,
issued_on,
sent_at as campaign_sent_at,
campaign_count,
cast(
case
when campaign_count = 0 then subtotal_usd
when place_from_last = 1 then subtotal_usd - share_usd * (campaign_count - 1)
else share_usd
end as decimal(18, 2)
) as attributed_usd
from shared
)
select * from facts
) as model_subq
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp
(event_id varchar not null, event_type varchar not null, occurred_at timestamp without time zone not null, occurred_on date not null, received_at timestamp without time zone, message_id varchar not null, account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar, is_machine_open boolean, bounce_type varchar, link_url varchar, load_id varchar not null)
as (
select event_id, event_type, occurred_at, occurred_on, received_at, message_id, account_id, contact_id, campaign_id, mailbox_provider, is_machine_open, bounce_type, link_url, load_id
from (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('')
union all
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as rejoined
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2 and is_rejoined)
and load_id not in ('')
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp
(event_id varchar not null, event_type varchar not null, occurred_at timestamp without time zone not null, occurred_on date not null, received_at timestamp without time zone, message_id varchar not null, account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar, is_machine_open boolean, bounce_type varchar, link_url varchar, load_id varchar not null)
as (
select event_id, event_type, occurred_at, occurred_on, received_at, message_id, account_id, contact_id, campaign_id, mailbox_provider, is_machine_open, bounce_type, link_url, load_id
from (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id in ('<load id>')
union all
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events where false) as rejoined
where (coalesce(campaign_id, -1), message_id) in (select touched.campaign_key, touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1 and is_rejoined)
and load_id not in ('<load id>')
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
(event_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), event_type varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), occurred_at timestamp without time zone not null, occurred_on date not null, received_at timestamp without time zone, message_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), is_machine_open boolean, bounce_type varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), link_url varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), load_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'))
as (
select event_id, event_type, occurred_at, occurred_on, received_at, message_id, account_id, contact_id, campaign_id, mailbox_provider, is_machine_open, bounce_type, link_url, load_id
from (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
where occurred_on = '<days>' and event_id in (select event_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp);

insert into DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events ("EVENT_ID", "EVENT_TYPE", "OCCURRED_AT", "OCCURRED_ON", "RECEIVED_AT", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "CAMPAIGN_ID", "MAILBOX_PROVIDER", "IS_MACHINE_OPEN", "BOUNCE_TYPE", "LINK_URL", "LOAD_ID")
select "EVENT_ID", "EVENT_TYPE", "OCCURRED_AT", "OCCURRED_ON", "RECEIVED_AT", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "CAMPAIGN_ID", "MAILBOX_PROVIDER", "IS_MACHINE_OPEN", "BOUNCE_TYPE", "LINK_URL", "LOAD_ID" from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
(invoice_id bigint not null, invoice_number varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_id bigint not null, region varchar not null, subscription_id bigint, invoice_status varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), issued_on date not null, due_on date, paid_at timestamp without time zone, currency varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), exchange_rate decimal(38, 18) not null, subtotal_amount decimal(18, 2) not null, tax_amount decimal(18, 2) not null, total_amount decimal(18, 2) not null, subtotal_usd decimal(18, 2) not null, tax_usd decimal(18, 2) not null, total_usd decimal(18, 2) not null, deleted_at timestamp without time zone, is_deleted boolean not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select invoice_id, invoice_number, account_id, region, subscription_id, invoice_status, issued_on, due_on, paid_at, currency, exchange_rate, subtotal_amount, tax_amount, total_amount, subtotal_usd, tax_usd, total_usd, deleted_at, is_deleted
from (
with invoices as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
),
accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
converted as (
select
*,
cast(total_amount * exchange_rate as decimal(18, 2)) as total_usd,
cast(tax_amount * exchange_rate as decimal(18, 2)) as tax_usd
from invoices
),
facts as (
select
converted.invoice_id,
converted.invoice_number,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
converted.subscription_id,
converted.invoice_status,
converted.issued_on,
converted.due_on,
converted.paid_at,
converted.currency,
converted.exchange_rate,
cast(converted.subtotal_amount as decimal(18, 2)) as subtotal_amount,
cast(converted.tax_amount as decimal(18, 2)) as tax_amount,
cast(converted.total_amount as decimal(18, 2)) as total_amount,
cast(converted.total_usd - converted.tax_usd as decimal(18, 2)) as subtotal_usd,
converted.tax_usd,
converted.total_usd,
converted.deleted_at,
converted.is_deleted
from converted
left join accounts on converted.account_id = accounts.account_id
)
select * from facts
) as model_subq
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages__dbt_tmp
(message_id varchar not null, account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar not null, sending_domain varchar not null, sent_at timestamp without time zone not null, sent_on date not null, message_outcome varchar not null, delivered_at timestamp without time zone, first_bounced_at timestamp without time zone, first_human_opened_at timestamp without time zone, first_machine_opened_at timestamp without time zone, first_clicked_at timestamp without time zone, complained_at timestamp without time zone, unsubscribed_at timestamp without time zone, deferral_count bigint not null, human_open_count bigint not null, machine_open_count bigint not null, click_count bigint not null, newest_load_id varchar not null)
as (
select message_id, account_id, contact_id, campaign_id, mailbox_provider, sending_domain, sent_at, sent_on, message_outcome, delivered_at, first_bounced_at, first_human_opened_at, first_machine_opened_at, first_clicked_at, complained_at, unsubscribed_at, deferral_count, human_open_count, machine_open_count, click_count, newest_load_id
from (
with messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where
(sent_at = '<days>')) as messages_of_days
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
)
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id, sending_domain from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
messages.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
coalesce(messages.mailbox_provider, '(unknown)') as mailbox_provider,
coalesce(campaigns.sending_domain, '(unknown)') as sending_domain,
messages.sent_at,
cast(messages.sent_at as date) as sent_on,
messages.message_outcome,
messages.delivered_at,
messages.first_bounced_at,
messages.first_human_opened_at,
messages.first_machine_opened_at,
messages.first_clicked_at,
messages.complained_at,
messages.unsubscribed_at,
messages.deferral_count,
messages.human_open_count,
messages.machine_open_count,
messages.click_count,
messages.newest_load_id
from messages
left join accounts on messages.account_id = accounts.account_id
left join contacts on messages.contact_id = contacts.contact_id
left join campaigns on messages.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages__dbt_tmp
(message_id varchar not null, account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar not null, sending_domain varchar not null, sent_at timestamp without time zone not null, sent_on date not null, message_outcome varchar not null, delivered_at timestamp without time zone, first_bounced_at timestamp without time zone, first_human_opened_at timestamp without time zone, first_machine_opened_at timestamp without time zone, first_clicked_at timestamp without time zone, complained_at timestamp without time zone, unsubscribed_at timestamp without time zone, deferral_count bigint not null, human_open_count bigint not null, machine_open_count bigint not null, click_count bigint not null, newest_load_id varchar not null)
as (
select message_id, account_id, contact_id, campaign_id, mailbox_provider, sending_domain, sent_at, sent_on, message_outcome, delivered_at, first_bounced_at, first_human_opened_at, first_machine_opened_at, first_clicked_at, complained_at, unsubscribed_at, deferral_count, human_open_count, machine_open_count, click_count, newest_load_id
from (
with messages as (
select * from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages where false) as messages_of_days
where message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 2
)
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id, sending_domain from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
messages.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
coalesce(messages.mailbox_provider, '(unknown)') as mailbox_provider,
coalesce(campaigns.sending_domain, '(unknown)') as sending_domain,
messages.sent_at,
cast(messages.sent_at as date) as sent_on,
messages.message_outcome,
messages.delivered_at,
messages.first_bounced_at,
messages.first_human_opened_at,
messages.first_machine_opened_at,
messages.first_clicked_at,
messages.complained_at,
messages.unsubscribed_at,
messages.deferral_count,
messages.human_open_count,
messages.machine_open_count,
messages.click_count,
messages.newest_load_id
from messages
left join accounts on messages.account_id = accounts.account_id
left join contacts on messages.contact_id = contacts.contact_id
left join campaigns on messages.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages
(message_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), sending_domain varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), sent_at timestamp without time zone not null, sent_on date not null, message_outcome varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), delivered_at timestamp without time zone, first_bounced_at timestamp without time zone, first_human_opened_at timestamp without time zone, first_machine_opened_at timestamp without time zone, first_clicked_at timestamp without time zone, complained_at timestamp without time zone, unsubscribed_at timestamp without time zone, deferral_count bigint not null, human_open_count bigint not null, machine_open_count bigint not null, click_count bigint not null, newest_load_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'))
as (
select message_id, account_id, contact_id, campaign_id, mailbox_provider, sending_domain, sent_at, sent_on, message_outcome, delivered_at, first_bounced_at, first_human_opened_at, first_machine_opened_at, first_clicked_at, complained_at, unsubscribed_at, deferral_count, human_open_count, machine_open_count, click_count, newest_load_id
from (
with messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id, sending_domain from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
messages.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
coalesce(messages.mailbox_provider, '(unknown)') as mailbox_provider,
coalesce(campaigns.sending_domain, '(unknown)') as sending_domain,
messages.sent_at,
cast(messages.sent_at as date) as sent_on,
messages.message_outcome,
messages.delivered_at,
messages.first_bounced_at,
messages.first_human_opened_at,
messages.first_machine_opened_at,
messages.first_clicked_at,
messages.complained_at,
messages.unsubscribed_at,
messages.deferral_count,
messages.human_open_count,
messages.machine_open_count,
messages.click_count,
messages.newest_load_id
from messages
left join accounts on messages.account_id = accounts.account_id
left join contacts on messages.contact_id = contacts.contact_id
left join campaigns on messages.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages
where sent_on = '<days>' and message_id in (
select touched.message_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_touched_messages as touched
where not touched.is_floor and touched.batch_number > 1
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages ("MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "CAMPAIGN_ID", "MAILBOX_PROVIDER", "SENDING_DOMAIN", "SENT_AT", "SENT_ON", "MESSAGE_OUTCOME", "DELIVERED_AT", "FIRST_BOUNCED_AT", "FIRST_HUMAN_OPENED_AT", "FIRST_MACHINE_OPENED_AT", "FIRST_CLICKED_AT", "COMPLAINED_AT", "UNSUBSCRIBED_AT", "DEFERRAL_COUNT", "HUMAN_OPEN_COUNT", "MACHINE_OPEN_COUNT", "CLICK_COUNT", "NEWEST_LOAD_ID")
select "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "CAMPAIGN_ID", "MAILBOX_PROVIDER", "SENDING_DOMAIN", "SENT_AT", "SENT_ON", "MESSAGE_OUTCOME", "DELIVERED_AT", "FIRST_BOUNCED_AT", "FIRST_HUMAN_OPENED_AT", "FIRST_MACHINE_OPENED_AT", "FIRST_CLICKED_AT", "COMPLAINED_AT", "UNSUBSCRIBED_AT", "DEFERRAL_COUNT", "HUMAN_OPEN_COUNT", "MACHINE_OPEN_COUNT", "CLICK_COUNT", "NEWEST_LOAD_ID" from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_messages__dbt_tmp;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_mrr_movements
(account_id bigint not null, region varchar not null, month_starts_on date not null, movement varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), mrr_before_usd decimal(18, 2) not null, mrr_after_usd decimal(18, 2) not null, change_usd decimal(18, 2) not null, exchange_rate_change_usd decimal(18, 2) not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select account_id, region, month_starts_on, movement, mrr_before_usd, mrr_after_usd, change_usd, exchange_rate_change_usd
from (
with account_months as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_account_mrr
),
accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
movements as (
select
account_months.account_id,
coalesce(accounts.region, '(unknown)') as region,
account_months.month_starts_on,
case
when account_months.mrr_before_usd = 0 and account_months.has_paid_before then 'reactivation'
when account_months.mrr_before_usd = 0 then 'new'
when account_months.mrr_usd = 0 then 'churn'
when account_months.mrr_usd > account_months.mrr_before_usd then 'expansion'
else 'contraction'
end as movement,
cast(account_months.mrr_before_usd as decimal(18, 2)) as mrr_before_usd,
cast(account_months.mrr_usd as decimal(18, 2)) as mrr_after_usd,
cast(account_months.mrr_usd - account_months.mrr_before_usd as decimal(18, 2)) as change_usd,
cast(account_months.exchange_rate_change_usd as decimal(18, 2)) as exchange_rate_change_usd
from account_months
left join accounts on account_months.account_id = accounts.account_id
where account_months.mrr_usd <> account_months.mrr_before_usd
)
select * from movements
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_account_performance
(account_id bigint not null, account_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_status varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), region varchar not null, contact_count bigint not null, subscribed_contact_count bigint not null, list_count bigint not null, newest_day_on date, sent_count bigint not null, delivered_count bigint not null, hard_bounce_count bigint not null, soft_bounce_count bigint not null, unique_open_count bigint not null, unique_click_count bigint not null, complaint_count bigint not null, unsubscribe_count bigint not null, delivery_rate decimal(18, 6), bounce_rate decimal(18, 6), open_rate decimal(18, 6), click_rate decimal(18, 6), click_to_open_rate decimal(18, 6), complaint_rate decimal(18, 6), unsubscribe_rate decimal(18, 6), last_campaign_id bigint, last_campaign_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), last_campaign_sent_at timestamp without time zone, suppression_count bigint not null, hard_bounce_suppression_count bigint not null, complaint_suppression_count bigint not null, unsubscribe_suppression_count bigint not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select account_id, account_name, account_status, region, contact_count, subscribed_contact_count, list_count, newest_day_on, sent_count, delivered_count, hard_bounce_count, soft_bounce_count, unique_open_count, unique_click_count, complaint_count, unsubscribe_count, delivery_rate, bounce_rate, open_rate, click_rate, click_to_open_rate, complaint_rate, unsubscribe_rate, last_campaign_id, last_campaign_name, last_campaign_sent_at, suppression_count, hard_bounce_suppression_count, complaint_suppression_count, unsubscribe_suppression_count
from (
with accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select
account_id,
count(*) as contact_count,
count(case when is_subscribed then 1 end) as subscribed_contact_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
where contact_id <> -1 and not is_deleted
group by account_id
),
lists as (
select coalesce(accounts.account_id, -1) as account_id, count(*) as list_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists as lists
left join accounts on lists.account_id = accounts.account_id
where not lists.is_archived and not lists.is_deleted
group by 1
),
suppressions as (
select
coalesce(accounts.account_id, -1) as account_id,
count(*) as suppression_count,
count(case when suppressions.suppression_reason = 'hard_bounce' then 1 end) as hard_bounce_suppression_count,
count(case when suppressions.suppression_reason = 'spam_report' then 1 end) as complaint_suppression_count,
count(case when suppressions.suppression_reason = 'unsubscribe' then 1 end) as unsubscribe_suppression_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions as suppressions
left join accounts on suppressions.account_id = accounts.account_id
where suppressions.is_active and not suppressions.is_deleted
group by 1
),
days as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_daily_engagement
),
newest_day as (
select max(sent_on) as sent_on from days
),
messages as (
select
days.account_id,
cast(sum(days.sent_count) as bigint) as sent_count,
cast(sum(days.delivered_count) as bigint) as delivered_count,
cast(sum(days.hard_bounce_count) as bigint) as hard_bounce_count,
cast(sum(days.soft_bounce_count) as bigint) as soft_bounce_count,
cast(sum(days.unique_open_count) as bigint) as unique_open_count,
cast(sum(days.unique_click_count) as bigint) as unique_click_count,
cast(sum(days.complaint_count) as bigint) as complaint_count,
cast(sum(days.unsubscribe_count) as bigint) as unsubscribe_count
from days
inner join newest_day on days.sent_on >
dateadd(
day,
-30,
newest_day.sent_on
)
group by days.account_id
),
ranked_campaigns as (
select
account_id,
campaign_id,
campaign_name,
sent_at,
row_number() over (partition by account_id order by sent_at desc, campaign_id desc) as newest_first
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
where sent_at is not null
),
reported as (
select
accounts.account_id,
accounts.account_name,
accounts.account_status,
accounts.region,
coalesce(contacts.contact_count, 0) as contact_count,
coalesce(contacts.subscribed_contact_count, 0) as subscribed_contact_count,
coalesce(lists.list_count, 0) as list_count,
newest_day.sent_on as newest_day_on,
coalesce(messages.sent_count, 0) as sent_count,
coalesce(messages.delivered_count, 0) as delivered_count,
coalesce(messages.hard_bounce_count, 0) as hard_bounce_count,
coalesce(messages.soft_bounce_count, 0) as soft_bounce_count,
coalesce(messages.unique_open_count, 0) as unique_open_count,
coalesce(messages.unique_click_count, 0) as unique_click_count,
coalesce(messages.complaint_count, 0) as complaint_count,
coalesce(messages.unsubscribe_count, 0) as unsubscribe_count,
cast(cast(messages.delivered_count as decimal(18, 0)) / nullif(messages.sent_count, 0) as decimal(18, 6)) as delivery_rate,
cast(cast(messages.hard_bounce_count + messages.soft_bounce_count as decimal(18, 0)) / nullif(messages.sent_count, 0) as decimal(18, 6)) as bounce_rate,
cast(cast(messages.unique_open_count as decimal(18, 0)) / nullif(messages.delivered_count, 0) as decimal(18, 6)) as open_rate,
cast(cast(messages.unique_click_count as decimal(18, 0)) / nullif(messages.delivered_count, 0) as decimal(18, 6)) as click_rate,
cast(cast(messages.unique_click_count as decimal(18, 0)) / nullif(messages.unique_open_count, 0) as decimal(18, 6)) as click_to_open_rate,
cast(cast(messages.complaint_count as decimal(18, 0)) / nullif(messages.delivered_count, 0) as decimal(18, 6)) as complaint_rate,
cast(cast(messages.unsubscribe_count as decimal(18, 0)) / nullif(messages.delivered_count, 0) as decimal(18, 6)) as unsubscribe_rate,
ranked_campaigns.campaign_id as last_campaign_id,
ranked_campaigns.campaign_name as last_campaign_name,
ranked_campaigns.sent_at as last_campaign_sent_at,
coalesce(suppressions.suppression_count, 0) as suppression_count,
coalesce(suppressions.hard_bounce_suppression_count, 0) as hard_bounce_suppression_count,
coalesce(suppressions.complaint_suppression_count, 0) as complaint_suppression_count,
coalesce(suppressions.unsubscribe_suppression_count, 0) as unsubscribe_suppression_count
from accounts
cross join newest_day
left join contacts on accounts.account_id = contacts.account_id
left join lists on accounts.account_id = lists.account_id
left join messages on accounts.account_id = messages.account_id
left join ranked_campaigns on accounts.account_id = ranked_campaigns.account_id and ranked_campaigns.newest_first = 1
left join suppressions on accounts.account_id = suppressions.account_id
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_hours
(campaign_id bigint not null, campaign_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_id bigint not null, region varchar not null, day_of_week bigint not null, hour_of_day bigint not null, human_open_count bigint not null, click_count bigint not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select campaign_id, campaign_name, account_id, region, day_of_week, hour_of_day, human_open_count, click_count
from (
with campaigns as (
select campaign_id, campaign_name, account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
counts as (
select
coalesce(campaigns.campaign_id, -1) as campaign_id,
hours.day_of_week,
hours.hour_of_day,
cast(sum(hours.human_open_count) as bigint) as human_open_count,
cast(sum(hours.click_count) as bigint) as click_count
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_hours as hours
left join campaigns on hours.campaign_key = campaigns.campaign_id
group by 1, 2, 3
),
reported as (
select
counts.campaign_id,
campaigns.campaign_name,
campaigns.account_id,
campaigns.region,
counts.day_of_week,
counts.hour_of_day,
counts.human_open_count,
counts.click_count
from counts
inner join campaigns on counts.campaign_id = campaigns.campaign_id
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance
(campaign_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), sent_at timestamp without time zone, sent_count bigint not null, delivered_count bigint not null, hard_bounce_count bigint not null, soft_bounce_count bigint not null, unique_open_count bigint not null, unique_machine_open_count bigint not null, unique_click_count bigint not null, complaint_count bigint not null, unsubscribe_count bigint not null, delivery_rate decimal(18, 6), bounce_rate decimal(18, 6), open_rate decimal(18, 6), click_rate decimal(18, 6), click_to_open_rate decimal(18, 6), complaint_rate decimal(18, 6), unsubscribe_rate decimal(18, 6), campaign_id bigint not null, account_id bigint not null, region varchar not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select campaign_name, account_name, sent_at, sent_count, delivered_count, hard_bounce_count, soft_bounce_count, unique_open_count, unique_machine_open_count, unique_click_count, complaint_count, unsubscribe_count, delivery_rate, bounce_rate, open_rate, click_rate, click_to_open_rate, complaint_rate, unsubscribe_rate, campaign_id, account_id, region
from (
with campaigns as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
counts as (
select
coalesce(campaigns.campaign_id, -1) as campaign_id,
cast(sum(counted.sent_count) as bigint) as sent_count,
cast(sum(counted.delivered_count) as bigint) as delivered_count,
cast(sum(counted.hard_bounce_count) as bigint) as hard_bounce_count,
cast(sum(counted.soft_bounce_count) as bigint) as soft_bounce_count,
cast(sum(counted.unique_open_count) as bigint) as unique_open_count,
cast(sum(counted.unique_machine_open_count) as bigint) as unique_machine_open_count,
cast(sum(counted.unique_click_count) as bigint) as unique_click_count,
cast(sum(counted.complaint_count) as bigint) as complaint_count,
cast(sum(counted.unsubscribe_count) as bigint) as unsubscribe_count
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_campaign_counts as counted
left join campaigns on counted.campaign_key = campaigns.campaign_id
group by 1
),
reported as (
select
campaigns.campaign_name,
accounts.account_name,
campaigns.sent_at,
coalesce(counts.sent_count, 0) as sent_count,
coalesce(counts.delivered_count, 0) as delivered_count,
coalesce(counts.hard_bounce_count, 0) as hard_bounce_count,
coalesce(counts.soft_bounce_count, 0) as soft_bounce_count,
coalesce(counts.unique_open_count, 0) as unique_open_count,
coalesce(counts.unique_machine_open_count, 0) as unique_machine_open_count,
coalesce(counts.unique_click_count, 0) as unique_click_count,
coalesce(counts.complaint_count, 0) as complaint_count,
coalesce(counts.unsubscribe_count, 0) as unsubscribe_count,
cast(cast(delivered_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as delivery_rate,
cast(cast(hard_bounce_count + soft_bounce_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as bounce_rate,
cast(cast(unique_open_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as open_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as click_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(unique_open_count, 0) as decimal(18, 6)) as click_to_open_rate,
cast(cast(complaint_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as complaint_rate,
cast(cast(unsubscribe_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as unsubscribe_rate,
campaigns.campaign_id,
campaigns.account_id,
campaigns.region
from campaigns
left join counts on campaigns.campaign_id = counts.campaign_id
left join accounts on campaigns.account_id = accounts.account_id
where campaigns.sent_at is not null or counts.campaign_id is not null
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_daily_engagement
(sent_on date not null, account_id bigint not null, account_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), region varchar not null, sent_count bigint not null, delivered_count bigint not null, hard_bounce_count bigint not null, soft_bounce_count bigint not null, unique_open_count bigint not null, machine_only_open_count bigint not null, unique_click_count bigint not null, complaint_count bigint not null, unsubscribe_count bigint not null, open_rate decimal(18, 6), click_rate decimal(18, 6), click_to_open_rate decimal(18, 6))
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select sent_on, account_id, account_name, region, sent_count, delivered_count, hard_bounce_count, soft_bounce_count, unique_open_count, machine_only_open_count, unique_click_count, complaint_count, unsubscribe_count, open_rate, click_rate, click_to_open_rate
from (
with accounts as (
select account_id, account_name, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
counts as (
select
sent_on,
account_id,
cast(sum(sent_count) as bigint) as sent_count,
cast(sum(delivered_count) as bigint) as delivered_count,
cast(sum(hard_bounce_count) as bigint) as hard_bounce_count,
cast(sum(soft_bounce_count) as bigint) as soft_bounce_count,
cast(sum(unique_open_count) as bigint) as unique_open_count,
cast(sum(machine_only_open_count) as bigint) as machine_only_open_count,
cast(sum(unique_click_count) as bigint) as unique_click_count,
cast(sum(complaint_count) as bigint) as complaint_count,
cast(sum(unsubscribe_count) as bigint) as unsubscribe_count
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts
group by sent_on, account_id
),
reported as (
select
counts.sent_on,
counts.account_id,
accounts.account_name,
accounts.region,
counts.sent_count,
counts.delivered_count,
counts.hard_bounce_count,
counts.soft_bounce_count,
counts.unique_open_count,
counts.machine_only_open_count,
counts.unique_click_count,
counts.complaint_count,
counts.unsubscribe_count,
cast(cast(unique_open_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as open_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as click_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(unique_open_count, 0) as decimal(18, 6)) as click_to_open_rate
from counts
inner join accounts on counts.account_id = accounts.account_id
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_data_status
(source_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), table_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), row_count bigint not null, deleted_row_count bigint not null, newest_change_at timestamp without time zone, newest_load_id varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), source_loaded_at timestamp without time zone)
as (
select source_name, table_name, row_count, deleted_row_count, newest_change_at, newest_load_id, source_loaded_at
from (
with tables as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_dlt__tables
),
loads as (
select source_name, max(ended_at) as ended_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_dlt__loads
where is_complete
group by source_name
),
event_loads as (
select max(newest_received_at) as newest_received_at, max(case when event_count > 0 then load_id end) as newest_load_id
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_loads
),
reported as (
select
tables.source_name,
tables.table_name,
tables.row_count,
tables.deleted_row_count,
case when tables.is_append_only then event_loads.newest_received_at else tables.newest_change_at end as newest_change_at,
case when tables.is_append_only then event_loads.newest_load_id else tables.newest_load_id end as newest_load_id,
loads.ended_at as source_loaded_at
from tables
cross join event_loads
left join loads on tables.source_name = loads.source_name
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_deliverability
(sent_on date not null, mailbox_provider varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), sending_domain varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), region varchar not null, sent_count bigint not null, delivered_count bigint not null, deferred_count bigint not null, hard_bounce_count bigint not null, soft_bounce_count bigint not null, complaint_count bigint not null, delivery_rate decimal(18, 6), deferral_rate decimal(18, 6), hard_bounce_rate decimal(18, 6), soft_bounce_rate decimal(18, 6), complaint_rate decimal(18, 6))
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select sent_on, mailbox_provider, sending_domain, region, sent_count, delivered_count, deferred_count, hard_bounce_count, soft_bounce_count, complaint_count, delivery_rate, deferral_rate, hard_bounce_rate, soft_bounce_rate, complaint_rate
from (
with accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
counts as (
select
counted.sent_on,
counted.mailbox_provider,
counted.sending_domain,
accounts.region,
cast(sum(counted.sent_count) as bigint) as sent_count,
cast(sum(counted.delivered_count) as bigint) as delivered_count,
cast(sum(counted.deferred_count) as bigint) as deferred_count,
cast(sum(counted.hard_bounce_count) as bigint) as hard_bounce_count,
cast(sum(counted.soft_bounce_count) as bigint) as soft_bounce_count,
cast(sum(counted.complaint_count) as bigint) as complaint_count
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_counts as counted
inner join accounts on counted.account_id = accounts.account_id
group by counted.sent_on, counted.mailbox_provider, counted.sending_domain, accounts.region
),
reported as (
select
*,
cast(cast(delivered_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as delivery_rate,
cast(cast(deferred_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as deferral_rate,
cast(cast(hard_bounce_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as hard_bounce_rate,
cast(cast(soft_bounce_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as soft_bounce_rate,
cast(cast(complaint_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as complaint_rate
from counts
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_list_health
(list_id bigint not null, month_starts_on date not null, list_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), account_id bigint not null, region varchar not null, joined_count bigint not null, unsubscribed_count bigint not null, cleaned_count bigint not null, deleted_count bigint not null, net_growth_count bigint not null, member_count bigint not null, churn_rate decimal(18, 6))
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select list_id, month_starts_on, list_name, account_id, region, joined_count, unsubscribed_count, cleaned_count, deleted_count, net_growth_count, member_count, churn_rate
from (
with memberships as (
select
list_id,
joined_at,
case
when membership_status in ('unsubscribed', 'cleaned') then membership_status
when is_deleted then 'deleted'
end as ending,
case
when membership_status in ('unsubscribed', 'cleaned') then greatest(joined_at, updated_at)
when is_deleted then greatest(joined_at, deleted_at)
end as ended_at,
updated_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
where membership_status <> 'pending'
),
accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
lists as (
select
lists.list_id,
lists.list_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
lists.created_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists as lists
left join accounts on lists.account_id = accounts.account_id
union all
select -1, '(unknown)', -1, '(unknown)', null
),
moves as (
select list_id, joined_at as moved_at, 'joined' as movement from memberships
union all
select list_id, ended_at, ending from memberships where ended_at is not null
),
monthly as (
select
coalesce(lists.list_id, -1) as list_id,
cast(date_trunc('month', moves.moved_at) as date) as month_starts_on,
count(case when moves.movement = 'joined' then 1 end) as joined_count,
count(case when moves.movement = 'unsubscribed' then 1 end) as unsubscribed_count,
count(case when moves.movement = 'cleaned' then 1 end) as cleaned_count,
count(case when moves.movement = 'deleted' then 1 end) as deleted_count
from moves
left join lists on moves.list_id = lists.list_id
group by 1, 2
),
spans as (
select list_id, min(month_starts_on) as first_month
from (
select list_id, cast(date_trunc('month', created_at) as date) as month_starts_on from lists where list_id <> -1
union all
select list_id, month_starts_on from monthly
) as begun
group by list_id
),
newest as (
select cast(date_trunc('month', max(moved_at)) as date) as last_month
from (
select moved_at from moves
union all
select updated_at from memberships
) as changes
),
numbers as (
with p as (
select 0 as generated_number union all select 1
), unioned as (
select
p0.generated_number * power(2, 0)
+
p1.generated_number * power(2, 1)
+
p2.generated_number * power(2, 2)
+
p3.generated_number * power(2, 3)
+
p4.generated_number * power(2, 4)
+
p5.generated_number * power(2, 5)
+
p6.generated_number * power(2, 6)
+
p7.generated_number * power(2, 7)
+
p8.generated_number * power(2, 8)
+
p9.generated_number * power(2, 9)
+
p10.generated_number * power(2, 10)
+ 1
as generated_number
from
p as p0
cross join
p as p1
cross join
p as p2
cross join
p as p3
cross join
p as p4
cross join
p as p5
cross join
p as p6
cross join
p as p7
cross join
p as p8
cross join
p as p9
cross join
p as p10
)
select *
from unioned
where generated_number <= 1200
order by generated_number
),
months as (
select
spans.list_id,
cast(
dateadd(
month,
numbers.generated_number - 1,
spans.first_month
)
as date) as month_starts_on
from spans
cross join newest
inner join numbers on numbers.generated_number <= datediff(
month,
spans.first_month,
newest.last_month
) + 1
),
counted as (
select
months.list_id,
months.month_starts_on,
coalesce(monthly.joined_count, 0) as joined_count,
coalesce(monthly.unsubscribed_count, 0) as unsubscribed_count,
coalesce(monthly.cleaned_count, 0) as cleaned_count,
coalesce(monthly.deleted_count, 0) as deleted_count
from months
left join monthly on months.list_id = monthly.list_id and months.month_starts_on = monthly.month_starts_on
),
grown as (
select
*,
unsubscribed_count + cleaned_count + deleted_count as left_count,
joined_count - unsubscribed_count - cleaned_count - deleted_count as net_growth_count,
cast(sum(joined_count - unsubscribed_count - cleaned_count - deleted_count) over (
partition by list_id order by month_starts_on rows between unbounded preceding and current row
) as bigint) as member_count
from counted
),
reported as (
select
grown.list_id,
grown.month_starts_on,
lists.list_name,
lists.account_id,
lists.region,
grown.joined_count,
grown.unsubscribed_count,
grown.cleaned_count,
grown.deleted_count,
grown.net_growth_count,
grown.member_count,
cast(cast(grown.left_count as decimal(18, 0)) / nullif(grown.member_count - grown.net_growth_count, 0) as decimal(18, 6)) as churn_rate
from grown
inner join lists on grown.list_id = lists.list_id
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_list_survival
(account_id bigint not null, region varchar not null, month_number bigint not null, at_risk_count bigint not null, left_count bigint not null, censored_count bigint not null, survival_rate decimal(18, 6) not null)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select account_id, region, month_number, at_risk_count, left_count, censored_count, survival_rate
from (
with recursive memberships as (
select
list_id,
joined_at,
updated_at,
case
when membership_status in ('unsubscribed', 'cleaned') then greatest(joined_at, updated_at)
when is_deleted then greatest(joined_at, deleted_at)
end as ended_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
where membership_status <> 'pending'
),
newest as (
select max(greatest(joined_at, updated_at)) as changed_at from memberships
),
lists as (
select list_id, account_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists
),
accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
lived as (
select
coalesce(accounts.account_id, -1) as account_id,
memberships.ended_at is not null as has_left,
datediff(
day,
memberships.joined_at,
coalesce(memberships.ended_at, newest.changed_at)
) as days
from memberships
cross join newest
left join lists on memberships.list_id = lists.list_id
left join accounts on lists.account_id = accounts.account_id
),
monthly as (
select
account_id,
cast((days - mod(days, 30)) / 30 as bigint) as month_number,
count(case when has_left then 1 end) as left_count,
count(case when not has_left then 1 end) as censored_count
from lived
group by 1, 2
),
spans as (
select account_id, max(month_number) as last_month_number
from monthly
group by account_id
),
numbers as (
with p as (
select 0 as generated_number union all select 1
), unioned as (
select
p0.generated_number * power(2, 0)
+
p1.generated_number * power(2, 1)
+
p2.generated_number * power(2, 2)
+
p3.generated_number * power(2, 3)
+
p4.generated_number * power(2, 4)
+
p5.generated_number * power(2, 5)
+
p6.generated_number * power(2, 6)
+
p7.generated_number * power(2, 7)
+
p8.generated_number * power(2, 8)
+
p9.generated_number * power(2, 9)
+
p10.generated_number * power(2, 10)
+ 1
as generated_number
from
p as p0
cross join
p as p1
cross join
p as p2
cross join
p as p3
cross join
p as p4
cross join
p as p5
cross join
p as p6
cross join
p as p7
cross join
p as p8
cross join
p as p9
cross join
p as p10
)
select *
from unioned
where generated_number <= 1200
order by generated_number
),
months as (
select spans.account_id, cast(numbers.generated_number - 1 as bigint) as month_number
from spans
inner join numbers on numbers.generated_number - 1 <= spans.last_month_number
),
counted as (
select
months.account_id,
months.month_number,
coalesce(monthly.left_count, 0) as left_count,
coalesce(monthly.censored_count, 0) as censored_count,
cast(sum(coalesce(monthly.left_count, 0) + coalesce(monthly.censored_count, 0)) over (
partition by months.account_id order by months.month_number desc
rows between unbounded preceding and current row
) as bigint) as at_risk_count
from months
left join monthly on months.account_id = monthly.account_id and months.month_number = monthly.month_number
),
curve as (
select
account_id,
month_number,
cast(at_risk_count - left_count as double) / cast(at_risk_count as double) as survival
from counted
where month_number = 0
union all
select
counted.account_id,
counted.month_number,
curve.survival * cast(counted.at_risk_count - counted.left_count as double) / cast(counted.at_risk_count as double)
from curve
inner join counted on curve.account_id = counted.account_id and counted.month_number = curve.month_number + 1
),
reported as (
select
counted.account_id,
coalesce(accounts.region, '(unknown)') as region,
counted.month_number,
counted.at_risk_count,
counted.left_count,
counted.censored_count,
cast(round(curve.survival, 6) as decimal(18, 6)) as survival_rate
from counted
inner join curve on counted.account_id = curve.account_id and counted.month_number = curve.month_number
left join accounts on counted.account_id = accounts.account_id
)
select * from reported
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_mrr
(month_starts_on date not null, measured_on date not null, opening_mrr_usd decimal(18, 2) not null, new_mrr_usd decimal(18, 2) not null, expansion_mrr_usd decimal(18, 2) not null, contraction_mrr_usd decimal(18, 2) not null, churn_mrr_usd decimal(18, 2) not null, reactivation_mrr_usd decimal(18, 2) not null, closing_mrr_usd decimal(18, 2) not null, exchange_rate_change_usd decimal(18, 2) not null, opening_account_count bigint not null, new_account_count bigint not null, churned_account_count bigint not null, reactivated_account_count bigint not null, paying_account_count bigint not null, arpa_usd decimal(18, 2), logo_churn_rate decimal(18, 6), revenue_churn_rate decimal(18, 6), net_revenue_retention decimal(18, 6))
as (
select month_starts_on, measured_on, opening_mrr_usd, new_mrr_usd, expansion_mrr_usd, contraction_mrr_usd, churn_mrr_usd, reactivation_mrr_usd, closing_mrr_usd, exchange_rate_change_usd, opening_account_count, new_account_count, churned_account_count, reactivated_account_count, paying_account_count, arpa_usd, logo_churn_rate, revenue_churn_rate, net_revenue_retention
from (
with months as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_mrr_months
),
movements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_mrr_movements
),
account_months as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_account_mrr
),
moved as (
select
month_starts_on,
sum(case when movement = 'new' then change_usd else 0 end) as new_mrr_usd,
sum(case when movement = 'expansion' then change_usd else 0 end) as expansion_mrr_usd,
sum(case when movement = 'contraction' then change_usd else 0 end) as contraction_mrr_usd,
sum(case when movement = 'churn' then change_usd else 0 end) as churn_mrr_usd,
sum(case when movement = 'reactivation' then change_usd else 0 end) as reactivation_mrr_usd,
sum(change_usd) as change_usd,
sum(exchange_rate_change_usd) as exchange_rate_change_usd,
count(case when movement = 'new' then 1 end) as new_account_count,
count(case when movement = 'churn' then 1 end) as churned_account_count,
count(case when movement = 'reactivation' then 1 end) as reactivated_account_count
from movements
group by month_starts_on
),
measured as (
select
month_starts_on,
sum(mrr_usd) as closing_mrr_usd,
count(case when mrr_usd > 0 then 1 end) as paying_account_count
from account_months
group by month_starts_on
),
joined as (
select
months.month_starts_on,
months.measured_on,
cast(coalesce(moved.new_mrr_usd, 0) as decimal(18, 2)) as new_mrr_usd,
cast(coalesce(moved.expansion_mrr_usd, 0) as decimal(18, 2)) as expansion_mrr_usd,
cast(coalesce(moved.contraction_mrr_usd, 0) as decimal(18, 2)) as contraction_mrr_usd,
cast(coalesce(moved.churn_mrr_usd, 0) as decimal(18, 2)) as churn_mrr_usd,
cast(coalesce(moved.reactivation_mrr_usd, 0) as decimal(18, 2)) as reactivation_mrr_usd,
coalesce(moved.change_usd, 0) as change_usd,
cast(coalesce(moved.exchange_rate_change_usd, 0) as decimal(18, 2)) as exchange_rate_change_usd,
cast(coalesce(measured.closing_mrr_usd, 0) as decimal(18, 2)) as closing_mrr_usd,
coalesce(moved.new_account_count, 0) as new_account_count,
coalesce(moved.churned_account_count, 0) as churned_account_count,
coalesce(moved.reactivated_account_count, 0) as reactivated_account_count,
coalesce(measured.paying_account_count, 0) as paying_account_count
from months
left join moved on months.month_starts_on = moved.month_starts_on
left join measured on months.month_starts_on = measured.month_starts_on
),
opened as (
select
*,
cast(
sum(change_usd) over (order by month_starts_on rows between unbounded preceding and current row) - change_usd
as decimal(18, 2)
) as opening_mrr_usd,
cast(coalesce(lag(paying_account_count) over (order by month_starts_on), 0) as bigint) as opening_account_count
from joined
),
reported as (
select
month_starts_on,
measured_on,
opening_mrr_usd,
new_mrr_usd,
expansion_mrr_usd,
contraction_mrr_usd,
churn_mrr_usd,
reactivation_mrr_usd,
closing_mrr_usd,
exchange_rate_change_usd,
opening_account_count,
new_account_count,
churned_account_count,
reactivated_account_count,
paying_account_count,
cast(cast(((closing_mrr_usd + 0.005 * paying_account_count) * 100 - mod((closing_mrr_usd + 0.005 * paying_account_count) * 100, nullif(paying_account_count, 0))) / nullif(paying_account_count, 0) as decimal(18, 0)) * 0.01 as decimal(18, 2)) as arpa_usd,
cast(cast(churned_account_count as decimal(18, 0)) / nullif(opening_account_count, 0) as decimal(18, 6)) as logo_churn_rate,
cast(cast(-100 * (contraction_mrr_usd + churn_mrr_usd) as decimal(18, 0)) / nullif((100 * opening_mrr_usd), 0) as decimal(18, 6)) as revenue_churn_rate,
cast(cast(100 * (opening_mrr_usd + expansion_mrr_usd + contraction_mrr_usd + churn_mrr_usd) as decimal(18, 0)) / nullif((100 * opening_mrr_usd), 0) as decimal(18, 6)) as net_revenue_retention
from opened
)
select * from reported
) as model_subq
);

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp
(cost_on date not null, warehouse_name varchar not null, pipeline varchar not null, table_name varchar not null, load_id varchar not null, node_id varchar not null, row_count bigint not null, byte_count bigint not null, scanned_byte_count bigint not null, file_count bigint not null, statement_count bigint not null, warehouse_seconds decimal(18, 3) not null, metered_seconds decimal(18, 3) not null, credits decimal(18, 9) not null, cost_usd decimal(18, 6) not null)
as (
select cost_on, warehouse_name, pipeline, table_name, load_id, node_id, row_count, byte_count, scanned_byte_count, file_count, statement_count, warehouse_seconds, metered_seconds, credits, cost_usd
from (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
statement_hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
where hour_started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
files as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
where copied_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
prices as (
select usd
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices
where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, any_value(pipeline) as pipeline, any_value(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost
(cost_on date not null, warehouse_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), pipeline varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), table_name varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), load_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), node_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), row_count bigint not null, byte_count bigint not null, scanned_byte_count bigint not null, file_count bigint not null, statement_count bigint not null, warehouse_seconds decimal(18, 3) not null, metered_seconds decimal(18, 3) not null, credits decimal(18, 9) not null, cost_usd decimal(18, 6) not null)
as (
select cost_on, warehouse_name, pipeline, table_name, load_id, node_id, row_count, byte_count, scanned_byte_count, file_count, statement_count, warehouse_seconds, metered_seconds, credits, cost_usd
from (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp without time zone)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp without time zone)
),
statement_hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
where hour_started_at >= cast('2000-01-01' as timestamp without time zone)
),
files as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
where copied_at >= cast('2000-01-01' as timestamp without time zone)
),
prices as (
select usd
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices
where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, any_value(pipeline) as pipeline, any_value(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) as model_subq
);

delete from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost as DBT_INTERNAL_DEST
where (cost_on) in (
select distinct cost_on
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp as DBT_INTERNAL_SOURCE
);

insert into DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost ("COST_ON", "WAREHOUSE_NAME", "PIPELINE", "TABLE_NAME", "LOAD_ID", "NODE_ID", "ROW_COUNT", "BYTE_COUNT", "SCANNED_BYTE_COUNT", "FILE_COUNT", "STATEMENT_COUNT", "WAREHOUSE_SECONDS", "METERED_SECONDS", "CREDITS", "COST_USD")
(
select "COST_ON", "WAREHOUSE_NAME", "PIPELINE", "TABLE_NAME", "LOAD_ID", "NODE_ID", "ROW_COUNT", "BYTE_COUNT", "SCANNED_BYTE_COUNT", "FILE_COUNT", "STATEMENT_COUNT", "WAREHOUSE_SECONDS", "METERED_SECONDS", "CREDITS", "COST_USD"
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_restatements
(occurred_on date not null, event_type varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), load_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), added_count bigint not null, total_before bigint not null, total_after bigint not null)
as (
select occurred_on, event_type, load_id, added_count, total_before, total_after
from (
with counts as (
select occurred_on, event_type, load_id, cast(load_id as decimal(20, 6)) as load_number, event_count as added_count
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_event_counts
),
loads as (
select load_id, load_number, max(occurred_on) as newest_on
from counts
group by 1, 2
),
reported_before as (
select
load_id,
max(newest_on) over (order by load_number rows between unbounded preceding and 1 preceding) as newest_on
from loads
),
totals as (
select
*,
cast(sum(added_count) over (
partition by occurred_on, event_type order by load_number rows between unbounded preceding and current row
) as bigint) as total_after
from counts
),
restated as (
select
totals.occurred_on,
totals.event_type,
totals.load_id,
totals.added_count,
totals.total_after - totals.added_count as total_before,
totals.total_after
from totals
inner join reported_before on totals.load_id = reported_before.load_id and totals.occurred_on < reported_before.newest_on
)
select * from restated
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_revenue_monthly
(month_starts_on date not null, invoice_status varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), currency varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), invoice_count bigint not null, billed_amount decimal(18, 2) not null, billed_usd decimal(18, 2) not null, open_usd decimal(18, 2) not null, paid_usd decimal(18, 2) not null, void_usd decimal(18, 2) not null, uncollectible_usd decimal(18, 2) not null, tax_usd decimal(18, 2) not null, deleted_invoice_count bigint not null, deleted_usd decimal(18, 2) not null)
as (
select month_starts_on, invoice_status, currency, invoice_count, billed_amount, billed_usd, open_usd, paid_usd, void_usd, uncollectible_usd, tax_usd, deleted_invoice_count, deleted_usd
from (
with invoices as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
),
marked as (
select
*,
cast(date_trunc('month', issued_on) as date) as month_starts_on,
not is_deleted and invoice_status <> 'draft' as is_billed
from invoices
),
summed as (
select
month_starts_on,
invoice_status,
currency,
count(case when not is_deleted then 1 end) as invoice_count,
cast(sum(case when is_billed then total_amount else 0 end) as decimal(18, 2)) as billed_amount,
cast(sum(case when is_billed then total_usd else 0 end) as decimal(18, 2)) as billed_usd,
cast(sum(case when is_billed and invoice_status = 'open' then total_usd else 0 end) as decimal(18, 2)) as open_usd,
cast(sum(case when is_billed and invoice_status = 'paid' then total_usd else 0 end) as decimal(18, 2)) as paid_usd,
cast(sum(case when is_billed and invoice_status = 'void' then total_usd else 0 end) as decimal(18, 2)) as void_usd,
cast(sum(case when is_billed and invoice_status = 'uncollectible' then total_usd else 0 end) as decimal(18, 2)) as uncollectible_usd,
cast(sum(case when is_billed then tax_usd else 0 end) as decimal(18, 2)) as tax_usd,
count(case when is_deleted then 1 end) as deleted_invoice_count,
cast(sum(case when is_deleted then total_usd else 0 end) as decimal(18, 2)) as deleted_usd
from marked
group by month_starts_on, invoice_status, currency
)
select * from summed
) as model_subq
);

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_suppression_breaches
(message_id varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_ID = 'masked'), account_id bigint not null, region varchar not null, contact_id bigint not null, campaign_id bigint not null, sent_at timestamp without time zone not null, broken_rule varchar not null tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA_TEXT = 'masked'), began_at timestamp without time zone not null, lifted_at timestamp without time zone)
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select message_id, account_id, region, contact_id, campaign_id, sent_at, broken_rule, began_at, lifted_at
from (
with messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_ruled_messages
),
suppressions as (
select
account_id,
contact_id,
suppression_reason,
created_at,
case when not is_active then updated_at when is_deleted then deleted_at end as ended_at
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
),
signs as (
select account_id, contact_id, 'unsubscribe' as broken_rule, unsubscribed_at as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs
where unsubscribed_at is not null
union all
select account_id, contact_id, 'spam_report' as broken_rule, complained_at as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs
where complained_at is not null
union all
select account_id, contact_id, 'hard_bounce' as broken_rule, hard_bounced_at as began_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_message_signs
where hard_bounced_at is not null
),
lifted as (
select
signs.account_id,
signs.contact_id,
signs.broken_rule,
signs.began_at,
min(suppressions.ended_at) as ended_at
from signs
left join suppressions
on signs.account_id = suppressions.account_id
and signs.contact_id = suppressions.contact_id
and signs.broken_rule = suppressions.suppression_reason
and signs.began_at < suppressions.ended_at
group by 1, 2, 3, 4
),
rules as (
select * from lifted
union all
select account_id, contact_id, 'suppression', created_at, ended_at from suppressions
),
breaches as (
select
messages.message_id,
messages.account_id,
messages.contact_id,
messages.campaign_id,
messages.processed_at as sent_at,
rules.broken_rule,
rules.began_at,
case when rules.ended_at <= messages.processed_at then rules.ended_at end as lifted_at
from messages
inner join rules
on messages.account_id = rules.account_id
and messages.contact_id = rules.contact_id
and messages.processed_at > rules.began_at
where rules.broken_rule <> 'suppression' or rules.ended_at is null or rules.ended_at > messages.processed_at
),
ranked as (
select
*,
row_number() over (
partition by campaign_id, message_id
order by case when lifted_at is null then 0 else 1 end, began_at, broken_rule
) as worst_first
from breaches
),
accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
reported as (
select
ranked.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
ranked.sent_at,
ranked.broken_rule,
ranked.began_at,
ranked.lifted_at
from ranked
left join accounts on ranked.account_id = accounts.account_id
left join contacts on ranked.contact_id = contacts.contact_id
left join campaigns on ranked.campaign_id = campaigns.campaign_id
where ranked.worst_first = 1
)
select * from reported
) as model_subq
);

create or replace table DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.accounts_snapshot
as (
select *,
md5(coalesce(cast(account_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
) sbq
);

create or replace temporary table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT__dbt_tmp"
as (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
),
snapshotted_data as (
select *,
account_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
account_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(account_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
account_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
);

merge into "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT" as DBT_INTERNAL_DEST
using "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT__dbt_tmp" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.dbt_scd_id = DBT_INTERNAL_DEST.dbt_scd_id
when matched
and DBT_INTERNAL_DEST.dbt_valid_to is null
and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
then update
set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to
when not matched
and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
then insert ("ACCOUNT_ID", "ACCOUNT_UUID", "ACCOUNT_NAME", "PLAN_ID", "ACCOUNT_STATUS", "REGION", "INDUSTRY", "TIME_ZONE", "SETTINGS", "TAGS", "CREDIT_LIMIT_AMOUNT", "TRIAL_ENDS_ON", "SIGNED_UP_LOCAL_AT", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "CHANGED_AT", "IS_DELETED", "LOAD_ID", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
values ("ACCOUNT_ID", "ACCOUNT_UUID", "ACCOUNT_NAME", "PLAN_ID", "ACCOUNT_STATUS", "REGION", "INDUSTRY", "TIME_ZONE", "SETTINGS", "TAGS", "CREDIT_LIMIT_AMOUNT", "TRIAL_ENDS_ON", "SIGNED_UP_LOCAL_AT", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "CHANGED_AT", "IS_DELETED", "LOAD_ID", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID");

create or replace table DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.campaigns_snapshot
as (
select *,
md5(coalesce(cast(campaign_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
) sbq
);

create or replace temporary table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CAMPAIGNS_SNAPSHOT__dbt_tmp"
as (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
),
snapshotted_data as (
select *,
campaign_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CAMPAIGNS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
campaign_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(campaign_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
campaign_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
);

merge into "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CAMPAIGNS_SNAPSHOT" as DBT_INTERNAL_DEST
using "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CAMPAIGNS_SNAPSHOT__dbt_tmp" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.dbt_scd_id = DBT_INTERNAL_DEST.dbt_scd_id
when matched
and DBT_INTERNAL_DEST.dbt_valid_to is null
and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
then update
set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to
when not matched
and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
then insert ("CAMPAIGN_ID", "ACCOUNT_ID", "LIST_ID", "CAMPAIGN_NAME", "SUBJECT_LINE", "FROM_EMAIL", "CAMPAIGN_STATUS", "BUDGET_AMOUNT", "SETTINGS", "SCHEDULED_LOCAL_AT", "SENT_AT", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "CHANGED_AT", "IS_DELETED", "LOAD_ID", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
values ("CAMPAIGN_ID", "ACCOUNT_ID", "LIST_ID", "CAMPAIGN_NAME", "SUBJECT_LINE", "FROM_EMAIL", "CAMPAIGN_STATUS", "BUDGET_AMOUNT", "SETTINGS", "SCHEDULED_LOCAL_AT", "SENT_AT", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "CHANGED_AT", "IS_DELETED", "LOAD_ID", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID");

create or replace table DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.contacts_snapshot
as (
select *,
md5(coalesce(cast(contact_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_contact_states
) sbq
);

create or replace temporary table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CONTACTS_SNAPSHOT__dbt_tmp"
as (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_contact_states
),
snapshotted_data as (
select *,
contact_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CONTACTS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
contact_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(contact_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
contact_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
);

merge into "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CONTACTS_SNAPSHOT" as DBT_INTERNAL_DEST
using "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."CONTACTS_SNAPSHOT__dbt_tmp" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.dbt_scd_id = DBT_INTERNAL_DEST.dbt_scd_id
when matched
and DBT_INTERNAL_DEST.dbt_valid_to is null
and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
then update
set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to
when not matched
and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
then insert ("CONTACT_ID", "ACCOUNT_ID", "IS_SUBSCRIBED", "CONSENT_SOURCE", "LEAD_SCORE", "SUBSCRIBED_AT", "UNSUBSCRIBED_AT", "CREATED_AT", "DELETED_AT", "IS_DELETED", "CHANGED_AT", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
values ("CONTACT_ID", "ACCOUNT_ID", "IS_SUBSCRIBED", "CONSENT_SOURCE", "LEAD_SCORE", "SUBSCRIBED_AT", "UNSUBSCRIBED_AT", "CREATED_AT", "DELETED_AT", "IS_DELETED", "CHANGED_AT", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID");

create or replace table DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.subscriptions_snapshot
as (
select *,
md5(coalesce(cast(subscription_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
) sbq
);

create or replace temporary table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT__dbt_tmp"
as (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
),
snapshotted_data as (
select *,
subscription_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
subscription_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(subscription_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
subscription_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
);

merge into "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT" as DBT_INTERNAL_DEST
using "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT__dbt_tmp" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.dbt_scd_id = DBT_INTERNAL_DEST.dbt_scd_id
when matched
and DBT_INTERNAL_DEST.dbt_valid_to is null
and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
then update
set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to
when not matched
and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
then insert ("SUBSCRIPTION_ID", "ACCOUNT_ID", "PLAN_ID", "SUBSCRIPTION_STATUS", "MONTHLY_AMOUNT", "DISCOUNT_RATE", "CURRENCY", "SEAT_COUNT", "STARTED_ON", "ENDED_ON", "METADATA", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "CHANGED_AT", "IS_DELETED", "LOAD_ID", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
values ("SUBSCRIPTION_ID", "ACCOUNT_ID", "PLAN_ID", "SUBSCRIPTION_STATUS", "MONTHLY_AMOUNT", "DISCOUNT_RATE", "CURRENCY", "SEAT_COUNT", "STARTED_ON", "ENDED_ON", "METADATA", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "CHANGED_AT", "IS_DELETED", "LOAD_ID", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID");

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_dlt__loads
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW._dlt_loads
),
renamed as (
select
load_id,
schema_name as source_name,
status = 0 as is_complete,
cast(convert_timezone('UTC', inserted_at) as timestamp_ntz) as ended_at
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_dlt__tables
as (
select
'postgres' as source_name,
'postgres_accounts' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_accounts
union all
select
'postgres' as source_name,
'postgres_campaigns' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_campaigns
union all
select
'postgres' as source_name,
'postgres_contacts' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_contacts
union all
select
'postgres' as source_name,
'postgres_invoices' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_invoices
union all
select
'postgres' as source_name,
'postgres_list_memberships' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_list_memberships
union all
select
'postgres' as source_name,
'postgres_lists' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_lists
union all
select
'postgres' as source_name,
'postgres_plans' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_plans
union all
select
'postgres' as source_name,
'postgres_subscriptions' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_subscriptions
union all
select
'postgres' as source_name,
'postgres_users' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_users
union all
select
'saas' as source_name,
'saas_campaigns' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_campaigns
union all
select
'saas' as source_name,
'saas_email_events' as table_name,
count(*) as row_count,
0 as deleted_row_count,
cast(null as timestamp without time zone) as newest_change_at,
cast(null as varchar) as newest_load_id,
true as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_email_events
union all
select
'saas' as source_name,
'saas_suppressions' as table_name,
count(*) as row_count,
count(_deleted_at) as deleted_row_count,
cast(convert_timezone('UTC', max(updated_at)) as timestamp_ntz) as newest_change_at,
max(_dlt_load_id) as newest_load_id,
false as is_append_only
from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_suppressions
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.copy_history
),
renamed as (
select
file_name,
lower(table_name) as table_name,
split_part(
split_part(
file_name,
'/',
-1
)
,
'.',
1
)
|| '.' ||
split_part(
split_part(
file_name,
'/',
-1
)
,
'.',
2
)
as load_id,
cast(convert_timezone('UTC', last_load_time) as timestamp_ntz) as copied_at,
row_count,
file_size as byte_count
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.query_history
),
renamed as (
select
query_id as statement_id,
try_parse_json(query_tag):pipeline::varchar as pipeline,
try_parse_json(query_tag):table::varchar as table_name,
try_parse_json(query_tag):load_id::varchar as load_id,
try_parse_json(query_tag):dbt::varchar as node_id,
warehouse_name,
dateadd(
millisecond,
-execution_time,
cast(convert_timezone('UTC', end_time) as timestamp_ntz)
)
as started_at,
cast(convert_timezone('UTC', end_time) as timestamp_ntz) as ended_at,
cast(cast(execution_time as decimal(18, 3)) / 1000 as decimal(18, 3)) as executed_seconds,
bytes_scanned as scanned_byte_count,
bytes_written as written_byte_count,
coalesce(rows_inserted, 0) + coalesce(rows_updated, 0) as written_row_count
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.warehouse_metering_history
),
renamed as (
select
warehouse_name,
cast(convert_timezone('UTC', start_time) as timestamp_ntz) as started_at,
cast(convert_timezone('UTC', end_time) as timestamp_ntz) as ended_at,
cast(credits_used as decimal(18, 9)) as credits
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_accounts
),
renamed as (
select
account_id,
account_uuid,
account_name,
plan_id,
account_status,
region,
industry,
time_zone,
parse_json(cast(settings as varchar)) as settings,
parse_json(cast(tags as varchar)) as tags,
cast(credit_limit as decimal(38, 9)) as credit_limit_amount,
trial_ends_on,
signed_up_local_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
cast(convert_timezone('UTC', greatest(updated_at, coalesce(_deleted_at, updated_at))) as timestamp_ntz) as changed_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_campaigns
),
renamed as (
select
campaign_id,
account_id,
list_id,
campaign_name,
subject_line,
lower(from_email) as from_email,
campaign_status,
budget_amount,
parse_json(cast(settings as varchar)) as settings,
scheduled_local_at,
cast(convert_timezone('UTC', sent_at) as timestamp_ntz) as sent_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
cast(convert_timezone('UTC', greatest(updated_at, coalesce(_deleted_at, updated_at))) as timestamp_ntz) as changed_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_contacts
),
renamed as (
select
contact_id,
account_id,
contact_uuid,
lower(email) as email,
first_name,
last_name,
locale,
birth_date,
is_subscribed,
consent_source,
lead_score,
parse_json(cast(attributes as varchar)) as attributes,
parse_json(cast(tags as varchar)) as tags,
cast(convert_timezone('UTC', subscribed_at) as timestamp_ntz) as subscribed_at,
cast(convert_timezone('UTC', unsubscribed_at) as timestamp_ntz) as unsubscribed_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
cast(convert_timezone('UTC', greatest(updated_at, coalesce(_deleted_at, updated_at))) as timestamp_ntz) as changed_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_invoices
),
renamed as (
select
invoice_id,
account_id,
subscription_id,
invoice_number,
invoice_status,
currency,
subtotal_amount,
tax_amount,
total_amount,
cast(exchange_rate as decimal(38, 18)) as exchange_rate,
parse_json(cast(line_items as varchar)) as line_items,
memo,
issued_on,
due_on,
cast(convert_timezone('UTC', paid_at) as timestamp_ntz) as paid_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_list_memberships
),
renamed as (
select
list_id,
contact_id,
membership_status,
cast(convert_timezone('UTC', joined_at) as timestamp_ntz) as joined_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_lists
),
renamed as (
select
list_id,
account_id,
list_name,
is_archived,
lower(default_from_email) as default_from_email,
parse_json(cast(segment_rule as varchar)) as segment_rule,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_plans
),
renamed as (
select
plan_id,
plan_code,
plan_name,
monthly_price as monthly_price_amount,
currency,
monthly_send_limit,
overage_price as overage_price_digits,
parse_json(cast(features as varchar)) as features,
is_public,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_subscriptions
),
renamed as (
select
subscription_id,
account_id,
plan_id,
subscription_status,
monthly_amount,
cast(discount_rate as decimal(38, 18)) as discount_rate,
currency,
seat_count,
started_on,
ended_on,
parse_json(cast(metadata as varchar)) as metadata,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
cast(convert_timezone('UTC', greatest(updated_at, coalesce(_deleted_at, updated_at))) as timestamp_ntz) as changed_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_users
),
renamed as (
select
user_id,
account_id,
lower(email) as email,
full_name,
user_role,
is_active,
failed_login_count,
cast(convert_timezone('UTC', last_login_at) as timestamp_ntz) as last_login_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_campaigns
),
renamed as (
select
campaign_id,
account_id,
name as campaign_name,
subject as subject_line,
lower(from_email) as from_email,
sending_domain,
ip_pool,
status as sending_status,
recipient_count,
parse_json(cast(settings as varchar)) as settings,
parse_json(cast(tags as varchar)) as tags,
cast(convert_timezone('UTC', scheduled_at) as timestamp_ntz) as scheduled_at,
cast(convert_timezone('UTC', sent_at) as timestamp_ntz) as sent_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_email_events
),
renamed as (
select
event_id,
event_type,
message_id,
campaign_id,
account_id,
contact_id,
lower(email) as email,
mailbox_provider,
cast(convert_timezone('UTC', occurred_at) as timestamp_ntz) as occurred_at,
occurred_at as raw_occurred_at,
cast(convert_timezone('UTC', received_at) as timestamp_ntz) as received_at,
is_machine_open,
user_agent,
ip_address,
link_url,
bounce_type,
reason as bounce_reason,
_dlt_load_id as load_id
from source
)
select * from renamed
);

create or replace view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_suppressions
),
renamed as (
select
suppression_id,
account_id,
contact_id,
lower(email) as email,
reason as suppression_reason,
is_active,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
);

BEGIN;

COMMIT;

alter session set query_tag = '<text>';

alter table <relation> alter
<columns>;

comment on table <relation> IS $$<text>$$;

comment on view <relation> IS $$<text>$$;

describe table <relation>;

drop table if exists <relation> cascade;

drop view if exists <relation> cascade;

show objects in <relation>
limit 10000;

show terse schemas in database DP_MAILBLAZE_DEMO_DEV_DB
limit 10000;

show user functions in <relation>;
