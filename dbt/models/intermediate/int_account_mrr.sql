{{ config(materialized='table') }}

with months as (
    select month_starts_on from {{ ref('int_mrr_months') }}
),

subscriptions as (
    select * from {{ ref('int_subscription_mrr') }}
),

accounts as (
    select account_id from {{ ref('stg_postgres__accounts') }}
),

summed as (
    select
        coalesce(accounts.account_id, -1) as account_id,
        subscriptions.month_starts_on,
        sum(subscriptions.mrr_usd) as mrr_usd,
        sum(subscriptions.exchange_rate_change_usd) as exchange_rate_change_usd
    from subscriptions
    left join accounts on subscriptions.account_id = accounts.account_id
    group by 1, 2
),

firsts as (
    select account_id, min(month_starts_on) as first_month
    from summed
    group by account_id
),

-- Every month from the first on: an account churns in a month without a subscription.
account_months as (
    select firsts.account_id, months.month_starts_on
    from firsts
    inner join months on firsts.first_month <= months.month_starts_on
),

filled as (
    select
        account_months.account_id,
        account_months.month_starts_on,
        cast(coalesce(summed.mrr_usd, 0) as decimal(18, 2)) as mrr_usd,
        cast(coalesce(summed.exchange_rate_change_usd, 0) as decimal(18, 2)) as exchange_rate_change_usd
    from account_months
    left join summed
        on account_months.account_id = summed.account_id and account_months.month_starts_on = summed.month_starts_on
),

compared as (
    select
        *,
        coalesce(lag(mrr_usd) over (partition by account_id order by month_starts_on), 0) as mrr_before_usd,
        coalesce(
            max(mrr_usd) over (
                partition by account_id order by month_starts_on rows between unbounded preceding and 1 preceding
            ),
            0
        ) > 0 as has_paid_before
    from filled
),

changes as (
    select
        account_id,
        month_starts_on,
        mrr_before_usd,
        mrr_usd,
        has_paid_before,
        -- The whole change of an account that starts or stops paying is new, reactivation or churn.
        case when mrr_before_usd > 0 and mrr_usd > 0 then exchange_rate_change_usd else 0 end as exchange_rate_change_usd
    from compared
)

select * from changes
