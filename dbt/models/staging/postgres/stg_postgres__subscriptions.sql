with source as (
    select * from {{ source('postgres', 'subscriptions') }}
),

renamed as (
    select
        subscription_id,
        account_id,
        plan_id,
        subscription_status,
        monthly_amount,
        cast(discount_rate as decimal(38, 18)) as discount_rate,
        currency,
        seat_count,
        started_on,
        ended_on,
        {{ parsed_json('metadata') }} as metadata,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        {{ changed_at() }} as changed_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
