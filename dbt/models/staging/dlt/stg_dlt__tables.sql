-- Every load writes dlt's own tables, so this depends on them: dbt cannot see the tables that raw_tables() finds.
-- depends_on: {{ source('dlt', 'loads') }}

-- The time is converted after max(): once for each table, not once for each row.
{% for table in raw_tables() -%}
select
    '{{ table.source_name }}' as source_name,
    '{{ table.identifier }}' as table_name,
    count(*) as row_count,
    {{ '0' if table.is_append_only else 'count(_deleted_at)' }} as deleted_row_count,
    {{ utc('max(' ~ table.changed_at ~ ')') }} as newest_change_at,
    max(_dlt_load_id) as newest_load_id
from {{ source(table.source_name, table.name) }}
{{ 'union all' if not loop.last }}
{% endfor %}
