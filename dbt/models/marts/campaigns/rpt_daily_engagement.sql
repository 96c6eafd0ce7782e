{{ config(row_access_policy=rows_of_region()) }}

{% set sums = [
    'sent', 'delivered', 'hard_bounce', 'soft_bounce', 'unique_open', 'machine_only_open', 'unique_click', 'complaint', 'unsubscribe'
] %}

with accounts as (
    select account_id, account_name, region from {{ ref('dim_accounts') }}
),

counts as (
    select
        sent_on,
        account_id
        {%- for count in sums %},
        cast(sum({{ count }}_count) as bigint) as {{ count }}_count
        {%- endfor %}
    from {{ ref('int_message_counts') }}
    group by sent_on, account_id
),

reported as (
    select
        counts.sent_on,
        counts.account_id,
        accounts.account_name,
        accounts.region,
        counts.sent_count,
        counts.delivered_count,
        counts.hard_bounce_count,
        counts.soft_bounce_count,
        counts.unique_open_count,
        counts.machine_only_open_count,
        counts.unique_click_count,
        counts.complaint_count,
        counts.unsubscribe_count,
        {{ ratio('unique_open_count', 'delivered_count') }} as open_rate,
        {{ ratio('unique_click_count', 'delivered_count') }} as click_rate,
        {{ ratio('unique_click_count', 'unique_open_count') }} as click_to_open_rate
    from counts
    inner join accounts on counts.account_id = accounts.account_id
)

select * from reported
