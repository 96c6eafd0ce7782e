{{ config(row_access_policy=rows_of_region()) }}

{% set sums = ['sent', 'delivered', 'deferred', 'hard_bounce', 'soft_bounce', 'complaint'] %}

with accounts as (
    select account_id, region from {{ ref('dim_accounts') }}
),

-- A domain identifies its account, so its counts are by region, too.
counts as (
    select
        counted.sent_on,
        counted.mailbox_provider,
        counted.sending_domain,
        accounts.region
        {%- for count in sums %},
        cast(sum(counted.{{ count }}_count) as bigint) as {{ count }}_count
        {%- endfor %}
    from {{ ref('int_message_counts') }} as counted
    inner join accounts on counted.account_id = accounts.account_id
    group by counted.sent_on, counted.mailbox_provider, counted.sending_domain, accounts.region
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
