{#- A JSON column. From Parquet, Snowflake loads JSON as a string inside a VARIANT, which must be parsed. -#}
{% macro parsed_json(column) -%}
    {{ adapter.dispatch('parsed_json')(column) }}
{%- endmacro %}

{% macro default__parsed_json(column) -%}
    cast({{ column }} as json)
{%- endmacro %}

{% macro snowflake__parsed_json(column) -%}
    parse_json(cast({{ column }} as varchar))
{%- endmacro %}
