with source as (
    select * from {{ source('postgres', 'campaigns') }}
),

renamed as (
    select
        campaign_id,
        account_id,
        list_id,
        campaign_name,
        subject_line,
        lower(from_email) as from_email,
        campaign_status,
        budget_amount,
        {{ parsed_json('settings') }} as settings,
        scheduled_local_at,
        {{ utc('sent_at') }} as sent_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        {{ changed_at() }} as changed_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
