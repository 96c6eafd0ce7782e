{{ config(row_access_policy=rows_of_region()) }}

-- Only messages to contacts with a rule that began before. The ids are those of the sending service: a contact that is missing
-- in the dimension may have unsubscribed, too.
with messages as (
    select * from {{ ref('int_ruled_messages') }}
),

suppressions as (
    select
        account_id,
        contact_id,
        suppression_reason,
        created_at,
        case when not is_active then updated_at when is_deleted then deleted_at end as ended_at
    from {{ ref('stg_saas__suppressions') }}
),

signs as (
    {% for rule, at in [('unsubscribe', 'unsubscribed_at'), ('spam_report', 'complained_at'), ('hard_bounce', 'hard_bounced_at')] -%}
    select account_id, contact_id, '{{ rule }}' as broken_rule, {{ at }} as began_at
    from {{ ref('int_message_signs') }}
    where {{ at }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A later lifted suppression for the same reason lifts the rule, too.
lifted as (
    select
        signs.account_id,
        signs.contact_id,
        signs.broken_rule,
        signs.began_at,
        min(suppressions.ended_at) as ended_at
    from signs
    left join suppressions
        on signs.account_id = suppressions.account_id
        and signs.contact_id = suppressions.contact_id
        and signs.broken_rule = suppressions.suppression_reason
        and signs.began_at < suppressions.ended_at
    group by 1, 2, 3, 4
),

rules as (
    select * from lifted
    union all
    select account_id, contact_id, 'suppression', created_at, ended_at from suppressions
),

breaches as (
    select
        messages.message_id,
        messages.account_id,
        messages.contact_id,
        messages.campaign_id,
        messages.processed_at as sent_at,
        rules.broken_rule,
        rules.began_at,
        case when rules.ended_at <= messages.processed_at then rules.ended_at end as lifted_at
    from messages
    inner join rules
        on messages.account_id = rules.account_id
        and messages.contact_id = rules.contact_id
        and messages.processed_at > rules.began_at
    where rules.broken_rule <> 'suppression' or rules.ended_at is null or rules.ended_at > messages.processed_at
),

-- One rule per message: the oldest that was in force, or else the oldest.
ranked as (
    select
        *,
        row_number() over (
            partition by campaign_id, message_id
            order by case when lifted_at is null then 0 else 1 end, began_at, broken_rule
        ) as worst_first
    from breaches
),

accounts as (
    select account_id, region from {{ ref('dim_accounts') }}
),

contacts as (
    select contact_id from {{ ref('dim_contacts') }}
),

campaigns as (
    select campaign_id from {{ ref('dim_campaigns') }}
),

reported as (
    select
        ranked.message_id,
        coalesce(accounts.account_id, -1) as account_id,
        coalesce(accounts.region, '(unknown)') as region,
        coalesce(contacts.contact_id, -1) as contact_id,
        coalesce(campaigns.campaign_id, -1) as campaign_id,
        ranked.sent_at,
        ranked.broken_rule,
        ranked.began_at,
        ranked.lifted_at
    from ranked
    left join accounts on ranked.account_id = accounts.account_id
    left join contacts on ranked.contact_id = contacts.contact_id
    left join campaigns on ranked.campaign_id = campaigns.campaign_id
    where ranked.worst_first = 1
)

select * from reported
