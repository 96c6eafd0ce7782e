{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='fail') }}

{%- set newest = run_query('select max(load_id) from ' ~ this).rows[0][0] if execute and is_incremental() -%}

-- A load that was cut off may have merged its events without having been completed: those of the last week are looked up in RAW.
with loads as (
    select load_id from {{ ref('stg_dlt__loads') }} where is_complete
    union
    select load_id from {{ ref('stg_saas__email_events') }}
    {% if newest %}
    where load_id >= '{{ (newest | float - 7 * 86400) | int }}'
    {% endif %}
),

batches as (
    select max(batch_number) + 1 as batch_number
    from (
        select 0 as batch_number
        union all
        select batch_number from {{ ref('int_built_batches') }}
        {% if is_incremental() %}
        union all
        select batch_number from {{ this }}
        {% endif %}
    ) as known
),

new_loads as (
    select load_id from loads
    {% if is_incremental() %}
    where load_id not in (select load_id from {{ this }} where load_id is not null)
    {% endif %}
    union all
    -- A batch without loads: dimensions may have changed.
    select null
)

select new_loads.load_id, cast(batches.batch_number as bigint) as batch_number
from new_loads
cross join batches
