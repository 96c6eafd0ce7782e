with months as (
    select
        month_starts_on,
        opening_mrr_usd,
        lag(closing_mrr_usd) over (order by month_starts_on) as closing_before_usd
    from {{ ref('rpt_mrr') }}
)

select * from months where opening_mrr_usd <> coalesce(closing_before_usd, 0)
