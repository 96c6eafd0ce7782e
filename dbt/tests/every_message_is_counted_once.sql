-- The report adds up to the messages of the fact, whatever their campaign.
{{ config(tags=['whole_table']) }}

with facts as (
    select
        count(distinct message_id) as sent_count,
        count(distinct case when event_type = 'delivered' then message_id end) as delivered_count,
        count(distinct case when event_type = 'open' and not coalesce(is_machine_open, false) then message_id end) as unique_open_count,
        count(distinct case when event_type = 'open' and is_machine_open then message_id end) as unique_machine_open_count,
        count(distinct case when event_type = 'click' then message_id end) as unique_click_count,
        count(distinct case when event_type = 'spam_report' then message_id end) as complaint_count,
        count(distinct case when event_type = 'unsubscribe' then message_id end) as unsubscribe_count
    from {{ ref('fct_email_events') }}
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
