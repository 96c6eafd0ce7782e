{{ config(
    materialized='incremental',
    incremental_strategy='by_key',
    on_schema_change='fail',
    post_hook=['{{ forget_built_batches() }}', '{{ record_batch() }}'],
) }}

{%- set since = built_batch() -%}
{%- set batch = newest_batch() -%}

with events as (
    {{ events_after(since) }}
),

dimensions as (
    select 'account' as dimension, account_id as key_id from {{ ref('dim_accounts') }}
    union all
    select 'contact', contact_id from {{ ref('dim_contacts') }}
    union all
    select 'campaign', campaign_id from {{ ref('dim_campaigns') }}
),

keys as (
    {% for dimension in ['account', 'contact', 'campaign'] -%}
    select '{{ dimension }}' as dimension, {{ dimension }}_id as key_id, cast(occurred_at as date) as occurred_on
    from events
    where {{ dimension }}_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

new_keys as (
    select keys.dimension, keys.key_id, min(keys.occurred_on) as first_on, max(keys.occurred_on) as last_on
    from keys
    left join dimensions on keys.dimension = dimensions.dimension and keys.key_id = dimensions.key_id
    where dimensions.key_id is null
    group by keys.dimension, keys.key_id
),

{% if since is none -%}
changed as (
    select *, cast(null as bigint) as batch_number, false as is_floor from new_keys
    union all
    select null, null, null, null, {{ batch }}, true
)
{%- else -%}
known as (
    select * from {{ this }} where not is_floor
),

changed as (
    select
        new_keys.dimension,
        new_keys.key_id,
        least(new_keys.first_on, coalesce(known.first_on, new_keys.first_on)) as first_on,
        greatest(new_keys.last_on, coalesce(known.last_on, new_keys.last_on)) as last_on,
        known.batch_number,
        false as is_floor
    from new_keys
    left join known on new_keys.dimension = known.dimension and new_keys.key_id = known.key_id
    {% if since < batch %}
    union all
    -- Keys that the dimensions have now. Without a new batch they would have no number: the next run finds them.
    select known.dimension, known.key_id, known.first_on, known.last_on, {{ batch }}, false
    from known
    inner join dimensions on known.dimension = dimensions.dimension and known.key_id = dimensions.key_id
    where known.batch_number is null
    {% endif %}
)
{%- endif %}

select
    cast(dimension as varchar) as dimension,
    cast(key_id as bigint) as key_id,
    cast(first_on as date) as first_on,
    cast(last_on as date) as last_on,
    cast(batch_number as bigint) as batch_number,
    is_floor
from changed
