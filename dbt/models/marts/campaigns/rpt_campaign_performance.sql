{{ config(row_access_policy=rows_of_region()) }}

{% set sums = [
    'sent', 'delivered', 'hard_bounce', 'soft_bounce', 'unique_open', 'unique_machine_open', 'unique_click', 'complaint',
    'unsubscribe'
] %}

with campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

-- Messages of unknown campaigns count for -1.
counts as (
    select
        coalesce(campaigns.campaign_id, -1) as campaign_id
        {%- for count in sums %},
        cast(sum(counted.{{ count }}_count) as bigint) as {{ count }}_count
        {%- endfor %}
    from {{ ref('int_campaign_counts') }} as counted
    left join campaigns on counted.campaign_key = campaigns.campaign_id
    group by 1
),

reported as (
    select
        campaigns.campaign_name,
        accounts.account_name,
        campaigns.sent_at,
        {% for count in sums -%}
        coalesce(counts.{{ count }}_count, 0) as {{ count }}_count,
        {% endfor -%}
        {{ ratio('delivered_count', 'sent_count') }} as delivery_rate,
        {{ ratio('hard_bounce_count + soft_bounce_count', 'sent_count') }} as bounce_rate,
        {{ ratio('unique_open_count', 'delivered_count') }} as open_rate,
        {{ ratio('unique_click_count', 'delivered_count') }} as click_rate,
        {{ ratio('unique_click_count', 'unique_open_count') }} as click_to_open_rate,
        {{ ratio('complaint_count', 'delivered_count') }} as complaint_rate,
        {{ ratio('unsubscribe_count', 'delivered_count') }} as unsubscribe_rate,
        campaigns.campaign_id,
        campaigns.account_id,
        campaigns.region
    from campaigns
    left join counts on campaigns.campaign_id = counts.campaign_id
    left join accounts on campaigns.account_id = accounts.account_id
    where campaigns.sent_at is not null or counts.campaign_id is not null
)

select * from reported
