{#- Scopes of the batches after one, which the models select and the strategies delete. -#}

{#- The days on which the campaigns of touched messages have events: every event of a touched message lies in them. None: all. -#}
{% macro touched_ranges(batch, condition='true') -%}
    {%- set touched, days = ref('int_touched_messages'), ref('int_campaign_days') -%}
    {%- if batch is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set query -%}
        select days.occurred_on as day_on
        from {{ days }} as days
        where days.campaign_key in (
            select touched.campaign_key from {{ touched }} as touched
            where not touched.is_floor and touched.batch_number > {{ batch }} and {{ condition }}
        )
    {%- endset -%}
    {{ return(day_ranges(query)) }}
{%- endmacro %}

{#- The days of sending of touched messages, before and after the batches. None: all. -#}
{% macro touched_day_ranges(batch) -%}
    {%- set days = ref('int_touched_days') -%}
    {%- if batch is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(day_ranges('select sent_on as day_on from ' ~ days ~ ' where not is_floor and batch_number > ' ~ batch)) }}
{%- endmacro %}

{#- The days of new events. None: all. -#}
{% macro event_day_ranges(batch) -%}
    {%- set events = ref('stg_saas__email_events') -%}
    {%- if batch is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(day_ranges('select cast(occurred_at as date) as day_on from ' ~ events ~ ' where load_id in (' ~ loads_after(batch) ~ ')')) }}
{%- endmacro %}

{% macro touched_message_ids(column, batch) -%}
    {{ column }} in (
        select touched.message_id from {{ ref('int_touched_messages') }} as touched
        where not touched.is_floor and touched.batch_number > {{ batch }}
    )
{%- endmacro %}

{% macro touched_campaigns(column, batch) -%}
    {{ column }} in (
        select touched.campaign_key from {{ ref('int_touched_messages') }} as touched
        where not touched.is_floor and touched.batch_number > {{ batch }}
    )
{%- endmacro %}

{#- A query of the touched messages, by campaign and message. -#}
{% macro touched_keys(batch, condition='true') -%}
    select touched.campaign_key, touched.message_id from {{ ref('int_touched_messages') }} as touched
    where not touched.is_floor and touched.batch_number > {{ batch }} and {{ condition }}
{%- endmacro %}
