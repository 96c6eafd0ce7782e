{% set movements = ['new', 'expansion', 'contraction', 'churn', 'reactivation'] %}

with months as (
    select * from {{ ref('int_mrr_months') }}
),

movements as (
    select * from {{ ref('fct_mrr_movements') }}
),

account_months as (
    select * from {{ ref('int_account_mrr') }}
),

moved as (
    select
        month_starts_on,
        {% for movement in movements -%}
        sum(case when movement = '{{ movement }}' then change_usd else 0 end) as {{ movement }}_mrr_usd,
        {% endfor -%}
        sum(change_usd) as change_usd,
        sum(exchange_rate_change_usd) as exchange_rate_change_usd,
        count(case when movement = 'new' then 1 end) as new_account_count,
        count(case when movement = 'churn' then 1 end) as churned_account_count,
        count(case when movement = 'reactivation' then 1 end) as reactivated_account_count
    from movements
    group by month_starts_on
),

-- Closing MRR is computed independently of the movements; a test compares the two.
measured as (
    select
        month_starts_on,
        sum(mrr_usd) as closing_mrr_usd,
        count(case when mrr_usd > 0 then 1 end) as paying_account_count
    from account_months
    group by month_starts_on
),

joined as (
    select
        months.month_starts_on,
        months.measured_on,
        {% for movement in movements -%}
        cast(coalesce(moved.{{ movement }}_mrr_usd, 0) as decimal(18, 2)) as {{ movement }}_mrr_usd,
        {% endfor -%}
        coalesce(moved.change_usd, 0) as change_usd,
        cast(coalesce(moved.exchange_rate_change_usd, 0) as decimal(18, 2)) as exchange_rate_change_usd,
        cast(coalesce(measured.closing_mrr_usd, 0) as decimal(18, 2)) as closing_mrr_usd,
        coalesce(moved.new_account_count, 0) as new_account_count,
        coalesce(moved.churned_account_count, 0) as churned_account_count,
        coalesce(moved.reactivated_account_count, 0) as reactivated_account_count,
        coalesce(measured.paying_account_count, 0) as paying_account_count
    from months
    left join moved on months.month_starts_on = moved.month_starts_on
    left join measured on months.month_starts_on = measured.month_starts_on
),

opened as (
    select
        *,
        cast(
            sum(change_usd) over (order by month_starts_on rows between unbounded preceding and current row) - change_usd
            as decimal(18, 2)
        ) as opening_mrr_usd,
        cast(coalesce(lag(paying_account_count) over (order by month_starts_on), 0) as bigint) as opening_account_count
    from joined
),

reported as (
    select
        month_starts_on,
        measured_on,
        opening_mrr_usd,
        {% for movement in movements -%}
        {{ movement }}_mrr_usd,
        {% endfor -%}
        closing_mrr_usd,
        exchange_rate_change_usd,
        opening_account_count,
        new_account_count,
        churned_account_count,
        reactivated_account_count,
        paying_account_count,
        {{ cents_each('closing_mrr_usd + 0.005 * paying_account_count', 'paying_account_count') }} as arpa_usd,
        {{ ratio('churned_account_count', 'opening_account_count') }} as logo_churn_rate,
        {{ ratio('-100 * (contraction_mrr_usd + churn_mrr_usd)', '(100 * opening_mrr_usd)') }} as revenue_churn_rate,
        {{ ratio(
            '100 * (opening_mrr_usd + expansion_mrr_usd + contraction_mrr_usd + churn_mrr_usd)', '(100 * opening_mrr_usd)'
        ) }} as net_revenue_retention
    from opened
)

select * from reported
