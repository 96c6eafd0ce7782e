with tables as (
    select * from {{ ref('stg_dlt__tables') }}
),

loads as (
    select source_name, max(ended_at) as ended_at
    from {{ ref('stg_dlt__loads') }}
    where is_complete
    group by source_name
),

event_loads as (
    select max(newest_received_at) as newest_received_at, max(case when event_count > 0 then load_id end) as newest_load_id
    from {{ ref('int_event_loads') }}
),

reported as (
    select
        tables.source_name,
        tables.table_name,
        tables.row_count,
        tables.deleted_row_count,
        -- The one append-only table is that of events.
        case when tables.is_append_only then event_loads.newest_received_at else tables.newest_change_at end as newest_change_at,
        case when tables.is_append_only then event_loads.newest_load_id else tables.newest_load_id end as newest_load_id,
        loads.ended_at as source_loaded_at
    from tables
    cross join event_loads
    left join loads on tables.source_name = loads.source_name
)

select * from reported
