with source as (
    select * from {{ metered('warehouse_metering_history') }}
),

renamed as (
    select
        warehouse_name,
        {{ utc('start_time') }} as started_at,
        {{ utc('end_time') }} as ended_at,
        cast(credits_used as decimal(18, 9)) as credits
    from source
)

select * from renamed
