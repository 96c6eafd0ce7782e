with source as (
    select * from {{ source('postgres', 'contacts') }}
),

renamed as (
    select
        contact_id,
        account_id,
        contact_uuid,
        lower(email) as email,
        first_name,
        last_name,
        locale,
        birth_date,
        is_subscribed,
        consent_source,
        lead_score,
        {{ parsed_json('attributes') }} as attributes,
        {{ parsed_json('tags') }} as tags,
        {{ utc('subscribed_at') }} as subscribed_at,
        {{ utc('unsubscribed_at') }} as unsubscribed_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        {{ changed_at() }} as changed_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
