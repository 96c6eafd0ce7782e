{{ config(
    materialized='incremental',
    incremental_strategy='by_message',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_messages']) }}",
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set all_messages = ref('int_messages') -%}

with messages as (
    {% if since is none -%}
    select * from {{ all_messages }}
    {%- else -%}
    select * from ({{ rows_in(all_messages, 'sent_at', days, 'timestamp') }}) as messages_of_days
    where (coalesce(campaign_id, -1), message_id) in ({{ touched_keys(since) }})
    {%- endif %}
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
{% if since is none -%}
order by sent_at
{%- endif %}
