{{ config(materialized='incremental', incremental_strategy='rewritten', on_schema_change='fail', post_hook='{{ record_batch() }}') }}

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

known as (
    select dimension, key_id, first_on, last_on, cast(null as bigint) as batch_number from new_keys
    {% if since is not none %}
    union all
    select dimension, key_id, first_on, last_on, batch_number
    from {{ this }}
    where not is_floor
        -- Every model has joined the other ones again.
        and (batch_number is null or batch_number > (select min(batch_number) from {{ ref('int_built_batches') }}))
    {% endif %}
),

merged as (
    select
        dimension,
        key_id,
        min(first_on) as first_on,
        max(last_on) as last_on,
        max(batch_number) as batch_number
    from known
    group by dimension, key_id
),

matched as (
    select
        merged.dimension,
        merged.key_id,
        merged.first_on,
        merged.last_on,
        {% if since is none or since < batch -%}
        case when dimensions.key_id is not null then coalesce(merged.batch_number, {{ batch }}) end as batch_number
        {%- else -%}
        merged.batch_number
        {%- endif %}
    from merged
    left join dimensions on merged.dimension = dimensions.dimension and merged.key_id = dimensions.key_id
)

select dimension, key_id, first_on, last_on, cast(batch_number as bigint) as batch_number, false as is_floor
from matched
union all
select
    null,
    null,
    null,
    null,
    {% if since is none -%}
    cast({{ batch }} as bigint),
    true
    {%- else -%}
    batch_number,
    true
    from {{ this }}
    where is_floor
    {%- endif %}
