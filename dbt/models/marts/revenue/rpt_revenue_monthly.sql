with invoices as (
    select * from {{ ref('fct_invoices') }}
),

marked as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'issued_on') }} as date) as month_starts_on,
        not is_deleted and invoice_status <> 'draft' as is_billed
    from invoices
),

summed as (
    select
        month_starts_on,
        invoice_status,
        currency,
        count(case when not is_deleted then 1 end) as invoice_count,
        cast(sum(case when is_billed then total_amount else 0 end) as decimal(18, 2)) as billed_amount,
        cast(sum(case when is_billed then total_usd else 0 end) as decimal(18, 2)) as billed_usd,
        {% for status in ['open', 'paid', 'void', 'uncollectible'] -%}
        cast(sum(case when is_billed and invoice_status = '{{ status }}' then total_usd else 0 end) as decimal(18, 2)) as {{ status }}_usd,
        {% endfor -%}
        cast(sum(case when is_billed then tax_usd else 0 end) as decimal(18, 2)) as tax_usd,
        count(case when is_deleted then 1 end) as deleted_invoice_count,
        cast(sum(case when is_deleted then total_usd else 0 end) as decimal(18, 2)) as deleted_usd
    from marked
    group by month_starts_on, invoice_status, currency
)

select * from summed
