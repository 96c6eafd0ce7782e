{{ config(materialized='incremental', unique_key='cost_on', incremental_strategy='delete+insert', on_schema_change='fail') }}

{% set since = metered_since('cost_on') %}

with statements as (
    select * from {{ ref('stg_metering__statements') }}
    where ended_at >= {{ since }}
),

hours as (
    select * from {{ ref('stg_metering__warehouse_hours') }}
    where started_at >= {{ since }}
),

statement_hours as (
    select * from {{ ref('int_statement_hours') }}
    where hour_started_at >= {{ since }}
),

files as (
    select * from {{ ref('stg_metering__copied_files') }}
    where copied_at >= {{ since }}
),

prices as (
    select usd
    from {{ ref('prices') }}
    where price_name = 'snowflake_credit'
),

labelled as (
    select
        statement_id,
        warehouse_name,
        case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
        coalesce(nullif(table_name, ''), '(none)') as table_name,
        coalesce(nullif(load_id, ''), '(none)') as load_id,
        coalesce(node_id, '(none)') as node_id,
        ended_at,
        executed_seconds,
        -- The rows of a load are counted by its files: its statements would count them at each step from the stage to RAW.
        case when node_id is not null then written_row_count end as row_count,
        case when node_id is not null then written_byte_count end as byte_count,
        scanned_byte_count
    from statements
),

loads as (
    select load_id, any_value(pipeline) as pipeline, any_value(warehouse_name) as warehouse_name
    from labelled
    where load_id <> '(none)'
    group by load_id
),

idle_hours as (
    select hours.warehouse_name, hours.started_at, hours.credits
    from hours
    left join statement_hours
        on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
    where statement_hours.statement_id is null
),

measured as (
    select
        cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
        1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
        0 as file_count, row_count, byte_count, scanned_byte_count
    from labelled
    union all
    select
        cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
        labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
        0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
    from statement_hours
    inner join labelled on statement_hours.statement_id = labelled.statement_id
    union all
    select
        cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
        coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
        0, 0, 0, null, 1, files.row_count, files.byte_count, null
    from files
    left join loads on files.load_id = loads.load_id
    union all
    select
        cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
        0, 0, 0, credits, 0, null, null, null
    from idle_hours
),

ledger as (
    select
        cost_on,
        warehouse_name,
        pipeline,
        table_name,
        load_id,
        node_id,
        cast(coalesce(sum(row_count), 0) as bigint) as row_count,
        cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
        cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
        cast(sum(file_count) as bigint) as file_count,
        cast(sum(statement_count) as bigint) as statement_count,
        cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
        cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
        cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
    from measured
    group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)

select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
