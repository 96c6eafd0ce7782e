-- Events of STAGING that are missing or outdated in the fact, and events that only the fact has.
{{ config(tags=['whole_table']) }}

with staged as (
    select event_id, load_id from {{ ref('stg_saas__email_events') }}
),

facts as (
    select event_id, load_id from {{ ref('fct_email_events') }}
)

select staged.event_id as staged_event_id, facts.event_id as fact_event_id
from staged
full outer join facts on staged.event_id = facts.event_id and staged.load_id = facts.load_id
where staged.event_id is null or facts.event_id is null
