with source as (
    select * from {{ source('dlt', 'loads') }}
),

renamed as (
    select
        load_id,
        schema_name as source_name,
        status = 0 as is_complete,
        {{ utc('inserted_at') }} as ended_at
    from source
)

select * from renamed
