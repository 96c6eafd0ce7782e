-- Policies that a table of MART lacks, has beside what dbt declares, or has in another state than active. TRANSFORMER owns these
-- tables and could take a policy off them. Each finding is printed with its table and column.
{{ config(enabled=target.type == 'snowflake', tags=['whole_table']) }}

{%- set names = [
    'dim_accounts', 'dim_accounts_history', 'dim_campaigns', 'dim_contacts', 'dim_dates', 'fct_campaign_revenue', 'fct_email_events',
    'fct_invoices', 'fct_messages', 'fct_mrr_movements', 'rpt_account_performance', 'rpt_campaign_hours', 'rpt_campaign_performance',
    'rpt_daily_engagement', 'rpt_data_status', 'rpt_deliverability', 'rpt_list_health', 'rpt_list_survival', 'rpt_mrr',
    'rpt_pipeline_cost', 'rpt_restatements', 'rpt_revenue_monthly', 'rpt_suppression_breaches',
] -%}
{%- set tables = {} -%}
{%- for name in names -%}
    {%- set table = ref(name) -%}
    {%- if execute and load_relation(table) -%}
        {%- do tables.update({name: table}) -%}
    {%- endif -%}
{%- endfor -%}
{%- set findings = policy_findings(tables) if tables else [] -%}
{%- for finding in findings %}
select '{{ finding }}' as finding
union all
{%- endfor %}
select 'none' as finding
where false
