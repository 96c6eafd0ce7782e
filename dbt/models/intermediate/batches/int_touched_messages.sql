{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='fail',
    post_hook=[
        '{{ forget_built_batches() }}',
        "{{ record_batch(['int_campaign_days', 'int_unmatched_keys', 'int_campaign_domains']) }}",
    ],
) }}

{%- set since = built_batch([ref('int_unmatched_keys'), ref('int_campaign_domains')]) -%}
{%- set batch = newest_batch() -%}
{%- set facts = built_before('fct_email_events') -%}
{%- set days, events = ref('int_campaign_days'), ref('stg_saas__email_events') -%}
{%- set new_days = event_day_ranges(since) -%}

{#- A fact that was built alone, ahead of this list, no longer has the versions that new events have replaced. -#}
{%- set is_ahead = false -%}
{%- if since is not none and facts is not none -%}
    {%- set ahead -%}
        select count(*) from ({{ rows_in(facts.relation, 'occurred_on', new_days) }}) as facts
        where facts.load_id not in (
            select load_id from {{ ref('int_event_loads') }} where load_id is not null and batch_number <= {{ since }}
        )
    {%- endset -%}
    {%- set is_ahead = run_query(ahead).rows[0][0] > 0 -%}
{%- endif -%}

{% if since is none or facts is none or is_ahead %}
-- What changed before is not known: whoever reads this list is built whole.
select
    cast({{ batch }} as bigint) as batch_number,
    cast(null as bigint) as campaign_key,
    cast(null as varchar) as message_id,
    false as is_rejoined,
    true as is_floor
{% else %}
{%- set key_days -%}
    select days.occurred_on as day_on
    from {{ days }} as days
    inner join {{ ref('int_unmatched_keys') }} as keys on days.occurred_on between keys.first_on and keys.last_on
    where not keys.is_floor and keys.batch_number > {{ since }}
{%- endset -%}
{%- set domain_days -%}
    select days.occurred_on as day_on
    from {{ days }} as days
    inner join {{ ref('int_campaign_domains') }} as domains on days.campaign_key = domains.campaign_id
    where not domains.is_floor and domains.batch_number > {{ since }}
{%- endset -%}

with new_events as (
    {{ events_after(since) }}
),

-- The versions of these events that the fact still has.
replaced as (
    select facts.campaign_id as campaign_key, facts.message_id
    from ({{ rows_in(facts.relation, 'occurred_on', new_days) }}) as facts
    where facts.event_id in (select event_id from new_events)
),

keys as (
    select dimension, key_id, batch_number from {{ ref('int_unmatched_keys') }} where not is_floor
),

matched as (
    select dimension, key_id from keys where batch_number > {{ since }}
),

domains as (
    select campaign_id from {{ ref('int_campaign_domains') }} where not is_floor and batch_number > {{ since }}
),

touched as (
    select coalesce(campaign_id, -1) as campaign_key, message_id, false as is_rejoined from new_events
    union all
    select campaign_key, message_id, false from replaced
    union all
    -- The fact does not name campaigns that were unknown.
    select keys.key_id, replaced.message_id, false
    from replaced
    inner join keys on replaced.campaign_key = -1 and keys.dimension = 'campaign'
    union all
    select coalesce(events.campaign_id, -1), events.message_id, true
    from ({{ rows_in(events, 'raw_occurred_at', day_ranges(key_days), 'timestamp with time zone') }}) as events
    where events.account_id in (select key_id from matched where dimension = 'account')
        or events.contact_id in (select key_id from matched where dimension = 'contact')
        or events.campaign_id in (select key_id from matched where dimension = 'campaign')
    union all
    select coalesce(events.campaign_id, -1), events.message_id, false
    from ({{ rows_in(events, 'raw_occurred_at', day_ranges(domain_days), 'timestamp with time zone') }}) as events
    where events.campaign_id in (select campaign_id from domains)
    {% if facts.batch < since %}
    union all
    -- The fact was not built since: its versions are older than those that these batches have replaced.
    select campaign_key, message_id, is_rejoined from {{ this }} where not is_floor and batch_number > {{ facts.batch }}
    {% endif %}
)

select
    cast({{ batch }} as bigint) as batch_number,
    cast(campaign_key as bigint) as campaign_key,
    cast(message_id as varchar) as message_id,
    max(case when is_rejoined then 1 else 0 end) = 1 as is_rejoined,
    false as is_floor
from touched
where message_id is not null
group by campaign_key, message_id
{% endif %}
