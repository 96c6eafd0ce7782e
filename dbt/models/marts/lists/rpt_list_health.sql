{{ config(row_access_policy=rows_of_region()) }}

-- RAW holds only the current state of a membership: one that has ended did so when it last changed or was found deleted.
with memberships as (
    select
        list_id,
        joined_at,
        case
            when membership_status in ('unsubscribed', 'cleaned') then membership_status
            when is_deleted then 'deleted'
        end as ending,
        case
            when membership_status in ('unsubscribed', 'cleaned') then greatest(joined_at, updated_at)
            when is_deleted then greatest(joined_at, deleted_at)
        end as ended_at,
        updated_at
    from {{ ref('stg_postgres__list_memberships') }}
    where membership_status <> 'pending'
),

accounts as (
    select account_id, region from {{ ref('dim_accounts') }}
),

lists as (
    select
        lists.list_id,
        lists.list_name,
        coalesce(accounts.account_id, -1) as account_id,
        coalesce(accounts.region, '(unknown)') as region,
        lists.created_at
    from {{ ref('stg_postgres__lists') }} as lists
    left join accounts on lists.account_id = accounts.account_id
    union all
    select -1, '(unknown)', -1, '(unknown)', null
),

moves as (
    select list_id, joined_at as moved_at, 'joined' as movement from memberships
    union all
    select list_id, ended_at, ending from memberships where ended_at is not null
),

monthly as (
    select
        coalesce(lists.list_id, -1) as list_id,
        cast({{ dbt.date_trunc('month', 'moves.moved_at') }} as date) as month_starts_on,
        count(case when moves.movement = 'joined' then 1 end) as joined_count,
        count(case when moves.movement = 'unsubscribed' then 1 end) as unsubscribed_count,
        count(case when moves.movement = 'cleaned' then 1 end) as cleaned_count,
        count(case when moves.movement = 'deleted' then 1 end) as deleted_count
    from moves
    left join lists on moves.list_id = lists.list_id
    group by 1, 2
),

spans as (
    select list_id, min(month_starts_on) as first_month
    from (
        select list_id, cast({{ dbt.date_trunc('month', 'created_at') }} as date) as month_starts_on from lists where list_id <> -1
        union all
        select list_id, month_starts_on from monthly
    ) as begun
    group by list_id
),

newest as (
    select cast({{ dbt.date_trunc('month', 'max(moved_at)') }} as date) as last_month
    from (
        select moved_at from moves
        union all
        select updated_at from memberships
    ) as changes
),

numbers as (
    {{ dbt.generate_series(1200) }}
),

months as (
    select
        spans.list_id,
        cast({{ dbt.dateadd('month', 'numbers.generated_number - 1', 'spans.first_month') }} as date) as month_starts_on
    from spans
    cross join newest
    inner join numbers on numbers.generated_number <= {{ dbt.datediff('spans.first_month', 'newest.last_month', 'month') }} + 1
),

counted as (
    select
        months.list_id,
        months.month_starts_on,
        coalesce(monthly.joined_count, 0) as joined_count,
        coalesce(monthly.unsubscribed_count, 0) as unsubscribed_count,
        coalesce(monthly.cleaned_count, 0) as cleaned_count,
        coalesce(monthly.deleted_count, 0) as deleted_count
    from months
    left join monthly on months.list_id = monthly.list_id and months.month_starts_on = monthly.month_starts_on
),

grown as (
    select
        *,
        unsubscribed_count + cleaned_count + deleted_count as left_count,
        joined_count - unsubscribed_count - cleaned_count - deleted_count as net_growth_count,
        cast(sum(joined_count - unsubscribed_count - cleaned_count - deleted_count) over (
            partition by list_id order by month_starts_on rows between unbounded preceding and current row
        ) as bigint) as member_count
    from counted
),

reported as (
    select
        grown.list_id,
        grown.month_starts_on,
        lists.list_name,
        lists.account_id,
        lists.region,
        grown.joined_count,
        grown.unsubscribed_count,
        grown.cleaned_count,
        grown.deleted_count,
        grown.net_growth_count,
        grown.member_count,
        {{ ratio('grown.left_count', 'grown.member_count - grown.net_growth_count') }} as churn_rate
    from grown
    inner join lists on grown.list_id = lists.list_id
)

select * from reported
