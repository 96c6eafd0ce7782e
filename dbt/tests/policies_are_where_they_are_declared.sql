-- Policies of MART tables that are missing, undeclared or not active. TRANSFORMER owns the tables and could detach a policy.
-- Each finding is logged with its table and column. The list makes dbt build every table first; a test compares it with MART.
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
