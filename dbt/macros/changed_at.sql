{#- When a row of RAW last changed (UTC). A delete leaves updated_at unchanged, and a dbt snapshot needs one time that moves on
    every change. -#}
{% macro changed_at() -%}
    {{ utc('greatest(updated_at, coalesce(_deleted_at, updated_at))') }}
{%- endmacro %}
