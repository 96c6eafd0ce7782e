{{ config(row_access_policy=rows_of_region()) }}

with invoices as (
    select * from {{ ref('stg_postgres__invoices') }}
),

accounts as (
    select account_id, region from {{ ref('dim_accounts') }}
),

converted as (
    select
        *,
        cast(total_amount * exchange_rate as decimal(18, 2)) as total_usd,
        cast(tax_amount * exchange_rate as decimal(18, 2)) as tax_usd
    from invoices
),

facts as (
    select
        converted.invoice_id,
        converted.invoice_number,
        coalesce(accounts.account_id, -1) as account_id,
        coalesce(accounts.region, '(unknown)') as region,
        converted.subscription_id,
        converted.invoice_status,
        converted.issued_on,
        converted.due_on,
        converted.paid_at,
        converted.currency,
        converted.exchange_rate,
        cast(converted.subtotal_amount as decimal(18, 2)) as subtotal_amount,
        cast(converted.tax_amount as decimal(18, 2)) as tax_amount,
        cast(converted.total_amount as decimal(18, 2)) as total_amount,
        -- The difference, not a conversion: rounded parts would not add up.
        cast(converted.total_usd - converted.tax_usd as decimal(18, 2)) as subtotal_usd,
        converted.tax_usd,
        converted.total_usd,
        converted.deleted_at,
        converted.is_deleted
    from converted
    left join accounts on converted.account_id = accounts.account_id
)

select * from facts
