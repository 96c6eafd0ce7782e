{#- The loads of events of which an incremental model has nothing yet, told by its column `known`. A list of a few: a warehouse
    compares each event with that, not with each row of the model. -#}
{% macro new_loads(known) -%}
    (
        select distinct load_id from {{ ref('stg_saas__email_events') }}
        where load_id not in (select distinct {{ known }} from {{ this }})
    ) as new_loads
{%- endmacro %}
