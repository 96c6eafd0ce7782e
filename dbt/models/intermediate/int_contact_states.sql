with contacts as (
    select * from {{ ref('stg_postgres__contacts') }}
),

-- The history of a person's consent, not the person: what no column here holds, no old version keeps after a delete.
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
