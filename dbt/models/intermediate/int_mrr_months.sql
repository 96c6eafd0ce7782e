with subscriptions as (
    select started_on, changed_at from {{ ref('subscriptions_snapshot') }}
),

invoices as (
    select updated_at from {{ ref('stg_postgres__invoices') }}
),

days as (
    select date_day, day_of_month from {{ ref('dim_dates') }}
),

changes as (
    select max(changed_at) as changed_at from subscriptions
    union all
    select max(updated_at) from invoices
),

-- The newest change, not the current date: figures change only when rows do.
newest as (
    select cast(max(changed_at) as date) as newest_on from changes
),

oldest as (
    select cast({{ dbt.date_trunc('month', 'min(started_on)') }} as date) as first_month from subscriptions
),

months as (
    select
        days.date_day as month_starts_on,
        cast(least({{ dbt.last_day('days.date_day', 'month') }}, newest.newest_on) as date) as measured_on
    from days
    cross join newest
    cross join oldest
    where days.day_of_month = 1 and days.date_day between oldest.first_month and newest.newest_on
),

measured as (
    select
        month_starts_on,
        measured_on,
        cast({{ dbt.dateadd('day', 1, 'measured_on') }} as timestamp without time zone) as measured_before
    from months
)

select * from measured
