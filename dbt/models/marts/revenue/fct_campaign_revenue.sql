{{ config(row_access_policy=rows_of_region()) }}

with invoices as (
    select * from {{ ref('fct_invoices') }}
    where invoice_status = 'paid' and not is_deleted
),

-- Account -1 combines unknown accounts: its invoices and campaigns are unrelated.
campaigns as (
    select campaign_id, account_id, sent_at from {{ ref('dim_campaigns') }}
    where sent_at is not null and account_id <> -1
),

-- Whole days before the day of issue: an invoice has no time of day, so the order within its day is unknown.
met as (
    select
        invoices.invoice_id,
        campaigns.campaign_id,
        invoices.account_id,
        invoices.region,
        invoices.issued_on,
        invoices.subtotal_usd,
        campaigns.sent_at,
        count(campaigns.campaign_id) over (partition by invoices.invoice_id) as campaign_count,
        row_number() over (
            partition by invoices.invoice_id order by campaigns.sent_at desc, campaigns.campaign_id desc
        ) as place_from_last
    from invoices
    left join campaigns
        on invoices.account_id = campaigns.account_id
        and cast(campaigns.sent_at as date) >= cast({{ dbt.dateadd('day', -var('attribution_days'), 'invoices.issued_on') }} as date)
        and cast(campaigns.sent_at as date) < invoices.issued_on
),

shared as (
    select
        *,
        {{ cents_each('subtotal_usd', 'campaign_count') }} as share_usd
    from met
),

facts as (
    select
        invoice_id,
        coalesce(campaign_id, -1) as campaign_id,
        account_id,
        region,
        issued_on,
        sent_at as campaign_sent_at,
        campaign_count,
        cast(
            case
                when campaign_count = 0 then subtotal_usd
                when place_from_last = 1 then subtotal_usd - share_usd * (campaign_count - 1)
                else share_usd
            end as decimal(18, 2)
        ) as attributed_usd
    from shared
)

select * from facts
