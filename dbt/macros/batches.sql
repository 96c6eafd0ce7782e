{#- Batches: what the event models have built and what is new, without reading their history.

    int_event_loads gives each load of events the number of the build that saw it first, its batch. int_built_batches says up to
    which batch each model is built. A model takes the batches after that one. -#}

{#- The batch up to which this model is built, or none if it has to be built whole: it is new, somebody else changed its rows,
    or a list that it reads no longer has every batch since. `lists` are the lists of what the batches touched. -#}
{% macro built_batch(lists=[]) -%}
    {%- set built = ref('int_built_batches') -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set query -%}
        select batch_number
        from {{ built }}
        where model_name = '{{ model.name }}'
            and record_number = (select max(record_number) from {{ built }} where model_name = '{{ model.name }}')
            and row_count = (select count(*) from {{ this }})
            {%- for list in lists %}
            and batch_number >= (select coalesce(max(batch_number), 0) from {{ list }} where is_floor)
            {%- endfor %}
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {{ return(rows[0][0] | int if rows else none) }}
{%- endmacro %}

{#- A post-hook: this model is built up to the batch of the models that it follows, by name; without one up to the newest. Their
    order in a run is dbt's; of a model that is built alone the batch stays that of what it read. The row count tells a later
    run whether somebody else has changed the rows, e.g. has restored the table. -#}
{% macro record_batch(follows=[]) -%}
    {%- set built = ref('int_built_batches') -%}
    insert into {{ built }} (model_name, batch_number, row_count, record_number)
    select
        '{{ model.name }}',
        least(
            (select coalesce(max(batch_number), 0) from {{ ref('int_event_loads') }})
            {%- for name in follows %},
            (
                select coalesce(max(followed.batch_number), 0)
                from {{ built }} as followed
                where followed.model_name = '{{ name }}'
                    and followed.record_number = (select max(record_number) from {{ built }} where model_name = '{{ name }}')
            )
            {%- endfor %}
        ),
        (select count(*) from {{ this }}),
        (select coalesce(max(record_number), 0) + 1 from {{ built }})
{%- endmacro %}

{#- The loads after a batch, as a list of literals, by which a warehouse skips what it has stored of other loads. -#}
{% macro loads_after(batch) -%}
    {%- set loads = ref('int_event_loads') -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for row in run_query('select load_id from ' ~ loads ~ ' where load_id is not null and batch_number > ' ~ batch ~ ' order by 1').rows -%}
            {%- do found.append("'" ~ row[0] ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found | join(', ') or "''") }}
{%- endmacro %}

{#- The events of the loads after a batch; all events if it is none. -#}
{% macro events_after(batch) -%}
    {%- set loads = ref('int_event_loads') -%}
    select * from {{ ref('stg_saas__email_events') }}
    {%- if batch is not none %}
    where load_id in ({{ loads_after(batch) }})
    {%- endif %}
{%- endmacro %}

{#- The newest batch; 0 before the first build, where dbt only compiles. -#}
{% macro newest_batch() -%}
    {%- set loads = ref('int_event_loads') -%}
    {%- if not execute or not load_relation(loads) -%}
        {{ return(0) }}
    {%- endif -%}
    {{ return(run_query('select coalesce(max(batch_number), 0) from ' ~ loads).rows[0][0] | int) }}
{%- endmacro %}

{#- A table of MART as the last run left it, if its rows are those that its model has built, else none. For lists of what a batch
    touches, which that model reads: they come before it, so they cannot refer to it. -#}
{% macro built_before(name) -%}
    {%- set built = ref('int_built_batches') -%}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set relation = adapter.get_relation(this.database, generate_schema_name('MART', model) | trim, name) -%}
    {%- if not relation -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set query -%}
        select batch_number
        from {{ built }}
        where model_name = '{{ name }}'
            and record_number = (select max(record_number) from {{ built }} where model_name = '{{ name }}')
            and row_count = (select count(*) from {{ relation }})
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {{ return({'relation': relation, 'batch': rows[0][0] | int} if rows else none) }}
{%- endmacro %}

{#- Whether a model was built after another one that this list has not followed since. Then it no longer has the rows that it had
    before, which this list looks up. Only who builds models by name gets there. -#}
{% macro is_ahead(name, followed) -%}
    {%- if not execute -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set query -%}
        with newest as (
            select model_name, max(record_number) as record_number from {{ ref('int_built_batches') }} group by model_name
        )

        select count(*)
        from {{ ref('int_built_batches') }} as followed
        inner join newest as built on followed.model_name = '{{ followed }}' and built.model_name = '{{ name }}'
        inner join newest as list on list.model_name = '{{ model.name }}'
        where list.record_number < followed.record_number and followed.record_number < built.record_number
    {%- endset -%}
    {{ return(run_query(query).rows[0][0] > 0) }}
{%- endmacro %}

{#- A post-hook of a list: forget the batches that every model has built. -#}
{% macro forget_built_batches() -%}
    delete from {{ this }}
    where not is_floor and batch_number <= (select min(batch_number) from {{ ref('int_built_batches') }})
{%- endmacro %}
