with source as (
    select * from {{ source('saas', 'email_events') }}
),

renamed as (
    select
        event_id,
        event_type,
        message_id,
        campaign_id,
        account_id,
        contact_id,
        lower(email) as email,
        mailbox_provider,
        {{ utc('occurred_at') }} as occurred_at,
        -- As RAW has it: a warehouse skips stored rows by a condition on this, and not by one on the converted time.
        occurred_at as raw_occurred_at,
        {{ utc('received_at') }} as received_at,
        is_machine_open,
        user_agent,
        ip_address,
        link_url,
        bounce_type,
        reason as bounce_reason,
        _dlt_load_id as load_id
    from source
)

select * from renamed
