{% test holds(model, expression) %}
{#- Rows for which the expression is false or unknown. -#}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
