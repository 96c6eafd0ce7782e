{{ config(row_access_policy=rows_of_region()) }}

with campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

messages as (
    select * from {{ ref('int_messages') }}
),

counts as (
    select
        coalesce(campaigns.campaign_id, -1) as campaign_id,
        count(*) as sent_count,
        count(case when messages.message_outcome = 'delivered' then 1 end) as delivered_count,
        count(case when messages.message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
        count(case when messages.message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
        count(messages.first_human_opened_at) as unique_open_count,
        count(messages.first_machine_opened_at) as unique_machine_open_count,
        count(messages.first_clicked_at) as unique_click_count,
        count(messages.complained_at) as complaint_count,
        count(messages.unsubscribed_at) as unsubscribe_count
    from messages
    left join campaigns on messages.campaign_id = campaigns.campaign_id
    group by 1
),

reported as (
    select
        campaigns.campaign_name,
        accounts.account_name,
        campaigns.sent_at,
        {% for count in [
            'sent', 'delivered', 'hard_bounce', 'soft_bounce', 'unique_open', 'unique_machine_open', 'unique_click',
            'complaint', 'unsubscribe'
        ] -%}
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
