{#- A share of two counts, rounded to six digits; null where there is nothing to divide by. -#}
{% macro ratio(numerator, denominator) -%}
    cast(cast({{ numerator }} as decimal(18, 0)) / nullif({{ denominator }}, 0) as decimal(18, 6))
{%- endmacro %}
