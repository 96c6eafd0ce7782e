with source as (
    select * from {{ source('postgres', 'accounts') }}
),

renamed as (
    select
        account_id,
        account_uuid,
        account_name,
        plan_id,
        account_status,
        region,
        industry,
        time_zone,
        {{ parsed_json('settings') }} as settings,
        {{ parsed_json('tags') }} as tags,
        cast(credit_limit as decimal(38, 9)) as credit_limit_amount,
        trial_ends_on,
        signed_up_local_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        {{ changed_at() }} as changed_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
