{{ config(
    materialized='incremental',
    incremental_strategy='by_sent_day',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_touched_days', 'fct_messages']) }}",
) }}

{%- set since = built_batch([ref('int_touched_days')]) -%}
{%- set days = touched_day_ranges(since) -%}
{%- set facts = ref('fct_messages') -%}

with messages as (
    {% if since is none -%}
    select * from {{ facts }}
    {%- else -%}
    {{ rows_in(facts, 'sent_on', days) }}
    {%- endif %}
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
{% if since is none -%}
order by sent_on
{%- endif %}
