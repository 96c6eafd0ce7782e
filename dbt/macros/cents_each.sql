{#- An amount divided into equal parts, truncated to the cent. The division is of whole numbers without a remainder:
    DuckDB divides decimals as floats, and Snowflake does not. -#}
{% macro cents_each(amount, parts) -%}
    cast(cast((({{ amount }}) * 100 - mod(({{ amount }}) * 100, nullif({{ parts }}, 0))) / nullif({{ parts }}, 0) as decimal(18, 0)) * 0.01 as decimal(18, 2))
{%- endmacro %}
