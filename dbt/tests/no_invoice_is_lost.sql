-- The fact has the same invoices and totals per currency as STAGING.
with staged as (
    select currency, count(*) as invoice_count, sum(total_amount) as total_amount
    from {{ ref('stg_postgres__invoices') }}
    group by currency
),

facts as (
    select currency, count(*) as invoice_count, sum(total_amount) as total_amount
    from {{ ref('fct_invoices') }}
    group by currency
)

select staged.currency as staged_currency, facts.currency as fact_currency
from staged
full outer join facts
    on staged.currency = facts.currency
    and staged.invoice_count = facts.invoice_count
    and staged.total_amount = facts.total_amount
where staged.currency is null or facts.currency is null
