with source as (
    select * from {{ metered('query_history') }}
),

renamed as (
    select
        query_id as statement_id,
        {{ json_text('query_tag', 'pipeline') }} as pipeline,
        {{ json_text('query_tag', 'table') }} as table_name,
        {{ json_text('query_tag', 'load_id') }} as load_id,
        {{ json_text('query_tag', 'dbt') }} as node_id,
        warehouse_name,
        {{ dbt.dateadd('millisecond', '-execution_time', utc('end_time')) }} as started_at,
        {{ utc('end_time') }} as ended_at,
        cast(cast(execution_time as decimal(18, 3)) / 1000 as decimal(18, 3)) as executed_seconds,
        bytes_scanned as scanned_byte_count,
        bytes_written as written_byte_count,
        coalesce(rows_inserted, 0) + coalesce(rows_updated, 0) as written_row_count
    from source
)

select * from renamed
