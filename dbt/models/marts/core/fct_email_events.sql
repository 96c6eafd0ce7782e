{{ config(
    materialized='incremental',
    incremental_strategy='by_event',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_touched_messages']) }}",
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since, 'is_rejoined') -%}
{%- set staged = ref('stg_saas__email_events') -%}

with events as (
    {{ events_after(since) }}
    {% if since is not none %}
    union all
    -- Events without a dimension row so far.
    select * from ({{ rows_in(staged, 'raw_occurred_at', days, 'timestamp with time zone') }}) as rejoined
    where (coalesce(campaign_id, -1), message_id) in ({{ touched_keys(since, 'is_rejoined') }})
        and load_id not in ({{ loads_after(since) }})
    {% endif %}
),

accounts as (
    select account_id from {{ ref('dim_accounts') }}
),

contacts as (
    select contact_id from {{ ref('dim_contacts') }}
),

campaigns as (
    select campaign_id from {{ ref('dim_campaigns') }}
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
