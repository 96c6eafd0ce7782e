-- Every load writes dlt's own tables, so this depends on them: dbt cannot see the tables that raw_tables() finds.
-- depends_on: {{ source('dlt', 'loads') }}

-- The time is converted after max(): once for each table, not once for each row. Of an append-only table only the rows are
-- counted, which a warehouse knows: max() would read two of its columns whole, and int_event_loads has both by load.
{% for table in raw_tables() -%}
select
    '{{ table.source_name }}' as source_name,
    '{{ table.identifier }}' as table_name,
    count(*) as row_count,
    {{ '0' if table.is_append_only else 'count(_deleted_at)' }} as deleted_row_count,
    {% if table.is_append_only -%}
    cast(null as timestamp without time zone) as newest_change_at,
    cast(null as varchar) as newest_load_id,
    true as is_append_only
    {%- else -%}
    {{ utc('max(' ~ table.changed_at ~ ')') }} as newest_change_at,
    max(_dlt_load_id) as newest_load_id,
    false as is_append_only
    {%- endif %}
from {{ source(table.source_name, table.name) }}
{{ 'union all' if not loop.last }}
{% endfor %}
