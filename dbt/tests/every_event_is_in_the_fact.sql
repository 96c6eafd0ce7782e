-- Loads of which the fact has other events than STAGING, or none, or of which only the fact knows. A sum of hashes is the same
-- for the same keys in any order, so neither table is sorted or joined.
{{ config(tags=['whole_table']) }}

with staged as (
    select load_id, count(*) as event_count, sum(cast(hash(event_id) as decimal(38, 0))) as hashed
    from {{ ref('stg_saas__email_events') }}
    group by load_id
),

facts as (
    select load_id, count(*) as event_count, sum(cast(hash(event_id) as decimal(38, 0))) as hashed
    from {{ ref('fct_email_events') }}
    group by load_id
)

select
    staged.load_id as staged_load_id,
    staged.event_count as staged_event_count,
    facts.load_id as fact_load_id,
    facts.event_count as fact_event_count
from staged
full outer join facts
    on staged.load_id = facts.load_id and staged.event_count = facts.event_count and staged.hashed = facts.hashed
where staged.load_id is null or facts.load_id is null
