{#- A view of METERING, or an empty one of the same columns where nothing is metered: on DuckDB, and on an account that
    Terraform has not laid. -#}
{% macro metered(table) -%}
    {%- set relation = source('metering', table) -%}
    {%- if execute and not adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
        {%- set node = graph.sources.values() | selectattr('source_name', 'equalto', 'metering') | selectattr('name', 'equalto', table) | first -%}
        (
            select
            {%- for column in node.columns.values() %}
                cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
            where false
        ) as {{ table }}
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
