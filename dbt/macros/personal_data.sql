{#- The masking tag of each text column of a MART table (terraform/modules/warehouse/personal_data.tf): PERSON, ID or TEXT. A
    column that the table's row access policy names has none, because Snowflake allows one kind of policy per column. Keys are
    the columns of the table's primary_key test and those named *_id. -#}
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

{#- Overrides dbt's macro to create each text column with its masking tag, so that no table ever exists without its masks. In
    an incremental run dbt creates only a temporary table by it, which other sessions cannot read and which gets no tag; the
    table itself keeps its tags. -#}
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

{#- The row access policy of a table with the column region: REPORTER sees the rows of the regions granted to it. -#}
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

{#- The policies that dbt declares for a table of MART, as "column: POLICY". -#}
{% macro declared_policies(node) -%}
    {%- set declared = [] -%}
    {%- for name, tag in masking_tags(node).items() -%}
        {%- do declared.append(name ~ ': MASK_' ~ tag) -%}
    {%- endfor -%}
    {%- for name in row_policy_columns(node) -%}
        {%- do declared.append(name ~ ': ' ~ node.config.row_access_policy.split(' ')[0].split('.')[-1]) -%}
    {%- endfor -%}
    {{ return(declared) }}
{%- endmacro %}

{#- The differences between the policies attached in Snowflake and those that dbt declares. `tables` maps the name of a model to
    its relation. Snowflake lists the policies of a table to a role that owns it and may apply them, as TRANSFORMER does. -#}
{% macro policy_findings(tables) -%}
    {%- set attached = {} -%}
    {%- set findings = [] -%}
    {%- set query -%}
        {%- for name, table in tables.items() %}
        select
            '{{ name }}' as table_name,
            lower(coalesce(ref_column_name, regexp_replace(ref_arg_column_names, '[^A-Z0-9_,]', ''))) as column_name,
            policy_name,
            policy_status
        from table({{ table.database }}.information_schema.policy_references(ref_entity_name => '{{ table }}', ref_entity_domain => 'table'))
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {%- for row in run_query(query).rows -%}
        {%- set policy = row[1] ~ ': ' ~ row[2] -%}
        {%- do attached.setdefault(row[0], []).append(policy) -%}
        {%- if row[3] != 'ACTIVE' -%}
            {%- do findings.append(row[0] ~ '.' ~ policy ~ ' is ' ~ row[3]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in tables -%}
        {%- set declared = declared_policies(graph.nodes['model.mailblaze.' ~ name]) -%}
        {%- for policy in declared if policy not in attached.get(name, []) -%}
            {%- do findings.append(name ~ '.' ~ policy ~ ' is declared and not attached') -%}
        {%- endfor -%}
        {%- for policy in attached.get(name, []) if policy not in declared -%}
            {%- do findings.append(name ~ '.' ~ policy ~ ' is attached and not declared') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for finding in findings -%}
        {%- do log(finding, info=True) -%}
    {%- endfor -%}
    {{ return(findings) }}
{%- endmacro %}

{#- Drops every table with the row access policy of MART, scratch schemas included. Snowflake does not drop a policy in use, so
    `terraform destroy` fails without this. Rows are deleted first, so that no row is visible without the policy; dbt rebuilds
    MART from RAW. Run it by `dbt run-operation drop_tables_with_policies`. -#}
{% macro drop_tables_with_policies() -%}
    {%- set policy = target.database ~ '.MART.ROWS_OF_REGION' -%}
    {%- set query -%}
        select ref_database_name || '.' || ref_schema_name || '.' || ref_entity_name
        from table({{ target.database }}.information_schema.policy_references(policy_name => '{{ policy }}'))
        order by 1
    {%- endset -%}
    {%- set tables = run_query(query).rows -%}
    {%- for row in tables -%}
        {%- set table = row[0] -%}
        {%- do run_query('truncate table ' ~ table) -%}
        {%- do run_query('alter table ' ~ table ~ ' drop all row access policies') -%}
        {%- do run_query('drop table ' ~ table) -%}
        {%- do log('dropped ' ~ table, info=True) -%}
    {%- endfor -%}
    {%- do log(tables | length ~ ' tables had the policy ' ~ policy, info=True) -%}
{%- endmacro %}
