{#- Sets the query tag to the current node. dbt-snowflake calls this before every node. -#}
{% macro set_query_tag() -%}
    {{ return(adapter.dispatch('set_query_tag', 'mailblaze')()) }}
{%- endmacro %}

{% macro default__set_query_tag() -%}
{%- endmacro %}

{% macro snowflake__set_query_tag() -%}
    {%- do run_query("alter session set query_tag = '" ~ tojson({'dbt': model.unique_id}) ~ "'") -%}
{%- endmacro %}
