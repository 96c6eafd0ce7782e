{{ config(materialized='incremental', incremental_strategy='rewritten', full_refresh=false, on_schema_change='fail') }}

{% if is_incremental() %}
with records as (
    select
        *,
        row_number() over (partition by model_name order by record_number desc) as newest_first
    from {{ this }}
)

select model_name, batch_number, row_count, record_number
from records
where newest_first = 1
{% else %}
-- The models add their rows after they are built (record_batch).
select
    cast(null as varchar) as model_name,
    cast(null as bigint) as batch_number,
    cast(null as bigint) as row_count,
    cast(null as bigint) as record_number
where false
{% endif %}
