{{ config(row_access_policy=rows_of_region()) }}

with campaigns as (
    select campaign_id, campaign_name, account_id, region from {{ ref('dim_campaigns') }}
),

counts as (
    select
        coalesce(campaigns.campaign_id, -1) as campaign_id,
        hours.day_of_week,
        hours.hour_of_day,
        cast(sum(hours.human_open_count) as bigint) as human_open_count,
        cast(sum(hours.click_count) as bigint) as click_count
    from {{ ref('int_campaign_hours') }} as hours
    left join campaigns on hours.campaign_key = campaigns.campaign_id
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
