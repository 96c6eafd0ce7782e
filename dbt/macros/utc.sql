{#- A timestamp with time zone as UTC without zone, independent of the session's time zone. -#}
{% macro utc(column) -%}
    {{ adapter.dispatch('utc')(column) }}
{%- endmacro %}

{% macro default__utc(column) -%}
    cast({{ column }} at time zone 'UTC' as timestamp without time zone)
{%- endmacro %}

{% macro snowflake__utc(column) -%}
    cast(convert_timezone('UTC', {{ column }}) as timestamp_ntz)
{%- endmacro %}
