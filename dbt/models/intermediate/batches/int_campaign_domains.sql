{{ config(materialized='incremental', incremental_strategy='rewritten', on_schema_change='fail', post_hook='{{ record_batch() }}') }}

{%- set since = built_batch() -%}
{%- set batch = newest_batch() -%}

with campaigns as (
    select campaign_id, sending_domain from {{ ref('dim_campaigns') }}
),

{% if since is none -%}
domains as (
    select campaign_id, sending_domain, cast(null as bigint) as batch_number, false as is_floor from campaigns
    union all
    select null, null, {{ batch }}, true
)
{%- elif since < batch -%}
known as (
    select * from {{ this }}
),

domains as (
    select
        campaigns.campaign_id,
        campaigns.sending_domain,
        case
            when known.campaign_id is not null and coalesce(campaigns.sending_domain, '') <> coalesce(known.sending_domain, '')
                then {{ batch }}
            else known.batch_number
        end as batch_number,
        false as is_floor
    from campaigns
    left join known on campaigns.campaign_id = known.campaign_id
    union all
    select campaign_id, sending_domain, batch_number, is_floor from known where is_floor
)
{%- else -%}
-- No new batch, so a change would have no number: the next run finds it.
domains as (
    select * from {{ this }}
)
{%- endif %}

select
    cast(campaign_id as bigint) as campaign_id,
    cast(sending_domain as varchar) as sending_domain,
    cast(batch_number as bigint) as batch_number,
    is_floor
from domains
