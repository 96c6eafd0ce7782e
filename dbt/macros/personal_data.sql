{#- On Snowflake a column whose meta says contains_pii is made with the tag that hides it (terraform/modules/warehouse): the
    table is never there without its mask. dbt's own macro of this name, with that one constraint more. -#}
{% macro snowflake__get_table_columns_and_constraints() -%}
    {%- set columns = {} -%}
    {%- for name, column in model.columns.items() -%}
        {%- set mask = {'type': 'custom', 'expression': "tag (" ~ target.database ~ ".MART.PERSONAL_DATA = 'person')"} -%}
        {%- set more = [mask] if column.get('config', {}).get('meta', {}).get('contains_pii') else [] -%}
        {%- do columns.update({name: dict(column, constraints=column.constraints + more)}) -%}
    {%- endfor -%}
    ({{ (adapter.render_raw_columns_constraints(raw_columns=columns)
        + adapter.render_raw_model_constraints(raw_constraints=model.constraints)) | join(', ') }})
{%- endmacro %}

{#- The row-access policy of a table that has the column region: REPORTER sees the rows of the regions it was given. -#}
{% macro rows_of_region() -%}
    {{ target.database }}.MART.ROWS_OF_REGION on (region)
{%- endmacro %}
