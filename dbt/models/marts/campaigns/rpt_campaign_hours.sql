{{ config(row_access_policy=rows_of_region()) }}

with events as (
    select * from {{ ref('fct_email_events') }}
    where event_type = 'click' or (event_type = 'open' and not coalesce(is_machine_open, false))
),

campaigns as (
    select campaign_id, campaign_name, account_id, region from {{ ref('dim_campaigns') }}
),

dates as (
    select date_day, day_of_week from {{ ref('dim_dates') }}
),

counts as (
    select
        events.campaign_id,
        dates.day_of_week,
        cast(extract(hour from events.occurred_at) as bigint) as hour_of_day,
        count(case when events.event_type = 'open' then 1 end) as human_open_count,
        count(case when events.event_type = 'click' then 1 end) as click_count
    from events
    inner join dates on events.occurred_on = dates.date_day
    group by 1, 2, 3
),

reported as (
    select
        counts.campaign_id,
        campaigns.campaign_name,
        campaigns.account_id,
        campaigns.region,
        counts.day_of_week,
        counts.hour_of_day,
        counts.human_open_count,
        counts.click_count
    from counts
    inner join campaigns on counts.campaign_id = campaigns.campaign_id
)

select * from reported
