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
        {{ utc('_deleted_at') }} as deleted_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
