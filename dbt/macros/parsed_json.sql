{#- A JSON column. Parquet brings JSON to Snowflake as a string inside a VARIANT, which has to be parsed first. -#}
{% macro parsed_json(column) -%}
    {{ adapter.dispatch('parsed_json')(column) }}
{%- endmacro %}

{% macro default__parsed_json(column) -%}
    cast({{ column }} as json)
{%- endmacro %}

{% macro snowflake__parsed_json(column) -%}
    parse_json(cast({{ column }} as varchar))
{%- endmacro %}
