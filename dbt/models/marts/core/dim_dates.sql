-- 2015-01-01 to 2039-12-31. Weeks start on Monday, whatever the session's setting: 2001-01-01 was a Monday.
with numbers as (
    {{ dbt.generate_series(9131) }}
),

days as (
    select cast({{ dbt.dateadd('day', 'generated_number - 1', "cast('2015-01-01' as date)") }} as date) as date_day
    from numbers
),

weekdays as (
    select
        date_day,
        mod({{ dbt.datediff("cast('2001-01-01' as date)", 'date_day', 'day') }}, 7) + 1 as day_of_week
    from days
),

dates as (
    select
        date_day,
        cast(extract(year from date_day) as bigint) as calendar_year,
        cast(extract(quarter from date_day) as bigint) as quarter_of_year,
        cast(extract(month from date_day) as bigint) as month_of_year,
        cast(extract(day from date_day) as bigint) as day_of_month,
        cast(day_of_week as bigint) as day_of_week,
        day_of_week >= 6 as is_weekend,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_starts_on,
        cast({{ dbt.dateadd('day', '1 - day_of_week', 'date_day') }} as date) as week_starts_on
    from weekdays
)

select * from dates
