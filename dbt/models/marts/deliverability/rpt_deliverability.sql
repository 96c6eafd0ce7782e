{{ config(row_access_policy=rows_of_region()) }}

with messages as (
    select * from {{ ref('fct_messages') }}
),

accounts as (
    select account_id, region from {{ ref('dim_accounts') }}
),

-- A domain identifies its account, so its counts are by region, too.
counts as (
    select
        messages.sent_on,
        messages.mailbox_provider,
        messages.sending_domain,
        accounts.region,
        count(*) as sent_count,
        count(case when messages.message_outcome = 'delivered' then 1 end) as delivered_count,
        count(case when messages.deferral_count > 0 then 1 end) as deferred_count,
        count(case when messages.message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
        count(case when messages.message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
        count(messages.complained_at) as complaint_count
    from messages
    inner join accounts on messages.account_id = accounts.account_id
    group by messages.sent_on, messages.mailbox_provider, messages.sending_domain, accounts.region
),

reported as (
    select
        *,
        {{ ratio('delivered_count', 'sent_count') }} as delivery_rate,
        {{ ratio('deferred_count', 'sent_count') }} as deferral_rate,
        {{ ratio('hard_bounce_count', 'sent_count') }} as hard_bounce_rate,
        {{ ratio('soft_bounce_count', 'sent_count') }} as soft_bounce_rate,
        {{ ratio('complaint_count', 'delivered_count') }} as complaint_rate
    from counts
)

select * from reported
