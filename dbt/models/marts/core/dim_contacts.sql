{{ config(row_access_policy=rows_of_region()) }}

with contacts as (
    select * from {{ ref('stg_postgres__contacts') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

subscribed_lists as (
    select contact_id, count(*) as list_count
    from {{ ref('stg_postgres__list_memberships') }}
    where membership_status = 'subscribed' and not is_deleted
    group by contact_id
),

suppressed as (
    select distinct contact_id
    from {{ ref('stg_saas__suppressions') }}
    where is_active and not is_deleted
),

known as (
    select
        contacts.contact_id,
        coalesce(accounts.account_id, -1) as account_id,
        coalesce(accounts.region, '(unknown)') as region,
        -- A deleted contact keeps its row for the facts, but not its personal data.
        case when not contacts.is_deleted then contacts.email end as email,
        case when not contacts.is_deleted then contacts.first_name end as first_name,
        case when not contacts.is_deleted then contacts.last_name end as last_name,
        contacts.locale,
        contacts.consent_source,
        cast(contacts.lead_score as decimal(18, 3)) as lead_score,
        coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
        contacts.is_subscribed,
        suppressed.contact_id is not null as is_suppressed,
        contacts.subscribed_at,
        contacts.unsubscribed_at,
        contacts.created_at,
        contacts.deleted_at,
        contacts.is_deleted
    from contacts
    left join accounts on contacts.account_id = accounts.account_id
    left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
    left join suppressed on contacts.contact_id = suppressed.contact_id
),

unknown as (
    select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)

select * from known
union all
select * from unknown
