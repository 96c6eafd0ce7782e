-- Paid invoices whose parts are missing or do not add up to them, and parts of any other invoice.
with invoices as (
    select invoice_id, subtotal_usd
    from {{ ref('fct_invoices') }}
    where invoice_status = 'paid' and not is_deleted
),

parts as (
    select invoice_id, sum(attributed_usd) as attributed_usd
    from {{ ref('fct_campaign_revenue') }}
    group by invoice_id
)

select invoices.invoice_id as paid_invoice_id, parts.invoice_id as shared_invoice_id
from invoices
full outer join parts on invoices.invoice_id = parts.invoice_id and invoices.subtotal_usd = parts.attributed_usd
where invoices.invoice_id is null or parts.invoice_id is null
