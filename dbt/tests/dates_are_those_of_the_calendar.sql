-- Known days: the ends of the calendar, the last day of a leap February, and a week across a new year.
with expected as (
    select cast('2015-01-01' as date) as date_day, 4 as day_of_week, false as is_weekend, cast('2014-12-29' as date) as week_starts_on
    union all
    select cast('2024-02-29' as date), 4, false, cast('2024-02-26' as date)
    union all
    select cast('2027-01-02' as date), 6, true, cast('2026-12-28' as date)
    union all
    select cast('2027-01-03' as date), 7, true, cast('2026-12-28' as date)
    union all
    select cast('2027-01-04' as date), 1, false, cast('2027-01-04' as date)
    union all
    select cast('2039-12-31' as date), 6, true, cast('2039-12-26' as date)
),

ends as (
    select min(date_day) as first_day, max(date_day) as last_day from {{ ref('dim_dates') }}
)

select expected.*
from expected
cross join ends
left join {{ ref('dim_dates') }} as dates
    on expected.date_day = dates.date_day
    and expected.day_of_week = dates.day_of_week
    and expected.is_weekend = dates.is_weekend
    and expected.week_starts_on = dates.week_starts_on
where
    dates.date_day is null
    or ends.first_day <> cast('2015-01-01' as date)
    or ends.last_day <> cast('2039-12-31' as date)
