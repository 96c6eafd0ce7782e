{#- Schemas have the same names in every environment: STAGING, not MART_STAGING. A scratch run (`make smoke-snowflake`)
    prefixes them. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ var('scratch', '') ~ (custom_schema_name or target.schema) }}
{%- endmacro %}
