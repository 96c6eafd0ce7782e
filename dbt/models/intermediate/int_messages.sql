{{ config(materialized='incremental', unique_key='message_id', incremental_strategy='delete+insert', on_schema_change='fail') }}

with events as (
    select * from {{ ref('stg_saas__email_events') }}
    {% if is_incremental() %}
    -- By load, not by time: events arrive late. A load that is the newest of no message is selected again, which is harmless.
    where message_id in (
        select message_id from {{ ref('stg_saas__email_events') }}
        where load_id in (select load_id from {{ new_loads('newest_load_id') }})
    )
    {% endif %}
),

messages as (
    select
        message_id,
        min(campaign_id) as campaign_id,
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
    group by message_id
),

outcomes as (
    select
        *,
        case
            when delivered_at is not null then 'delivered'
            when hard_bounced_at is not null then 'hard_bounced'
            when first_bounced_at is not null then 'soft_bounced'
            else 'pending'
        end as message_outcome
    from messages
)

select * from outcomes
