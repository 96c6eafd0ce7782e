{#- The tables that the sources have loaded into RAW, one dictionary each: source_name, name, identifier, changed_at (the column
    with the time of the last change) and is_append_only. They come from the declared sources, so a new table needs no other
    entry; a declared table that RAW does not have yet is left out. dbt fills `graph` after it has parsed the project: until then
    the list is empty. -#}
{% macro raw_tables() -%}
    {%- set tables = [] -%}
    {%- for table in (graph.sources.values() if execute else []) | sort(attribute='identifier') -%}
        {%- if table.schema == var('scratch', '') ~ 'RAW' and table.source_name != 'dlt' -%}
            {%- set relation = source(table.source_name, table.name) -%}
            {%- if adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
                {%- do tables.append({
                    'source_name': table.source_name,
                    'name': table.name,
                    'identifier': table.identifier,
                    'changed_at': table.config.meta.get('changed_at', 'updated_at'),
                    'is_append_only': table.config.meta.get('is_append_only', false),
                }) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}
