{#- The tag of each text column of a MART table, by column (terraform/modules/warehouse/personal_data.tf): a person's, a key's
    or any other text's. A column that the table's row access policy names has none: Snowflake allows one kind of policy for
    each column. Keys are the columns of the table's primary_key test, and those that are named *_id. -#}
{% macro masking_tags(node) -%}
    {%- set in_policy = row_policy_columns(node) -%}
    {%- set keys = [] -%}
    {%- for test in graph.nodes.values() -%}
        {%- if test.resource_type == 'test' and test.attached_node == node.unique_id and test.test_metadata.name == 'primary_key' -%}
            {%- do keys.extend(test.test_metadata.kwargs.get('columns') or test.test_metadata.kwargs.arguments.columns) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set tags = {} -%}
    {%- for name, column in node.columns.items() if column.data_type.lower().startswith('varchar') and name not in in_policy -%}
        {%- if column.config.get('meta', {}).get('contains_pii') -%}
            {%- do tags.update({name: 'PERSON'}) -%}
        {%- elif name in keys or name.endswith('_id') -%}
            {%- do tags.update({name: 'ID'}) -%}
        {%- else -%}
            {%- do tags.update({name: 'TEXT'}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tags) }}
{%- endmacro %}

{#- On Snowflake each text column is made with its tag: no table is ever there without its masks. dbt's own macro of this name,
    with that one constraint more. In an incremental run dbt makes only a temporary table by this, which nobody else can
    read and which gets no tag; the table itself keeps its own. -#}
{% macro snowflake__get_table_columns_and_constraints() -%}
    {%- set tags = {} if is_incremental() else masking_tags(model) -%}
    {%- set columns = {} -%}
    {%- for name, column in model.columns.items() -%}
        {%- set tag = {'type': 'custom', 'expression': "tag (" ~ target.database ~ ".MART.PERSONAL_DATA_" ~ tags.get(name) ~ " = 'masked')"} -%}
        {%- do columns.update({name: dict(column, constraints=column.constraints + ([tag] if name in tags else []))}) -%}
    {%- endfor -%}
    ({{ (adapter.render_raw_columns_constraints(raw_columns=columns)
        + adapter.render_raw_model_constraints(raw_constraints=model.constraints)) | join(', ') }})
{%- endmacro %}

{#- The row access policy of a table that has the column region: REPORTER sees the rows of the regions it was given. -#}
{% macro rows_of_region() -%}
    {{ target.database }}.MART.ROWS_OF_REGION on (region)
{%- endmacro %}

{#- The columns that a node's row access policy names. -#}
{% macro row_policy_columns(node) -%}
    {%- set columns = [] -%}
    {%- if node.config.get('row_access_policy') -%}
        {%- for name in node.config.row_access_policy.split('(')[1].split(')')[0].split(',') -%}
            {%- do columns.append(name | trim) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}
