{#- A view of METERING, or an empty query with the same columns if it does not exist: on DuckDB, and on an account without the
    Terraform modules. -#}
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

{#- The time from which a run reads METERING. Snowflake meters late, so a run recomputes the last three days and reads nothing
    older. -#}
{% macro metered_since(column) -%}
    {%- if is_incremental() -%}
    (select coalesce(cast({{ dbt.dateadd('day', -3, 'max(' ~ column ~ ')') }} as timestamp without time zone), cast('2000-01-01' as timestamp without time zone)) from {{ this }})
    {%- else -%}
    cast('2000-01-01' as timestamp without time zone)
    {%- endif -%}
{%- endmacro %}
