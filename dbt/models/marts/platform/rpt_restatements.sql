with counts as (
    select occurred_on, event_type, load_id, cast(load_id as decimal(20, 6)) as load_number, event_count as added_count
    from {{ ref('int_event_counts') }}
),

loads as (
    select load_id, load_number, max(occurred_on) as newest_on
    from counts
    group by 1, 2
),

-- The newest day of earlier loads: every day before it is reported.
reported_before as (
    select
        load_id,
        max(newest_on) over (order by load_number rows between unbounded preceding and 1 preceding) as newest_on
    from loads
),

totals as (
    select
        *,
        cast(sum(added_count) over (
            partition by occurred_on, event_type order by load_number rows between unbounded preceding and current row
        ) as bigint) as total_after
    from counts
),

restated as (
    select
        totals.occurred_on,
        totals.event_type,
        totals.load_id,
        totals.added_count,
        totals.total_after - totals.added_count as total_before,
        totals.total_after
    from totals
    inner join reported_before on totals.load_id = reported_before.load_id and totals.occurred_on < reported_before.newest_on
)

select * from restated
