{% set tables = {
    'postgres': ['accounts', 'campaigns', 'contacts', 'invoices', 'list_memberships', 'lists', 'plans', 'subscriptions', 'users'],
    'saas': ['campaigns', 'suppressions'],
} %}

-- STAGING has a row for each of RAW, and its times in UTC. Of events the fact has, too, and there they are times already: to
-- convert each again would take longer than the rest.
with tables_of_raw as (
    {% for source, names in tables.items() -%}
    {% for name in names -%}
    select
        '{{ source }}' as source_name,
        '{{ source }}_{{ name }}' as table_name,
        count(*) as row_count,
        count(case when is_deleted then 1 end) as deleted_row_count,
        max(updated_at) as newest_change_at,
        max(load_id) as newest_load_id
    from {{ ref('stg_' ~ source ~ '__' ~ name) }}
    union all
    {% endfor -%}
    {% endfor -%}
    select 'saas', 'saas_email_events', count(*), 0, max(received_at), max(load_id)
    from {{ ref('fct_email_events') }}
),

loads as (
    select source_name, max(ended_at) as ended_at
    from {{ ref('stg_dlt__loads') }}
    where is_complete
    group by source_name
),

counts as (
    select tables_of_raw.*, loads.ended_at as source_loaded_at
    from tables_of_raw
    left join loads on tables_of_raw.source_name = loads.source_name
)

select * from counts
