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

-- The newest change, not today: a figure moves when a row does, and never because a night has passed.
bounds as (
    select
        (select cast({{ dbt.date_trunc('month', 'min(started_on)') }} as date) from subscriptions) as first_month,
        (select cast(max(changed_at) as date) from changes) as newest_on
),

months as (
    select
        days.date_day as month_starts_on,
        cast(least({{ dbt.last_day('days.date_day', 'month') }}, bounds.newest_on) as date) as measured_on
    from days
    inner join bounds on days.date_day between bounds.first_month and bounds.newest_on
    where days.day_of_month = 1
)

select
    month_starts_on,
    measured_on,
    cast({{ dbt.dateadd('day', 1, 'measured_on') }} as timestamp) as measured_before
from months
