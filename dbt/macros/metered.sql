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

{#- From when a run reads the meters: Snowflake is late with them, so the last three days are told again, and no more of its
    history is read. -#}
{% macro metered_since(column) -%}
    {%- if is_incremental() -%}
    (select coalesce(cast({{ dbt.dateadd('day', -3, 'max(' ~ column ~ ')') }} as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from {{ this }})
    {%- else -%}
    cast('2000-01-01' as timestamp without time zone)
    {%- endif -%}
{%- endmacro %}
