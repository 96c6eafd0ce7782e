{{ config(row_access_policy=rows_of_region()) }}

{% set sums = ['sent', 'delivered', 'hard_bounce', 'soft_bounce', 'unique_open', 'unique_click', 'complaint', 'unsubscribe'] %}

with accounts as (
    select * from {{ ref('dim_accounts') }}
),

contacts as (
    select
        account_id,
        count(*) as contact_count,
        count(case when is_subscribed then 1 end) as subscribed_contact_count
    from {{ ref('dim_contacts') }}
    where contact_id <> -1 and not is_deleted
    group by account_id
),

-- Lists and suppressions of unknown accounts count for -1, as their contacts do.
lists as (
    select coalesce(accounts.account_id, -1) as account_id, count(*) as list_count
    from {{ ref('stg_postgres__lists') }} as lists
    left join accounts on lists.account_id = accounts.account_id
    where not lists.is_archived and not lists.is_deleted
    group by 1
),

suppressions as (
    select
        coalesce(accounts.account_id, -1) as account_id,
        count(*) as suppression_count,
        count(case when suppressions.suppression_reason = 'hard_bounce' then 1 end) as hard_bounce_suppression_count,
        count(case when suppressions.suppression_reason = 'spam_report' then 1 end) as complaint_suppression_count,
        count(case when suppressions.suppression_reason = 'unsubscribe' then 1 end) as unsubscribe_suppression_count
    from {{ ref('stg_saas__suppressions') }} as suppressions
    left join accounts on suppressions.account_id = accounts.account_id
    where suppressions.is_active and not suppressions.is_deleted
    group by 1
),

days as (
    select * from {{ ref('rpt_daily_engagement') }}
),

-- The newest day in the data, not the current date: if loads stop, the last known days are reported.
newest_day as (
    select max(sent_on) as sent_on from days
),

messages as (
    select
        days.account_id
        {%- for count in sums %},
        cast(sum(days.{{ count }}_count) as bigint) as {{ count }}_count
        {%- endfor %}
    from days
    inner join newest_day on days.sent_on > {{ dbt.dateadd('day', -30, 'newest_day.sent_on') }}
    group by days.account_id
),

ranked_campaigns as (
    select
        account_id,
        campaign_id,
        campaign_name,
        sent_at,
        row_number() over (partition by account_id order by sent_at desc, campaign_id desc) as newest_first
    from {{ ref('dim_campaigns') }}
    where sent_at is not null
),

reported as (
    select
        accounts.account_id,
        accounts.account_name,
        accounts.account_status,
        accounts.region,
        coalesce(contacts.contact_count, 0) as contact_count,
        coalesce(contacts.subscribed_contact_count, 0) as subscribed_contact_count,
        coalesce(lists.list_count, 0) as list_count,
        newest_day.sent_on as newest_day_on,
        {% for count in sums -%}
        coalesce(messages.{{ count }}_count, 0) as {{ count }}_count,
        {% endfor -%}
        {{ ratio('messages.delivered_count', 'messages.sent_count') }} as delivery_rate,
        {{ ratio('messages.hard_bounce_count + messages.soft_bounce_count', 'messages.sent_count') }} as bounce_rate,
        {{ ratio('messages.unique_open_count', 'messages.delivered_count') }} as open_rate,
        {{ ratio('messages.unique_click_count', 'messages.delivered_count') }} as click_rate,
        {{ ratio('messages.unique_click_count', 'messages.unique_open_count') }} as click_to_open_rate,
        {{ ratio('messages.complaint_count', 'messages.delivered_count') }} as complaint_rate,
        {{ ratio('messages.unsubscribe_count', 'messages.delivered_count') }} as unsubscribe_rate,
        ranked_campaigns.campaign_id as last_campaign_id,
        ranked_campaigns.campaign_name as last_campaign_name,
        ranked_campaigns.sent_at as last_campaign_sent_at,
        coalesce(suppressions.suppression_count, 0) as suppression_count,
        coalesce(suppressions.hard_bounce_suppression_count, 0) as hard_bounce_suppression_count,
        coalesce(suppressions.complaint_suppression_count, 0) as complaint_suppression_count,
        coalesce(suppressions.unsubscribe_suppression_count, 0) as unsubscribe_suppression_count
    from accounts
    cross join newest_day
    left join contacts on accounts.account_id = contacts.account_id
    left join lists on accounts.account_id = lists.account_id
    left join messages on accounts.account_id = messages.account_id
    left join ranked_campaigns on accounts.account_id = ranked_campaigns.account_id and ranked_campaigns.newest_first = 1
    left join suppressions on accounts.account_id = suppressions.account_id
)

select * from reported
