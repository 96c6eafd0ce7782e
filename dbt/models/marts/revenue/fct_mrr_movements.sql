{{ config(row_access_policy=rows_of_region()) }}

with account_months as (
    select * from {{ ref('int_account_mrr') }}
),

accounts as (
    select account_id, region from {{ ref('dim_accounts') }}
),

movements as (
    select
        account_months.account_id,
        coalesce(accounts.region, '(unknown)') as region,
        account_months.month_starts_on,
        case
            when account_months.mrr_before_usd = 0 and account_months.has_paid_before then 'reactivation'
            when account_months.mrr_before_usd = 0 then 'new'
            when account_months.mrr_usd = 0 then 'churn'
            when account_months.mrr_usd > account_months.mrr_before_usd then 'expansion'
            else 'contraction'
        end as movement,
        cast(account_months.mrr_before_usd as decimal(18, 2)) as mrr_before_usd,
        cast(account_months.mrr_usd as decimal(18, 2)) as mrr_after_usd,
        cast(account_months.mrr_usd - account_months.mrr_before_usd as decimal(18, 2)) as change_usd,
        cast(account_months.exchange_rate_change_usd as decimal(18, 2)) as exchange_rate_change_usd
    from account_months
    left join accounts on account_months.account_id = accounts.account_id
    where account_months.mrr_usd <> account_months.mrr_before_usd
)

select * from movements
