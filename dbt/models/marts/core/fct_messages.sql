{{ config(
    materialized='incremental',
    incremental_strategy='by_sent_message',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_messages', 'int_touched_days']) }}",
) }}
-- int_touched_days looks up what this table has before it is built.
-- depends_on: {{ ref('int_touched_days') }}

{% set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set all_messages = ref('int_messages') -%}

with messages as (
    {% if since is none -%}
    select * from {{ all_messages }}
    {%- else -%}
    select * from ({{ rows_in(all_messages, 'sent_at', days, 'timestamp') }}) as messages_of_days
    where {{ touched_message_ids('message_id', since) }}
    {%- endif %}
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
