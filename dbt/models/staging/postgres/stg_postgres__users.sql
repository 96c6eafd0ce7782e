with source as (
    select * from {{ source('postgres', 'users') }}
),

renamed as (
    select
        user_id,
        account_id,
        lower(email) as email,
        full_name,
        user_role,
        is_active,
        failed_login_count,
        {{ utc('last_login_at') }} as last_login_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
