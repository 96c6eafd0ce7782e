with source as (
    select * from {{ metered('copy_history') }}
),

-- A file of the lake is named <table>/<load id>.<file id>.parquet, and a load id contains a dot.
renamed as (
    select
        file_name,
        lower(table_name) as table_name,
        {{ dbt.split_part(dbt.split_part('file_name', "'/'", -1), "'.'", 1) }}
            || '.' || {{ dbt.split_part(dbt.split_part('file_name', "'/'", -1), "'.'", 2) }} as load_id,
        {{ utc('last_load_time') }} as copied_at,
        row_count,
        file_size as byte_count
    from source
)

select * from renamed
