-- Says how many messages of the last week went to contacts who must not be written to. It warns: the mail is out, and no build
-- calls it back. Of the last week, because a warning that cannot be cured would be passed over (and dbt would never rest).
{{ config(severity='warn') }}

select message_id, broken_rule, sent_at
from {{ ref('rpt_suppression_breaches') }}
where lifted_at is null and sent_at > current_date - 7
