{{ config(materialized='incremental', unique_key='message_id', incremental_strategy='delete+insert', on_schema_change='fail') }}
-- depends_on: {{ ref('stg_saas__email_events') }}

with messages as (
    select * from {{ ref('int_messages') }}
    {% if is_incremental() %}
    -- By the loads of its events, as in int_messages: the newest load alone would miss a later one with an older id.
    where message_id in (
        select message_id from {{ ref('stg_saas__email_events') }}
        where load_id in (select load_id from {{ new_loads('newest_load_id') }})
        union all
        -- Messages without a dimension row so far,
        select message_id from {{ this }} where -1 in (account_id, contact_id, campaign_id)
        union all
        -- and messages of campaigns whose sending domain has changed since.
        select kept.message_id
        from {{ this }} as kept
        inner join {{ ref('dim_campaigns') }} as campaigns on kept.campaign_id = campaigns.campaign_id
        where kept.sending_domain <> coalesce(campaigns.sending_domain, '(unknown)')
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
    select campaign_id, sending_domain from {{ ref('dim_campaigns') }}
),

facts as (
    select
        messages.message_id,
        coalesce(accounts.account_id, -1) as account_id,
        coalesce(contacts.contact_id, -1) as contact_id,
        coalesce(campaigns.campaign_id, -1) as campaign_id,
        coalesce(messages.mailbox_provider, '(unknown)') as mailbox_provider,
        coalesce(campaigns.sending_domain, '(unknown)') as sending_domain,
        coalesce(messages.processed_at, messages.first_event_at) as sent_at,
        cast(coalesce(messages.processed_at, messages.first_event_at) as date) as sent_on,
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
