{{ config(materialized='incremental', unique_key='hour_started_at', incremental_strategy='delete+insert', on_schema_change='fail') }}

{% set since = metered_since('hour_started_at') %}

with statements as (
    select * from {{ ref('stg_metering__statements') }}
    where ended_at >= {{ since }}
),

hours as (
    select * from {{ ref('stg_metering__warehouse_hours') }}
    where started_at >= {{ since }}
),

overlapping as (
    select
        statements.statement_id,
        hours.warehouse_name,
        hours.started_at as hour_started_at,
        hours.credits as hour_credits,
        {{ dbt.datediff(
            'greatest(statements.started_at, hours.started_at)', 'least(statements.ended_at, hours.ended_at)', 'millisecond'
        ) }} as milliseconds
    from statements
    inner join hours
        on statements.warehouse_name = hours.warehouse_name
        and statements.started_at < hours.ended_at
        and statements.ended_at > hours.started_at
),

-- Running statements pay for the whole hour, the time until the warehouse suspends included.
shared as (
    select
        statement_id,
        warehouse_name,
        hour_started_at,
        cast(cast(milliseconds as decimal(18, 3)) / 1000 as decimal(18, 3)) as seconds,
        cast(
            hour_credits * milliseconds / sum(milliseconds) over (partition by warehouse_name, hour_started_at)
            as decimal(18, 9)
        ) as credits
    from overlapping
    where milliseconds > 0
)

select * from shared
