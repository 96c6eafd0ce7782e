-- The report adds up to the messages of the fact, whatever their campaign.
{{ config(tags=['whole_table']) }}

with messages as (
    select
        campaign_id,
        message_id,
        max(case when event_type = 'delivered' then 1 else 0 end) as is_delivered,
        max(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 else 0 end) as is_opened,
        max(case when event_type = 'open' and is_machine_open then 1 else 0 end) as is_machine_opened,
        max(case when event_type = 'click' then 1 else 0 end) as is_clicked,
        max(case when event_type = 'spam_report' then 1 else 0 end) as is_complained,
        max(case when event_type = 'unsubscribe' then 1 else 0 end) as is_unsubscribed
    from {{ ref('fct_email_events') }}
    group by campaign_id, message_id
),

facts as (
    select
        count(*) as sent_count,
        coalesce(sum(is_delivered), 0) as delivered_count,
        coalesce(sum(is_opened), 0) as unique_open_count,
        coalesce(sum(is_machine_opened), 0) as unique_machine_open_count,
        coalesce(sum(is_clicked), 0) as unique_click_count,
        coalesce(sum(is_complained), 0) as complaint_count,
        coalesce(sum(is_unsubscribed), 0) as unsubscribe_count
    from messages
),

reported as (
    select
        coalesce(sum(sent_count), 0) as sent_count,
        coalesce(sum(delivered_count), 0) as delivered_count,
        coalesce(sum(unique_open_count), 0) as unique_open_count,
        coalesce(sum(unique_machine_open_count), 0) as unique_machine_open_count,
        coalesce(sum(unique_click_count), 0) as unique_click_count,
        coalesce(sum(complaint_count), 0) as complaint_count,
        coalesce(sum(unsubscribe_count), 0) as unsubscribe_count
    from {{ ref('rpt_campaign_performance') }}
)

select * from facts
except
select * from reported
