-- The fact, the report by day and the report by domain have the same number of messages. Counts, not keys: a warehouse has
-- them as metadata and reads no large table.
with messages as (
    select count(*) as message_count from {{ ref('int_messages') }}
),

facts as (
    select count(*) as message_count from {{ ref('fct_messages') }}
),

days as (
    select coalesce(sum(sent_count), 0) as message_count from {{ ref('rpt_daily_engagement') }}
),

domains as (
    select coalesce(sum(sent_count), 0) as message_count from {{ ref('rpt_deliverability') }}
)

select
    messages.message_count,
    facts.message_count as fact_count,
    days.message_count as day_count,
    domains.message_count as domain_count
from messages
cross join facts
cross join days
cross join domains
where facts.message_count <> messages.message_count
    or days.message_count <> messages.message_count
    or domains.message_count <> messages.message_count
