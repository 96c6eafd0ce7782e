with tables as (
    select * from {{ ref('stg_dlt__tables') }}
),

loads as (
    select source_name, max(ended_at) as ended_at
    from {{ ref('stg_dlt__loads') }}
    where is_complete
    group by source_name
),

reported as (
    select
        tables.source_name,
        tables.table_name,
        tables.row_count,
        tables.deleted_row_count,
        tables.newest_change_at,
        tables.newest_load_id,
        loads.ended_at as source_loaded_at
    from tables
    left join loads on tables.source_name = loads.source_name
)

select * from reported
