with source as (
    select * from {{ source('postgres', 'lists') }}
),

renamed as (
    select
        list_id,
        account_id,
        list_name,
        is_archived,
        lower(default_from_email) as default_from_email,
        {{ parsed_json('segment_rule') }} as segment_rule,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
