{#- The ratio of two counts, rounded to six digits; null if the denominator is 0. -#}
{% macro ratio(numerator, denominator) -%}
    cast(cast({{ numerator }} as decimal(18, 0)) / nullif({{ denominator }}, 0) as decimal(18, 6))
{%- endmacro %}
