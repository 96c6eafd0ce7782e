{{ config(
    materialized='incremental',
    incremental_strategy='by_campaign',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_messages']) }}",
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set all_messages = ref('int_messages') -%}

with messages as (
    {% if since is none -%}
    select * from {{ all_messages }}
    {%- else -%}
    select * from ({{ rows_in(all_messages, 'sent_at', days, 'timestamp') }}) as messages_of_days
    where {{ touched_campaigns('coalesce(campaign_id, -1)', since) }}
    {%- endif %}
)

select
    coalesce(campaign_id, -1) as campaign_key,
    count(*) as sent_count,
    count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
    count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
    count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
    count(first_human_opened_at) as unique_open_count,
    count(first_machine_opened_at) as unique_machine_open_count,
    count(first_clicked_at) as unique_click_count,
    count(complained_at) as complaint_count,
    count(unsubscribed_at) as unsubscribe_count
from messages
group by 1
