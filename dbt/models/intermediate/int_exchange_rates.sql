with months as (
    select month_starts_on from {{ ref('int_mrr_months') }}
),

invoices as (
    select
        invoice_id,
        currency,
        cast({{ dbt.date_trunc('month', 'issued_on') }} as date) as month_starts_on,
        exchange_rate
    from {{ ref('stg_postgres__invoices') }}
    where currency <> 'USD' and exchange_rate > 0
),

ranked as (
    select
        currency,
        month_starts_on,
        exchange_rate,
        row_number() over (partition by currency, month_starts_on order by exchange_rate, invoice_id) as place,
        count(*) over (partition by currency, month_starts_on) as invoice_count
    from invoices
),

-- The median of the month, the lower one of two: one wrong invoice must not change the MRR of every account.
middle as (
    select currency, month_starts_on, cast(exchange_rate as decimal(20, 12)) as usd_rate
    from ranked
    where 2 * place in (invoice_count, invoice_count + 1)
),

-- A month without a rate takes the latest earlier one; months before the first rate take that.
nearest as (
    select
        middle.currency,
        months.month_starts_on,
        middle.usd_rate,
        row_number() over (
            partition by middle.currency, months.month_starts_on
            order by
                case when middle.month_starts_on <= months.month_starts_on then 0 else 1 end,
                abs({{ dbt.datediff('middle.month_starts_on', 'months.month_starts_on', 'month') }})
        ) as place
    from months
    cross join middle
)

select currency, month_starts_on, usd_rate from nearest where place = 1
union all
select 'USD' as currency, month_starts_on, cast(1 as decimal(20, 12)) as usd_rate from months
