{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='fail',
    post_hook=['{{ forget_built_batches() }}', "{{ record_batch(['int_messages']) }}"],
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set batch = newest_batch() -%}
{%- set facts = built_before('fct_messages') -%}
{%- set messages = ref('int_messages') -%}

{% if since is none or facts is none or is_ahead('fct_messages', 'int_messages') %}
select cast({{ batch }} as bigint) as batch_number, cast(null as date) as sent_on, true as is_floor
{% else %}
with sent as (
    select sent_on from ({{ rows_in(facts.relation, 'sent_on', days) }}) as before
    where {{ touched_message_ids('message_id', since) }}
    union all
    select cast(sent_at as date) from ({{ rows_in(messages, 'sent_at', days, 'timestamp') }}) as after
    where {{ touched_message_ids('message_id', since) }}
)

select distinct cast({{ batch }} as bigint) as batch_number, sent_on, false as is_floor
from sent
{% endif %}
