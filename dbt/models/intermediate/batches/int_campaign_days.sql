{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', post_hook='{{ record_batch() }}') }}

with events as (
    {{ events_after(built_batch()) }}
),

days as (
    select distinct coalesce(campaign_id, -1) as campaign_key, cast(occurred_at as date) as occurred_on
    from events
    where occurred_at is not null
),

new_days as (
    select days.campaign_key, days.occurred_on
    from days
    {% if is_incremental() %}
    left join {{ this }} as known on days.campaign_key = known.campaign_key and days.occurred_on = known.occurred_on
    where known.campaign_key is null
    {% endif %}
)

select * from new_days
