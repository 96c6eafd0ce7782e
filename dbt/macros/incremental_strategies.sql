{#- Strategies of incremental event models: each deletes what the new batches touch, in literal ranges of days, and inserts what
    the model selected, in one transaction. A model that is built whole replaces all of its rows. -#}

{#- Replaces the events that the model selected. Their days do not change. -#}
{% macro get_incremental_by_event_sql(arg_dict) -%}
    {%- set ranges = none -%}
    {%- if built_batch([ref('int_touched_messages')]) is not none -%}
        {%- set ranges = day_ranges('select occurred_on as day_on from ' ~ arg_dict.temp_relation) -%}
    {%- endif -%}
    {{ return(replaced(arg_dict, 'occurred_on', 'date', ranges, 'event_id in (select event_id from ' ~ arg_dict.temp_relation ~ ')')) }}
{%- endmacro %}

{#- Replaces the touched messages, by campaign and message, in the days of their campaigns. -#}
{% macro get_incremental_by_message_sql(arg_dict) -%}
    {%- set since = built_batch([ref('int_touched_messages')]) -%}
    {%- set touched = '(coalesce(campaign_id, -1), message_id) in (' ~ touched_keys(since) ~ ')' -%}
    {{ return(replaced(arg_dict, 'sent_at', 'timestamp', touched_ranges(since), touched)) }}
{%- endmacro %}

{#- Replaces the messages of touched ids in the days of the touched campaigns, as the model selects them. -#}
{% macro get_incremental_by_sent_message_sql(arg_dict) -%}
    {%- set since = built_batch([ref('int_touched_messages')]) -%}
    {{ return(replaced(arg_dict, 'sent_on', 'date', touched_ranges(since), touched_message_ids('message_id', since))) }}
{%- endmacro %}

{#- Replaces whole campaigns. -#}
{% macro get_incremental_by_campaign_sql(arg_dict) -%}
    {%- set since = built_batch([ref('int_touched_messages')]) -%}
    {%- if since is none -%}
        {{ return(replaced(arg_dict)) }}
    {%- endif -%}
    {{ return(deleted_and_inserted(arg_dict, [touched_campaigns('campaign_key', since)])) }}
{%- endmacro %}

{#- Replaces whole days of sending. -#}
{% macro get_incremental_by_sent_day_sql(arg_dict) -%}
    {%- set since = built_batch([ref('int_touched_days')]) -%}
    {{ return(replaced(arg_dict, 'sent_on', 'date', touched_day_ranges(since))) }}
{%- endmacro %}

{#- Replaces whole days of events. -#}
{% macro get_incremental_by_event_day_sql(arg_dict) -%}
    {{ return(replaced(arg_dict, 'occurred_on', 'date', event_day_ranges(built_batch()))) }}
{%- endmacro %}

{#- Replaces keys of dimensions. -#}
{% macro get_incremental_by_key_sql(arg_dict) -%}
    {%- if built_batch() is none -%}
        {{ return(replaced(arg_dict)) }}
    {%- endif -%}
    {{ return(deleted_and_inserted(arg_dict, ['(dimension, key_id) in (select dimension, key_id from ' ~ arg_dict.temp_relation ~ ')'])) }}
{%- endmacro %}

{#- Replaces all rows of a small table. -#}
{% macro get_incremental_rewritten_sql(arg_dict) -%}
    {{ return(replaced(arg_dict)) }}
{%- endmacro %}

{#- The statements; without ranges every row is replaced. -#}
{% macro replaced(arg_dict, column=none, type=none, ranges=none, condition=none) -%}
    {%- if ranges is none -%}
        {{ return(deleted_and_inserted(arg_dict, ['true'])) }}
    {%- endif -%}
    {%- set conditions = [] -%}
    {%- for range in ranges -%}
        {%- do conditions.append(in_day_range(column, range, type) ~ (' and ' ~ condition if condition else '')) -%}
    {%- endfor -%}
    {{ return(deleted_and_inserted(arg_dict, conditions)) }}
{%- endmacro %}

{% macro deleted_and_inserted(arg_dict, conditions) -%}
    {%- set columns = get_quoted_csv(arg_dict.dest_columns | map(attribute='name')) -%}
    {%- set statements -%}
        {%- for condition in conditions %}
        delete from {{ arg_dict.target_relation }}
        where {{ condition }};
        {%- endfor %}
        insert into {{ arg_dict.target_relation }} ({{ columns }})
        select {{ columns }} from {{ arg_dict.temp_relation }}
    {%- endset -%}
    {{ return(adapter.dispatch('in_transaction')(statements)) }}
{%- endmacro %}

{#- dbt opens a transaction around a node on DuckDB, and none on Snowflake. -#}
{% macro default__in_transaction(statements) -%}
    {{ return(statements) }}
{%- endmacro %}

{% macro snowflake__in_transaction(statements) -%}
    {{ return(snowflake_dml_explicit_transaction(statements)) }}
{%- endmacro %}
