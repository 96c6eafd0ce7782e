{{ config(
    materialized='incremental',
    incremental_strategy='by_event_day',
    on_schema_change='fail',
    post_hook="{{ record_batch(['fct_email_events']) }}",
) }}

{%- set since = built_batch() -%}
{%- set days = event_day_ranges(since) -%}
{%- set facts = ref('fct_email_events') -%}

with events as (
    {% if since is none -%}
    select * from {{ facts }}
    {%- else -%}
    {{ rows_in(facts, 'occurred_on', days) }}
    {%- endif %}
)

select occurred_on, event_type, load_id, count(*) as event_count
from events
group by occurred_on, event_type, load_id
{% if since is none -%}
order by occurred_on
{%- endif %}
