{{ config(
    materialized='incremental',
    incremental_strategy='by_campaign',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_touched_messages']) }}",
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set staged = ref('stg_saas__email_events') -%}

with events as (
    {% if since is none -%}
    select * from {{ staged }}
    {%- else -%}
    select * from ({{ rows_in(staged, 'raw_occurred_at', days, 'timestamp with time zone') }}) as events_of_days
    where {{ touched_campaigns('coalesce(campaign_id, -1)', since) }}
    {%- endif %}
),

reactions as (
    select * from events
    where event_type = 'click' or (event_type = 'open' and not coalesce(is_machine_open, false))
),

dates as (
    select date_day, day_of_week from {{ ref('dim_dates') }}
)

select
    coalesce(reactions.campaign_id, -1) as campaign_key,
    dates.day_of_week,
    cast(extract(hour from reactions.occurred_at) as bigint) as hour_of_day,
    count(case when reactions.event_type = 'open' then 1 end) as human_open_count,
    count(case when reactions.event_type = 'click' then 1 end) as click_count
from reactions
inner join dates on cast(reactions.occurred_at as date) = dates.date_day
group by 1, 2, 3
