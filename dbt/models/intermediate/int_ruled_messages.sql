{{ config(
    materialized='incremental',
    incremental_strategy='by_message',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_messages', 'int_ruled_contacts']) }}",
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set all_messages, contacts = ref('int_messages'), ref('int_ruled_contacts') -%}
{%- set campaign_days = ref('int_campaign_days') -%}

with contacts as (
    select account_id, contact_id, min(began_at) as began_at
    from {{ contacts }}
    group by account_id, contact_id
),

messages as (
    {% if since is none -%}
    select * from {{ all_messages }}
    {%- else -%}
    select * from ({{ rows_in(all_messages, 'sent_at', days, 'timestamp') }}) as messages_of_days
    where (coalesce(campaign_id, -1), message_id) in ({{ touched_keys(since) }})
    {%- endif %}
),

{% if since is not none -%}
{%- set new_contacts = contacts ~ ' where batch_number > ' ~ since -%}
{%- set later_days -%}
    select occurred_on as day_on
    from {{ campaign_days }}
    where occurred_on >= (select cast(min(began_at) as date) from {{ new_contacts }})
{%- endset -%}
-- Messages that were here before, to contacts whose first rule is new or began earlier than was known.
earlier_messages as (
    select messages_since.*
    from ({{ rows_in(all_messages, 'sent_at', day_ranges(later_days), 'timestamp') }}) as messages_since
    left join {{ this }} as known
        on messages_since.message_id = known.message_id
        and coalesce(messages_since.campaign_id, -1) = coalesce(known.campaign_id, -1)
    where known.message_id is null
        and (messages_since.account_id, messages_since.contact_id) in (select account_id, contact_id from {{ new_contacts }})
        and (coalesce(messages_since.campaign_id, -1), messages_since.message_id) not in ({{ touched_keys(since) }})
),

candidates as (
    select * from messages
    union all
    select * from earlier_messages
),
{%- else -%}
candidates as (
    select * from messages
),
{%- endif %}

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
{% if since is none -%}
order by sent_at
{%- endif %}
