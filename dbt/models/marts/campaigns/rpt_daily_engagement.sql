{{ config(row_access_policy=rows_of_region()) }}

with messages as (
    select * from {{ ref('fct_messages') }}
),

accounts as (
    select account_id, account_name, region from {{ ref('dim_accounts') }}
),

counts as (
    select
        sent_on,
        account_id,
        count(*) as sent_count,
        count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
        count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
        count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
        count(first_human_opened_at) as unique_open_count,
        count(case when first_human_opened_at is null then first_machine_opened_at end) as machine_only_open_count,
        count(first_clicked_at) as unique_click_count,
        count(complained_at) as complaint_count,
        count(unsubscribed_at) as unsubscribe_count
    from messages
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
