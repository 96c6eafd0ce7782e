with source as (
    select * from {{ source('saas', 'suppressions') }}
),

renamed as (
    select
        suppression_id,
        account_id,
        contact_id,
        lower(email) as email,
        reason as suppression_reason,
        is_active,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        _dlt_load_id as load_id
    from source
)

select * from renamed
