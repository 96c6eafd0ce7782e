{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    post_hook="{{ record_batch(['int_message_signs']) }}",
) }}

{%- set since = built_batch([ref('int_touched_messages')]) -%}
{%- set days = touched_ranges(since) -%}
{%- set all_signs, batch = ref('int_message_signs'), newest_batch() -%}

with signs as (
    {% if since is none -%}
    select * from {{ all_signs }}
    {%- else -%}
    select * from ({{ rows_in(all_signs, 'sent_at', days, 'timestamp') }}) as signs_of_days
    where {{ touched_message_ids('message_id', since) }}
    {%- endif %}
),

-- All of them, which is a small table: a load may bring its suppressions after its events were built, or never be completed.
suppressions as (
    select account_id, contact_id, created_at from {{ ref('stg_saas__suppressions') }}
    {% if since is not none and since >= batch %}
    -- No new batch, so a rule would have no number: the next run finds it.
    where false
    {% endif %}
),

rules as (
    select account_id, contact_id, began_at from signs
    union all
    select account_id, contact_id, created_at from suppressions
),

new_rules as (
    select account_id, contact_id, min(began_at) as began_at
    from rules
    where account_id is not null and contact_id is not null and began_at is not null
    group by account_id, contact_id
),

{% if is_incremental() -%}
known as (
    select account_id, contact_id, min(began_at) as began_at
    from {{ this }}
    group by account_id, contact_id
),
{%- endif %}

earlier as (
    select new_rules.account_id, new_rules.contact_id, new_rules.began_at
    from new_rules
    {% if is_incremental() %}
    left join known on new_rules.account_id = known.account_id and new_rules.contact_id = known.contact_id
    where known.began_at is null or new_rules.began_at < known.began_at
    {% endif %}
)

select account_id, contact_id, began_at, cast({{ batch }} as bigint) as batch_number
from earlier
