with contacts as (
    select * from {{ ref('stg_postgres__contacts') }}
),

-- The history of consent without personal data: no old version keeps a name or an address after a delete.
states as (
    select
        contact_id,
        account_id,
        is_subscribed,
        consent_source,
        lead_score,
        subscribed_at,
        unsubscribed_at,
        created_at,
        deleted_at,
        is_deleted,
        changed_at
    from contacts
)

select * from states
