with source as (
    select * from {{ source('postgres', 'list_memberships') }}
),

renamed as (
    select
        list_id,
        contact_id,
        membership_status,
        {{ utc('joined_at') }} as joined_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
