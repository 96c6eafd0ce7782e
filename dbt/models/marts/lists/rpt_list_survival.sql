{{ config(row_access_policy=rows_of_region()) }}

with recursive memberships as (
    select
        list_id,
        joined_at,
        updated_at,
        case
            when membership_status in ('unsubscribed', 'cleaned') then greatest(joined_at, updated_at)
            when is_deleted then greatest(joined_at, deleted_at)
        end as ended_at
    from {{ ref('stg_postgres__list_memberships') }}
    where membership_status <> 'pending'
),

newest as (
    select max(greatest(joined_at, updated_at)) as changed_at from memberships
),

lists as (
    select list_id, account_id from {{ ref('stg_postgres__lists') }}
),

accounts as (
    select account_id, region from {{ ref('dim_accounts') }}
),

lived as (
    select
        coalesce(accounts.account_id, -1) as account_id,
        memberships.ended_at is not null as has_left,
        {{ dbt.datediff('memberships.joined_at', 'coalesce(memberships.ended_at, newest.changed_at)', 'day') }} as days
    from memberships
    cross join newest
    left join lists on memberships.list_id = lists.list_id
    left join accounts on lists.account_id = accounts.account_id
),

-- A month has thirty days, because calendar months differ in length.
monthly as (
    select
        account_id,
        cast((days - mod(days, 30)) / 30 as bigint) as month_number,
        count(case when has_left then 1 end) as left_count,
        count(case when not has_left then 1 end) as censored_count
    from lived
    group by 1, 2
),

spans as (
    select account_id, max(month_number) as last_month_number
    from monthly
    group by account_id
),

numbers as (
    {{ dbt.generate_series(1200) }}
),

months as (
    select spans.account_id, cast(numbers.generated_number - 1 as bigint) as month_number
    from spans
    inner join numbers on numbers.generated_number - 1 <= spans.last_month_number
),

counted as (
    select
        months.account_id,
        months.month_number,
        coalesce(monthly.left_count, 0) as left_count,
        coalesce(monthly.censored_count, 0) as censored_count,
        cast(sum(coalesce(monthly.left_count, 0) + coalesce(monthly.censored_count, 0)) over (
            partition by months.account_id order by months.month_number desc
            rows between unbounded preceding and current row
        ) as bigint) as at_risk_count
    from months
    left join monthly on months.account_id = monthly.account_id and months.month_number = monthly.month_number
),

-- A product in the order of the months gives the same floats on every warehouse; a sum of logarithms may not.
curve as (
    select
        account_id,
        month_number,
        cast(at_risk_count - left_count as double) / cast(at_risk_count as double) as survival
    from counted
    where month_number = 0
    union all
    select
        counted.account_id,
        counted.month_number,
        curve.survival * cast(counted.at_risk_count - counted.left_count as double) / cast(counted.at_risk_count as double)
    from curve
    inner join counted on curve.account_id = counted.account_id and counted.month_number = curve.month_number + 1
),

reported as (
    select
        counted.account_id,
        coalesce(accounts.region, '(unknown)') as region,
        counted.month_number,
        counted.at_risk_count,
        counted.left_count,
        counted.censored_count,
        cast(round(curve.survival, 6) as decimal(18, 6)) as survival_rate
    from counted
    inner join curve on counted.account_id = curve.account_id and counted.month_number = curve.month_number
    left join accounts on counted.account_id = accounts.account_id
)

select * from reported
