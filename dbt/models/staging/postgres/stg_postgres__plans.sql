with source as (
    select * from {{ source('postgres', 'plans') }}
),

renamed as (
    select
        plan_id,
        plan_code,
        plan_name,
        monthly_price as monthly_price_amount,
        currency,
        monthly_send_limit,
        overage_price as overage_price_digits,
        {{ parsed_json('features') }} as features,
        is_public,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
