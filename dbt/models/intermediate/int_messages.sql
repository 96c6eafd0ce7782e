{{ config(
    materialized='incremental',
    incremental_strategy='by_message',
    on_schema_change='append_new_columns',
    post_hook="{{ record_batch(['int_touched_messages']) }}",
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set staged = ref('stg_saas__email_events') -%}

with events as (
    {% if since is none -%}
    select * from {{ staged }}
    {%- else -%}
    select * from ({{ rows_in(staged, 'raw_occurred_at', days, 'timestamp with time zone') }}) as events_of_days
    where (coalesce(campaign_id, -1), message_id) in ({{ touched_keys(since) }})
    {%- endif %}
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
{% if since is none -%}
-- Stored in this order, so that a later run reads only the days that it needs.
order by sent_at
{%- endif %}
