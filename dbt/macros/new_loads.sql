{#- The loads of events that an incremental model does not contain yet, by its column `known`. The list is short: the warehouse
    compares events with it, not with each row of the model. -#}
{% macro new_loads(known) -%}
    (
        select distinct load_id from {{ ref('stg_saas__email_events') }}
        where load_id not in (select distinct {{ known }} from {{ this }})
    ) as new_loads
{%- endmacro %}
