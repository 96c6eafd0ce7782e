{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='fail') }}

{%- set loads, events = ref('stg_dlt__loads'), ref('stg_saas__email_events') -%}
{%- set new_loads = [] -%}
{%- if execute and is_incremental() -%}
    {%- set newest = run_query('select max(load_id) from ' ~ this).rows[0][0] -%}
    {#- A load that was cut off may have merged its events without having been completed: those of the last week are looked up. -#}
    {%- set query -%}
        select load_id from {{ loads }} where is_complete and load_id not in (select load_id from {{ this }} where load_id is not null)
        union
        select load_id from {{ events }}
        where load_id >= '{{ ((newest or 0) | float - 7 * 86400) | int }}'
            and load_id not in (select load_id from {{ this }} where load_id is not null)
    {%- endset -%}
    {%- for row in run_query(query).rows -%}
        {%- do new_loads.append("'" ~ row[0] ~ "'") -%}
    {%- endfor -%}
{%- endif -%}

with loads as (
    select load_id from {{ loads }} where is_complete
    union
    select load_id from {{ events }}
    {% if is_incremental() %}
    where load_id in ({{ new_loads | join(', ') or "''" }})
    {% endif %}
),

new_loads as (
    select load_id from loads
    {% if is_incremental() %}
    where load_id in ({{ new_loads | join(', ') or "''" }})
    {% endif %}
    union all
    -- A batch without loads: dimensions may have changed.
    select null
),

counts as (
    select load_id, count(*) as event_count, max(received_at) as newest_received_at
    from {{ events }}
    {% if is_incremental() %}
    where load_id in ({{ new_loads | join(', ') or "''" }})
    {% endif %}
    group by load_id
),

batches as (
    select cast(max(batch_number) + 1 as bigint) as batch_number
    from (
        select 0 as batch_number
        union all
        select batch_number from {{ ref('int_built_batches') }}
        {% if is_incremental() %}
        union all
        select batch_number from {{ this }}
        {% endif %}
    ) as known
)

select
    new_loads.load_id,
    batches.batch_number,
    coalesce(counts.event_count, 0) as event_count,
    counts.newest_received_at
from new_loads
cross join batches
left join counts on new_loads.load_id = counts.load_id
