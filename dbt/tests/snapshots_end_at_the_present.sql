-- Rows of STAGING whose current version in the dbt snapshot differs or is missing.
with accounts as (
    select staged.account_id as row_id
    from {{ ref('stg_postgres__accounts') }} as staged
    left join {{ ref('accounts_snapshot') }} as kept
        on staged.account_id = kept.account_id and staged.changed_at = kept.changed_at and kept.dbt_valid_to is null
    where kept.account_id is null
),

subscriptions as (
    select staged.subscription_id as row_id
    from {{ ref('stg_postgres__subscriptions') }} as staged
    left join {{ ref('subscriptions_snapshot') }} as kept
        on staged.subscription_id = kept.subscription_id and staged.changed_at = kept.changed_at and kept.dbt_valid_to is null
    where kept.subscription_id is null
),

campaigns as (
    select staged.campaign_id as row_id
    from {{ ref('stg_postgres__campaigns') }} as staged
    left join {{ ref('campaigns_snapshot') }} as kept
        on staged.campaign_id = kept.campaign_id and staged.changed_at = kept.changed_at and kept.dbt_valid_to is null
    where kept.campaign_id is null
)

select 'accounts' as table_name, row_id from accounts
union all
select 'subscriptions' as table_name, row_id from subscriptions
union all
select 'campaigns' as table_name, row_id from campaigns
