{{ config(row_access_policy=rows_of_region()) }}

with planned as (
    select * from {{ ref('stg_postgres__campaigns') }}
),

sent as (
    select * from {{ ref('stg_saas__campaigns') }}
),

lists as (
    select * from {{ ref('stg_postgres__lists') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

-- The two systems are loaded one after the other: either may have a campaign first.
known as (
    select
        coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
        coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
        coalesce(accounts.account_id, -1) as account_id,
        coalesce(accounts.region, '(unknown)') as region,
        coalesce(planned.subject_line, sent.subject_line) as subject_line,
        planned.campaign_status,
        sent.sending_status,
        lists.list_name,
        sent.sending_domain,
        sent.ip_pool,
        sent.recipient_count,
        sent.scheduled_at,
        coalesce(sent.sent_at, planned.sent_at) as sent_at,
        coalesce(planned.created_at, sent.created_at) as created_at,
        -- If the product has the campaign, its state counts: the sending service deletes campaigns earlier.
        case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
        coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
    from planned
    full outer join sent on planned.campaign_id = sent.campaign_id
    left join lists on planned.list_id = lists.list_id
    left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),

unknown as (
    select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)

select * from known
union all
select * from unknown
