{{ config(row_access_policy=rows_of_region()) }}

with accounts as (
    select * from {{ ref('stg_postgres__accounts') }}
),

plans as (
    select * from {{ ref('stg_postgres__plans') }}
),

active_users as (
    select account_id, count(*) as user_count
    from {{ ref('stg_postgres__users') }}
    where is_active and not is_deleted
    group by account_id
),

live_subscriptions as (
    select account_id, count(*) as subscription_count
    from {{ ref('stg_postgres__subscriptions') }}
    where subscription_status in ('trialing', 'active') and not is_deleted
    group by account_id
),

known as (
    select
        accounts.account_id,
        accounts.account_name,
        accounts.account_status,
        plans.plan_code,
        plans.plan_name,
        plans.monthly_send_limit,
        accounts.region,
        accounts.industry,
        accounts.time_zone,
        coalesce(active_users.user_count, 0) as active_user_count,
        coalesce(live_subscriptions.subscription_count, 0) as live_subscription_count,
        accounts.created_at,
        accounts.deleted_at,
        accounts.is_deleted
    from accounts
    left join plans on accounts.plan_id = plans.plan_id
    left join active_users on accounts.account_id = active_users.account_id
    left join live_subscriptions on accounts.account_id = live_subscriptions.account_id
),

unknown as (
    select -1, '(unknown)', '(unknown)', null, null, null, '(unknown)', null, null, 0, 0, null, null, false
)

select * from known
union all
select * from unknown
