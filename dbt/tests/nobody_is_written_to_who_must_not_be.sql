-- Messages of the last week to contacts who must not be written to. It warns and does not fail: no build can recall a message.
-- Only the last week, because a permanent warning is ignored.
{{ config(severity='warn') }}

select message_id, broken_rule, sent_at
from {{ ref('rpt_suppression_breaches') }}
where lifted_at is null and sent_at > current_date - 7
