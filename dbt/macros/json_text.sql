{#- A field of a JSON object in a text column, as text; null if the text is no JSON object or lacks the field. -#}
{% macro json_text(column, field) -%}
    {{ adapter.dispatch('json_text')(column, field) }}
{%- endmacro %}

{% macro default__json_text(column, field) -%}
    case when json_valid({{ column }}) then json_extract_string({{ column }}, '$.{{ field }}') end
{%- endmacro %}

{% macro snowflake__json_text(column, field) -%}
    try_parse_json({{ column }}):{{ field }}::varchar
{%- endmacro %}
