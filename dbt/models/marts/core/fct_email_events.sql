{{ config(materialized='incremental', unique_key='event_id', incremental_strategy='delete+insert', on_schema_change='fail') }}

with events as (
    select * from {{ ref('stg_saas__email_events') }}
    {% if is_incremental() %}
    -- By load, not by time: an event may be days late. Events without a dimension row so far are joined again. One list of keys,
    -- so that the warehouse reads the other columns of these events only.
    where event_id in (
        select event_id from {{ ref('stg_saas__email_events') }}
        where load_id in (select load_id from {{ new_loads('load_id') }})
        union all
        select event_id from {{ this }} where -1 in (account_id, contact_id, campaign_id)
    )
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
