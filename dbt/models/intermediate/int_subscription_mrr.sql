with months as (
    select * from {{ ref('int_mrr_months') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

versions as (
    select
        *,
        row_number() over (partition by subscription_id order by dbt_valid_from) = 1 as is_first
    from {{ ref('subscriptions_snapshot') }}
),

-- The version at the end of the month counts. The first one is extended back to the start: nothing earlier is recorded.
in_force as (
    select
        versions.*,
        months.month_starts_on,
        months.measured_on,
        months.measured_before
    from versions
    inner join months
        on versions.started_on <= months.measured_on
        and (versions.is_first or versions.dbt_valid_from < months.measured_before)
        and (versions.dbt_valid_to is null or versions.dbt_valid_to >= months.measured_before)
),

-- A cancelled subscription pays to its last day or, if that is null, until its row was cancelled.
judged as (
    select
        *,
        (ended_on is null or ended_on >= measured_on) and (not is_deleted or deleted_at >= measured_before) as is_alive,
        subscription_status = 'active'
        or (subscription_status = 'cancelled' and (ended_on is not null or updated_at >= measured_before)) as is_paying
    from in_force
),

priced as (
    select
        subscription_id,
        account_id,
        month_starts_on,
        currency,
        -- A discount above 1 is no debt, and amounts are billed in whole cents.
        case
            when is_alive and is_paying
                then cast(monthly_amount * (1 - cast(least(greatest(coalesce(discount_rate, 0), 0), 1) as decimal(10, 8))) as decimal(18, 2))
            else 0
        end as monthly_net_amount
    from judged
),

converted as (
    select
        priced.*,
        rates.usd_rate,
        cast(priced.monthly_net_amount * rates.usd_rate as decimal(18, 2)) as mrr_usd
    from priced
    left join rates on priced.currency = rates.currency and priced.month_starts_on = rates.month_starts_on
),

compared as (
    select
        *,
        lag(monthly_net_amount) over (partition by subscription_id, account_id, currency order by month_starts_on) as amount_before,
        lag(mrr_usd) over (partition by subscription_id, account_id, currency order by month_starts_on) as mrr_before_usd
    from converted
),

subscription_months as (
    select
        subscription_id,
        account_id,
        month_starts_on,
        currency,
        monthly_net_amount,
        usd_rate,
        mrr_usd,
        cast(
            cast(coalesce(amount_before * usd_rate, 0) as decimal(18, 2)) - coalesce(mrr_before_usd, 0) as decimal(18, 2)
        ) as exchange_rate_change_usd
    from compared
)

select * from subscription_months
