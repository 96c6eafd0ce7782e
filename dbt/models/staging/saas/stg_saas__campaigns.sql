with source as (
    select * from {{ source('saas', 'campaigns') }}
),

renamed as (
    select
        campaign_id,
        account_id,
        name as campaign_name,
        subject as subject_line,
        lower(from_email) as from_email,
        sending_domain,
        ip_pool,
        status as sending_status,
        recipient_count,
        {{ parsed_json('settings') }} as settings,
        {{ parsed_json('tags') }} as tags,
        {{ utc('scheduled_at') }} as scheduled_at,
        {{ utc('sent_at') }} as sent_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
