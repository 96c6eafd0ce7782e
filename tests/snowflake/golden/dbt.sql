-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"CAMPAIGN_ID","CAMPAIGN_NAME","ACCOUNT_ID","LIST_NAME","SENT_AT","IS_DELETED", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_postgres__campaigns as (
-- Fixture for stg_postgres__campaigns
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('5' as NUMBER(19,0))
as "LIST_ID",
try_cast('Planned' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('5' as NUMBER(19,0))
as "LIST_ID",
try_cast('Both' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_saas__campaigns as (
-- Fixture for stg_saas__campaigns
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('Other name' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('8' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('Sent' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_postgres__lists as (
-- Fixture for stg_postgres__lists
select
try_cast('5' as NUMBER(19,0))
as "LIST_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('News' as character varying)
as "LIST_NAME", try_cast(null as BOOLEAN) as "IS_ARCHIVED", try_cast(null as character varying(16777216)) as "DEFAULT_FROM_EMAIL", cast(null as VARIANT) as "SEGMENT_RULE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
), planned as (
select * from __dbt__cte__stg_postgres__campaigns
),
sent as (
select * from __dbt__cte__stg_saas__campaigns
),
lists as (
select * from __dbt__cte__stg_postgres__lists
),
accounts as (
select * from __dbt__cte__dim_accounts
),
-- The two systems are loaded one after the other: either may know a campaign first.
known as (
select
coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(planned.subject_line, sent.subject_line) as subject_line,
planned.campaign_status,
sent.sending_status,
lists.list_name,
sent.sending_domain,
sent.ip_pool,
sent.recipient_count,
sent.scheduled_at,
coalesce(sent.sent_at, planned.sent_at) as sent_at,
coalesce(planned.created_at, sent.created_at) as created_at,
-- Where the product knows a campaign, its word counts: it outlives what the service forgets.
case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
from planned
full outer join sent on planned.campaign_id = sent.campaign_id
left join lists on planned.list_id = lists.list_id
left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),
unknown as (
select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)
select * from known
union all
select * from unknown
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"CAMPAIGN_ID", "CAMPAIGN_NAME", "ACCOUNT_ID", "LIST_NAME", "SENT_AT", "IS_DELETED", 'expected' as "actual_or_expected"
from (
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('Planned' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('News' as character varying)
as "LIST_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED"
union all
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('Both' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('News' as character varying)
as "LIST_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED"
union all
select
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('Sent' as character varying)
as "CAMPAIGN_NAME",
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast(null as character varying(16777216))
as "LIST_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED"
union all
select
try_cast('-1' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('(unknown)' as character varying)
as "CAMPAIGN_NAME",
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast(null as character varying(16777216))
as "LIST_NAME",
try_cast(null as TIMESTAMP_NTZ)
as "SENT_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"CAMPAIGN_ID","CAMPAIGN_NAME","SENDING_STATUS","DELETED_AT","IS_DELETED", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_postgres__campaigns as (
-- Fixture for stg_postgres__campaigns
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "LIST_ID",
try_cast('Gone from the product' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "LIST_ID",
try_cast('Gone at the service' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_saas__campaigns as (
-- Fixture for stg_saas__campaigns
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL",
try_cast('sent' as character varying)
as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL",
try_cast('sent' as character varying)
as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('Draft' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL",
try_cast('draft' as character varying)
as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_postgres__lists as (
-- Fixture for stg_postgres__lists
select try_cast(null as NUMBER(19,0)) as "LIST_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as BOOLEAN) as "IS_ARCHIVED", try_cast(null as character varying(16777216)) as "DEFAULT_FROM_EMAIL", cast(null as VARIANT) as "SEGMENT_RULE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
limit 0
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
limit 0
), planned as (
select * from __dbt__cte__stg_postgres__campaigns
),
sent as (
select * from __dbt__cte__stg_saas__campaigns
),
lists as (
select * from __dbt__cte__stg_postgres__lists
),
accounts as (
select * from __dbt__cte__dim_accounts
),
-- The two systems are loaded one after the other: either may know a campaign first.
known as (
select
coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(planned.subject_line, sent.subject_line) as subject_line,
planned.campaign_status,
sent.sending_status,
lists.list_name,
sent.sending_domain,
sent.ip_pool,
sent.recipient_count,
sent.scheduled_at,
coalesce(sent.sent_at, planned.sent_at) as sent_at,
coalesce(planned.created_at, sent.created_at) as created_at,
-- Where the product knows a campaign, its word counts: it outlives what the service forgets.
case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
from planned
full outer join sent on planned.campaign_id = sent.campaign_id
left join lists on planned.list_id = lists.list_id
left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),
unknown as (
select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)
select * from known
union all
select * from unknown
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"CAMPAIGN_ID", "CAMPAIGN_NAME", "SENDING_STATUS", "DELETED_AT", "IS_DELETED", 'expected' as "actual_or_expected"
from (
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('Gone from the product' as character varying)
as "CAMPAIGN_NAME",
try_cast('sent' as character varying)
as "SENDING_STATUS",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED"
union all
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('Gone at the service' as character varying)
as "CAMPAIGN_NAME",
try_cast('sent' as character varying)
as "SENDING_STATUS",
try_cast(null as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED"
union all
select
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('Draft' as character varying)
as "CAMPAIGN_NAME",
try_cast('draft' as character varying)
as "SENDING_STATUS",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED"
union all
select
try_cast('-1' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('(unknown)' as character varying)
as "CAMPAIGN_NAME",
try_cast(null as character varying(16777216))
as "SENDING_STATUS",
try_cast(null as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"CAMPAIGN_NAME","ACCOUNT_NAME","SENT_COUNT","DELIVERED_COUNT","HARD_BOUNCE_COUNT","SOFT_BOUNCE_COUNT","UNIQUE_OPEN_COUNT","UNIQUE_MACHINE_OPEN_COUNT","UNIQUE_CLICK_COUNT","COMPLAINT_COUNT","UNSUBSCRIBE_COUNT","DELIVERY_RATE","BOUNCE_RATE","OPEN_RATE","CLICK_RATE","CLICK_TO_OPEN_RATE","COMPLAINT_RATE","UNSUBSCRIBE_RATE", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__dim_campaigns as (
-- Fixture for dim_campaigns
select
try_cast('1' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('Spring' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('2' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('Sent to nobody' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('3' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('Draft' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('-1' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('(unknown)' as character varying)
as "CAMPAIGN_NAME",
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('Toys' as character varying)
as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('(unknown)' as character varying)
as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__int_messages as (
-- Fixture for int_messages
select
try_cast('a' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT",
try_cast('5' as NUMBER(38,0))
as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('b' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('c' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('d' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('hard_bounced' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('e' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('soft_bounced' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('f' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('pending' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('g' as character varying)
as "MESSAGE_ID",
try_cast('99' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('pending' as character varying)
as "MESSAGE_OUTCOME"
), campaigns as (
select * from __dbt__cte__dim_campaigns
),
accounts as (
select * from __dbt__cte__dim_accounts
),
messages as (
select * from __dbt__cte__int_messages
),
counts as (
select
coalesce(campaigns.campaign_id, -1) as campaign_id,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(first_machine_opened_at) as unique_machine_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
left join campaigns on messages.campaign_id = campaigns.campaign_id
group by 1
),
reported as (
select
campaigns.campaign_name,
accounts.account_name,
campaigns.sent_at,
coalesce(counts.sent_count, 0) as sent_count,
coalesce(counts.delivered_count, 0) as delivered_count,
coalesce(counts.hard_bounce_count, 0) as hard_bounce_count,
coalesce(counts.soft_bounce_count, 0) as soft_bounce_count,
coalesce(counts.unique_open_count, 0) as unique_open_count,
coalesce(counts.unique_machine_open_count, 0) as unique_machine_open_count,
coalesce(counts.unique_click_count, 0) as unique_click_count,
coalesce(counts.complaint_count, 0) as complaint_count,
coalesce(counts.unsubscribe_count, 0) as unsubscribe_count,
cast(cast(delivered_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as delivery_rate,
cast(cast(hard_bounce_count + soft_bounce_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as bounce_rate,
cast(cast(unique_open_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as open_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as click_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(unique_open_count, 0) as decimal(18, 6)) as click_to_open_rate,
cast(cast(complaint_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as complaint_rate,
cast(cast(unsubscribe_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as unsubscribe_rate,
campaigns.campaign_id,
campaigns.account_id,
campaigns.region
from campaigns
left join counts on campaigns.campaign_id = counts.campaign_id
left join accounts on campaigns.account_id = accounts.account_id
where campaigns.sent_at is not null or counts.campaign_id is not null
)
select * from reported
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"CAMPAIGN_NAME", "ACCOUNT_NAME", "SENT_COUNT", "DELIVERED_COUNT", "HARD_BOUNCE_COUNT", "SOFT_BOUNCE_COUNT", "UNIQUE_OPEN_COUNT", "UNIQUE_MACHINE_OPEN_COUNT", "UNIQUE_CLICK_COUNT", "COMPLAINT_COUNT", "UNSUBSCRIBE_COUNT", "DELIVERY_RATE", "BOUNCE_RATE", "OPEN_RATE", "CLICK_RATE", "CLICK_TO_OPEN_RATE", "COMPLAINT_RATE", "UNSUBSCRIBE_RATE", 'expected' as "actual_or_expected"
from (
select
try_cast('Spring' as character varying)
as "CAMPAIGN_NAME",
try_cast('Toys' as character varying)
as "ACCOUNT_NAME",
try_cast('6' as NUMBER(38,0))
as "SENT_COUNT",
try_cast('3' as NUMBER(38,0))
as "DELIVERED_COUNT",
try_cast('1' as NUMBER(38,0))
as "HARD_BOUNCE_COUNT",
try_cast('1' as NUMBER(38,0))
as "SOFT_BOUNCE_COUNT",
try_cast('1' as NUMBER(38,0))
as "UNIQUE_OPEN_COUNT",
try_cast('1' as NUMBER(38,0))
as "UNIQUE_MACHINE_OPEN_COUNT",
try_cast('1' as NUMBER(38,0))
as "UNIQUE_CLICK_COUNT",
try_cast('1' as NUMBER(38,0))
as "COMPLAINT_COUNT",
try_cast('1' as NUMBER(38,0))
as "UNSUBSCRIBE_COUNT",
try_cast('0.500000' as NUMBER(18,6))
as "DELIVERY_RATE",
try_cast('0.333333' as NUMBER(18,6))
as "BOUNCE_RATE",
try_cast('0.333333' as NUMBER(18,6))
as "OPEN_RATE",
try_cast('0.333333' as NUMBER(18,6))
as "CLICK_RATE",
try_cast('1.000000' as NUMBER(18,6))
as "CLICK_TO_OPEN_RATE",
try_cast('0.333333' as NUMBER(18,6))
as "COMPLAINT_RATE",
try_cast('0.333333' as NUMBER(18,6))
as "UNSUBSCRIBE_RATE"
union all
select
try_cast('Sent to nobody' as character varying)
as "CAMPAIGN_NAME",
try_cast('Toys' as character varying)
as "ACCOUNT_NAME",
try_cast('0' as NUMBER(38,0))
as "SENT_COUNT",
try_cast('0' as NUMBER(38,0))
as "DELIVERED_COUNT",
try_cast('0' as NUMBER(38,0))
as "HARD_BOUNCE_COUNT",
try_cast('0' as NUMBER(38,0))
as "SOFT_BOUNCE_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNIQUE_OPEN_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNIQUE_MACHINE_OPEN_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNIQUE_CLICK_COUNT",
try_cast('0' as NUMBER(38,0))
as "COMPLAINT_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNSUBSCRIBE_COUNT",
try_cast(null as NUMBER(18,6))
as "DELIVERY_RATE",
try_cast(null as NUMBER(18,6))
as "BOUNCE_RATE",
try_cast(null as NUMBER(18,6))
as "OPEN_RATE",
try_cast(null as NUMBER(18,6))
as "CLICK_RATE",
try_cast(null as NUMBER(18,6))
as "CLICK_TO_OPEN_RATE",
try_cast(null as NUMBER(18,6))
as "COMPLAINT_RATE",
try_cast(null as NUMBER(18,6))
as "UNSUBSCRIBE_RATE"
union all
select
try_cast('(unknown)' as character varying)
as "CAMPAIGN_NAME",
try_cast('(unknown)' as character varying)
as "ACCOUNT_NAME",
try_cast('1' as NUMBER(38,0))
as "SENT_COUNT",
try_cast('0' as NUMBER(38,0))
as "DELIVERED_COUNT",
try_cast('0' as NUMBER(38,0))
as "HARD_BOUNCE_COUNT",
try_cast('0' as NUMBER(38,0))
as "SOFT_BOUNCE_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNIQUE_OPEN_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNIQUE_MACHINE_OPEN_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNIQUE_CLICK_COUNT",
try_cast('0' as NUMBER(38,0))
as "COMPLAINT_COUNT",
try_cast('0' as NUMBER(38,0))
as "UNSUBSCRIBE_COUNT",
try_cast('0.000000' as NUMBER(18,6))
as "DELIVERY_RATE",
try_cast('0.000000' as NUMBER(18,6))
as "BOUNCE_RATE",
try_cast(null as NUMBER(18,6))
as "OPEN_RATE",
try_cast(null as NUMBER(18,6))
as "CLICK_RATE",
try_cast(null as NUMBER(18,6))
as "CLICK_TO_OPEN_RATE",
try_cast(null as NUMBER(18,6))
as "COMPLAINT_RATE",
try_cast(null as NUMBER(18,6))
as "UNSUBSCRIBE_RATE"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"CONTACT_ID","EMAIL","FIRST_NAME","LAST_NAME","SUBSCRIBED_LIST_COUNT","IS_SUPPRESSED", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_postgres__contacts as (
-- Fixture for stg_postgres__contacts
select
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID",
try_cast('a@example.com' as character varying)
as "EMAIL",
try_cast('A' as character varying)
as "FIRST_NAME",
try_cast('B' as character varying)
as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID",
try_cast('b@example.com' as character varying)
as "EMAIL",
try_cast('A' as character varying)
as "FIRST_NAME",
try_cast('B' as character varying)
as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__stg_postgres__list_memberships as (
-- Fixture for stg_postgres__list_memberships
select
try_cast('1' as NUMBER(19,0))
as "LIST_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('subscribed' as character varying)
as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "LIST_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('subscribed' as character varying)
as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "LIST_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('cleaned' as character varying)
as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_saas__suppressions as (
-- Fixture for stg_saas__suppressions
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('False' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
), contacts as (
select * from __dbt__cte__stg_postgres__contacts
),
accounts as (
select * from __dbt__cte__dim_accounts
),
subscribed_lists as (
select contact_id, count(*) as list_count
from __dbt__cte__stg_postgres__list_memberships
where membership_status = 'subscribed' and not is_deleted
group by contact_id
),
suppressed as (
select distinct contact_id
from __dbt__cte__stg_saas__suppressions
where is_active and not is_deleted
),
known as (
select
contacts.contact_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
-- A deleted contact keeps its row for the facts, but not its personal data.
case when not contacts.is_deleted then contacts.email end as email,
case when not contacts.is_deleted then contacts.first_name end as first_name,
case when not contacts.is_deleted then contacts.last_name end as last_name,
contacts.locale,
contacts.consent_source,
cast(contacts.lead_score as decimal(18, 3)) as lead_score,
coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
contacts.is_subscribed,
suppressed.contact_id is not null as is_suppressed,
contacts.subscribed_at,
contacts.unsubscribed_at,
contacts.created_at,
contacts.deleted_at,
contacts.is_deleted
from contacts
left join accounts on contacts.account_id = accounts.account_id
left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
left join suppressed on contacts.contact_id = suppressed.contact_id
),
unknown as (
select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)
select * from known
union all
select * from unknown
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"CONTACT_ID", "EMAIL", "FIRST_NAME", "LAST_NAME", "SUBSCRIBED_LIST_COUNT", "IS_SUPPRESSED", 'expected' as "actual_or_expected"
from (
select
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('a@example.com' as character varying)
as "EMAIL",
try_cast('A' as character varying)
as "FIRST_NAME",
try_cast('B' as character varying)
as "LAST_NAME",
try_cast('1' as NUMBER(38,0))
as "SUBSCRIBED_LIST_COUNT",
try_cast('False' as BOOLEAN)
as "IS_SUPPRESSED"
union all
select
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID",
try_cast(null as character varying(16777216))
as "EMAIL",
try_cast(null as character varying(16777216))
as "FIRST_NAME",
try_cast(null as character varying(16777216))
as "LAST_NAME",
try_cast('0' as NUMBER(38,0))
as "SUBSCRIBED_LIST_COUNT",
try_cast('True' as BOOLEAN)
as "IS_SUPPRESSED"
union all
select
try_cast('-1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast(null as character varying(16777216))
as "EMAIL",
try_cast(null as character varying(16777216))
as "FIRST_NAME",
try_cast(null as character varying(16777216))
as "LAST_NAME",
try_cast('0' as NUMBER(38,0))
as "SUBSCRIBED_LIST_COUNT",
try_cast('False' as BOOLEAN)
as "IS_SUPPRESSED"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"CONTACT_ID","IS_SUPPRESSED", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_postgres__contacts as (
-- Fixture for stg_postgres__contacts
select
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__stg_postgres__list_memberships as (
-- Fixture for stg_postgres__list_memberships
select try_cast(null as NUMBER(19,0)) as "LIST_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
limit 0
),  __dbt__cte__stg_saas__suppressions as (
-- Fixture for stg_saas__suppressions
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('3' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('False' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
), contacts as (
select * from __dbt__cte__stg_postgres__contacts
),
accounts as (
select * from __dbt__cte__dim_accounts
),
subscribed_lists as (
select contact_id, count(*) as list_count
from __dbt__cte__stg_postgres__list_memberships
where membership_status = 'subscribed' and not is_deleted
group by contact_id
),
suppressed as (
select distinct contact_id
from __dbt__cte__stg_saas__suppressions
where is_active and not is_deleted
),
known as (
select
contacts.contact_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
-- A deleted contact keeps its row for the facts, but not its personal data.
case when not contacts.is_deleted then contacts.email end as email,
case when not contacts.is_deleted then contacts.first_name end as first_name,
case when not contacts.is_deleted then contacts.last_name end as last_name,
contacts.locale,
contacts.consent_source,
cast(contacts.lead_score as decimal(18, 3)) as lead_score,
coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
contacts.is_subscribed,
suppressed.contact_id is not null as is_suppressed,
contacts.subscribed_at,
contacts.unsubscribed_at,
contacts.created_at,
contacts.deleted_at,
contacts.is_deleted
from contacts
left join accounts on contacts.account_id = accounts.account_id
left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
left join suppressed on contacts.contact_id = suppressed.contact_id
),
unknown as (
select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)
select * from known
union all
select * from unknown
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"CONTACT_ID", "IS_SUPPRESSED", 'expected' as "actual_or_expected"
from (
select
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('False' as BOOLEAN)
as "IS_SUPPRESSED"
union all
select
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('True' as BOOLEAN)
as "IS_SUPPRESSED"
union all
select
try_cast('3' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('False' as BOOLEAN)
as "IS_SUPPRESSED"
union all
select
try_cast('-1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('False' as BOOLEAN)
as "IS_SUPPRESSED"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"COST_ON","WAREHOUSE_NAME","PIPELINE","TABLE_NAME","LOAD_ID","NODE_ID","ROW_COUNT","BYTE_COUNT","SCANNED_BYTE_COUNT","FILE_COUNT","STATEMENT_COUNT","WAREHOUSE_SECONDS","METERED_SECONDS","CREDITS","COST_USD", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_metering__statements as (
-- Fixture for stg_metering__statements
select
try_cast('copy' as character varying)
as "STATEMENT_ID",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('20' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('500' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('900' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('10' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('merge' as character varying)
as "STATEMENT_ID",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('10' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('300' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('900' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('10' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('state' as character varying)
as "STATEMENT_ID",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('' as character varying)
as "TABLE_NAME",
try_cast('' as character varying)
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('1' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast(null as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast(null as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('model' as character varying)
as "STATEMENT_ID",
try_cast(null as character varying(16777216))
as "PIPELINE",
try_cast(null as character varying(16777216))
as "TABLE_NAME",
try_cast(null as character varying(16777216))
as "LOAD_ID",
try_cast('model.mailblaze.dim_contacts' as character varying)
as "NODE_ID",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('8' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('100' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('60' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('10' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('person' as character varying)
as "STATEMENT_ID",
try_cast(null as character varying(16777216))
as "PIPELINE",
try_cast(null as character varying(16777216))
as "TABLE_NAME",
try_cast(null as character varying(16777216))
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('REPORT_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('4' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('100' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
),  __dbt__cte__stg_metering__warehouse_hours as (
-- Fixture for stg_metering__warehouse_hours
select
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT", try_cast(null as TIMESTAMP_NTZ) as "ENDED_AT",
try_cast('0.31' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT", try_cast(null as TIMESTAMP_NTZ) as "ENDED_AT",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT", try_cast(null as TIMESTAMP_NTZ) as "ENDED_AT",
try_cast('0.05' as NUMBER(18,9))
as "CREDITS"
),  __dbt__cte__int_statement_hours as (
-- Fixture for int_statement_hours
select
try_cast('copy' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('20' as NUMBER(18,3))
as "SECONDS",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('merge' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('10' as NUMBER(18,3))
as "SECONDS",
try_cast('0.1' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('state' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('1' as NUMBER(18,3))
as "SECONDS",
try_cast('0.01' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('model' as character varying)
as "STATEMENT_ID",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('8' as NUMBER(18,3))
as "SECONDS",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
),  __dbt__cte__stg_metering__copied_files as (
-- Fixture for stg_metering__copied_files
select
try_cast('a' as character varying)
as "FILE_NAME",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COPIED_AT",
try_cast('6' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('4000' as NUMBER(38,0))
as "BYTE_COUNT"
union all
select
try_cast('b' as character varying)
as "FILE_NAME",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COPIED_AT",
try_cast('4' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('3000' as NUMBER(38,0))
as "BYTE_COUNT"
union all
select
try_cast('c' as character varying)
as "FILE_NAME",
try_cast('saas_email_events' as character varying)
as "TABLE_NAME",
try_cast('9.1' as character varying)
as "LOAD_ID",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COPIED_AT",
try_cast('1' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('10' as NUMBER(38,0))
as "BYTE_COUNT"
),  __dbt__cte__prices as (
-- Fixture for prices
select
try_cast('snowflake_credit' as character varying)
as "PRICE_NAME",
try_cast('3' as NUMBER(18,6))
as "USD", try_cast(null as character varying(16777216)) as "PER", try_cast(null as DATE) as "AS_OF", try_cast(null as character varying(16777216)) as "SOURCE"
union all
select
try_cast('s3_put_1000' as character varying)
as "PRICE_NAME",
try_cast('99' as NUMBER(18,6))
as "USD", try_cast(null as character varying(16777216)) as "PER", try_cast(null as DATE) as "AS_OF", try_cast(null as character varying(16777216)) as "SOURCE"
), statements as (
select * from __dbt__cte__stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp)
),
hours as (
select * from __dbt__cte__stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp)
),
statement_hours as (
select * from __dbt__cte__int_statement_hours
where hour_started_at >= cast('2000-01-01' as timestamp)
),
files as (
select * from __dbt__cte__stg_metering__copied_files
where copied_at >= cast('2000-01-01' as timestamp)
),
prices as (
select usd from __dbt__cte__prices where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
-- A load's rows are those of its files: it would count them again at each step from the stage to RAW.
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, max(pipeline) as pipeline, max(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"COST_ON", "WAREHOUSE_NAME", "PIPELINE", "TABLE_NAME", "LOAD_ID", "NODE_ID", "ROW_COUNT", "BYTE_COUNT", "SCANNED_BYTE_COUNT", "FILE_COUNT", "STATEMENT_COUNT", "WAREHOUSE_SECONDS", "METERED_SECONDS", "CREDITS", "COST_USD", 'expected' as "actual_or_expected"
from (
select
try_cast('2026-03-02' as DATE)
as "COST_ON",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast('(none)' as character varying)
as "NODE_ID",
try_cast('10' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('7000' as NUMBER(38,0))
as "BYTE_COUNT",
try_cast('800' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('2' as NUMBER(38,0))
as "FILE_COUNT",
try_cast('2' as NUMBER(38,0))
as "STATEMENT_COUNT",
try_cast('30' as NUMBER(18,3))
as "WAREHOUSE_SECONDS",
try_cast('30' as NUMBER(18,3))
as "METERED_SECONDS",
try_cast('0.3' as NUMBER(18,9))
as "CREDITS",
try_cast('0.9' as NUMBER(18,6))
as "COST_USD"
union all
select
try_cast('2026-03-02' as DATE)
as "COST_ON",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('(none)' as character varying)
as "TABLE_NAME",
try_cast('(none)' as character varying)
as "LOAD_ID",
try_cast('(none)' as character varying)
as "NODE_ID",
try_cast('0' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('0' as NUMBER(38,0))
as "BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "FILE_COUNT",
try_cast('1' as NUMBER(38,0))
as "STATEMENT_COUNT",
try_cast('1' as NUMBER(18,3))
as "WAREHOUSE_SECONDS",
try_cast('1' as NUMBER(18,3))
as "METERED_SECONDS",
try_cast('0.01' as NUMBER(18,9))
as "CREDITS",
try_cast('0.03' as NUMBER(18,6))
as "COST_USD"
union all
select
try_cast('2026-03-02' as DATE)
as "COST_ON",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('dbt' as character varying)
as "PIPELINE",
try_cast('(none)' as character varying)
as "TABLE_NAME",
try_cast('(none)' as character varying)
as "LOAD_ID",
try_cast('model.mailblaze.dim_contacts' as character varying)
as "NODE_ID",
try_cast('10' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('60' as NUMBER(38,0))
as "BYTE_COUNT",
try_cast('100' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "FILE_COUNT",
try_cast('1' as NUMBER(38,0))
as "STATEMENT_COUNT",
try_cast('8' as NUMBER(18,3))
as "WAREHOUSE_SECONDS",
try_cast('8' as NUMBER(18,3))
as "METERED_SECONDS",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS",
try_cast('0.6' as NUMBER(18,6))
as "COST_USD"
union all
select
try_cast('2026-03-02' as DATE)
as "COST_ON",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('(idle)' as character varying)
as "PIPELINE",
try_cast('(none)' as character varying)
as "TABLE_NAME",
try_cast('(none)' as character varying)
as "LOAD_ID",
try_cast('(none)' as character varying)
as "NODE_ID",
try_cast('0' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('0' as NUMBER(38,0))
as "BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "FILE_COUNT",
try_cast('0' as NUMBER(38,0))
as "STATEMENT_COUNT",
try_cast('0' as NUMBER(18,3))
as "WAREHOUSE_SECONDS",
try_cast('0' as NUMBER(18,3))
as "METERED_SECONDS",
try_cast('0.05' as NUMBER(18,9))
as "CREDITS",
try_cast('0.15' as NUMBER(18,6))
as "COST_USD"
union all
select
try_cast('2026-03-03' as DATE)
as "COST_ON",
try_cast('REPORT_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('(other)' as character varying)
as "PIPELINE",
try_cast('(none)' as character varying)
as "TABLE_NAME",
try_cast('(none)' as character varying)
as "LOAD_ID",
try_cast('(none)' as character varying)
as "NODE_ID",
try_cast('0' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('0' as NUMBER(38,0))
as "BYTE_COUNT",
try_cast('100' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "FILE_COUNT",
try_cast('1' as NUMBER(38,0))
as "STATEMENT_COUNT",
try_cast('4' as NUMBER(18,3))
as "WAREHOUSE_SECONDS",
try_cast('0' as NUMBER(18,3))
as "METERED_SECONDS",
try_cast('0' as NUMBER(18,9))
as "CREDITS",
try_cast('0' as NUMBER(18,6))
as "COST_USD"
union all
select
try_cast('2026-03-02' as DATE)
as "COST_ON",
try_cast('(unknown)' as character varying)
as "WAREHOUSE_NAME",
try_cast('(unknown)' as character varying)
as "PIPELINE",
try_cast('saas_email_events' as character varying)
as "TABLE_NAME",
try_cast('9.1' as character varying)
as "LOAD_ID",
try_cast('(none)' as character varying)
as "NODE_ID",
try_cast('1' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('10' as NUMBER(38,0))
as "BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('1' as NUMBER(38,0))
as "FILE_COUNT",
try_cast('0' as NUMBER(38,0))
as "STATEMENT_COUNT",
try_cast('0' as NUMBER(18,3))
as "WAREHOUSE_SECONDS",
try_cast('0' as NUMBER(18,3))
as "METERED_SECONDS",
try_cast('0' as NUMBER(18,9))
as "CREDITS",
try_cast('0' as NUMBER(18,6))
as "COST_USD"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"EVENT_ID","ACCOUNT_ID","CONTACT_ID","CAMPAIGN_ID", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('known' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID",
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER", try_cast(null as TIMESTAMP_NTZ) as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('gone' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID",
try_cast('93' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('91' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('92' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER", try_cast(null as TIMESTAMP_NTZ) as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('empty' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID",
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast(null as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER", try_cast(null as TIMESTAMP_NTZ) as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_contacts as (
-- Fixture for dim_contacts
select
try_cast('2' as NUMBER(38,0))
as "CONTACT_ID", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(18,3)) as "LEAD_SCORE", try_cast(null as NUMBER(38,0)) as "SUBSCRIBED_LIST_COUNT", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as BOOLEAN) as "IS_SUPPRESSED", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_campaigns as (
-- Fixture for dim_campaigns
select
try_cast('3' as NUMBER(38,0))
as "CAMPAIGN_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
), events as (
select * from __dbt__cte__stg_saas__email_events
),
accounts as (
select account_id from __dbt__cte__dim_accounts
),
contacts as (
select contact_id from __dbt__cte__dim_contacts
),
campaigns as (
select campaign_id from __dbt__cte__dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"EVENT_ID", "ACCOUNT_ID", "CONTACT_ID", "CAMPAIGN_ID", 'expected' as "actual_or_expected"
from (
select
try_cast('known' as character varying)
as "EVENT_ID",
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('2' as NUMBER(38,0))
as "CONTACT_ID",
try_cast('3' as NUMBER(38,0))
as "CAMPAIGN_ID"
union all
select
try_cast('gone' as character varying)
as "EVENT_ID",
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('-1' as NUMBER(38,0))
as "CONTACT_ID",
try_cast('-1' as NUMBER(38,0))
as "CAMPAIGN_ID"
union all
select
try_cast('empty' as character varying)
as "EVENT_ID",
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('-1' as NUMBER(38,0))
as "CONTACT_ID",
try_cast('3' as NUMBER(38,0))
as "CAMPAIGN_ID"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"EVENT_ID","CONTACT_ID", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__fct_email_events as (
select 'seen' as event_id, 1 as account_id, 2 as contact_id, 3 as campaign_id, '5' as load_id
union all select 'unknown', 1, -1, 3, '5'
),  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('seen' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('5' as character varying)
as "LOAD_ID"
union all
select
try_cast('unknown' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('4' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('5' as character varying)
as "LOAD_ID"
union all
select
try_cast('late' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('6' as character varying)
as "LOAD_ID"
union all
select
try_cast('out_of_order' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('4' as character varying)
as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
limit 0
),  __dbt__cte__dim_contacts as (
-- Fixture for dim_contacts
select
try_cast('2' as NUMBER(38,0))
as "CONTACT_ID", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(18,3)) as "LEAD_SCORE", try_cast(null as NUMBER(38,0)) as "SUBSCRIBED_LIST_COUNT", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as BOOLEAN) as "IS_SUPPRESSED", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('4' as NUMBER(38,0))
as "CONTACT_ID", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(18,3)) as "LEAD_SCORE", try_cast(null as NUMBER(38,0)) as "SUBSCRIBED_LIST_COUNT", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as BOOLEAN) as "IS_SUPPRESSED", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_campaigns as (
-- Fixture for dim_campaigns
select try_cast(null as NUMBER(38,0)) as "CAMPAIGN_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
limit 0
), events as (
select * from __dbt__cte__stg_saas__email_events
-- By load, not by time: an event may be days late. Events that met no dimension row before are tried again.
where load_id not in (select distinct load_id from __dbt__cte__fct_email_events)
or event_id in (select event_id from __dbt__cte__fct_email_events where -1 in (account_id, contact_id, campaign_id))
),
accounts as (
select account_id from __dbt__cte__dim_accounts
),
contacts as (
select contact_id from __dbt__cte__dim_contacts
),
campaigns as (
select campaign_id from __dbt__cte__dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"EVENT_ID", "CONTACT_ID", 'expected' as "actual_or_expected"
from (
select
try_cast('unknown' as character varying)
as "EVENT_ID",
try_cast('4' as NUMBER(38,0))
as "CONTACT_ID"
union all
select
try_cast('late' as character varying)
as "EVENT_ID",
try_cast('2' as NUMBER(38,0))
as "CONTACT_ID"
union all
select
try_cast('out_of_order' as character varying)
as "EVENT_ID",
try_cast('2' as NUMBER(38,0))
as "CONTACT_ID"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"INVOICE_ID","ACCOUNT_ID","SUBTOTAL_USD","TAX_USD","TOTAL_USD", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_postgres__invoices as (
-- Fixture for stg_postgres__invoices
select
try_cast('1' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "SUBSCRIPTION_ID", try_cast(null as character varying(16777216)) as "INVOICE_NUMBER", try_cast(null as character varying(16777216)) as "INVOICE_STATUS",
try_cast('EUR' as character varying)
as "CURRENCY",
try_cast('1.00' as NUMBER(14,2))
as "SUBTOTAL_AMOUNT",
try_cast('1.00' as NUMBER(14,2))
as "TAX_AMOUNT",
try_cast('2.00' as NUMBER(14,2))
as "TOTAL_AMOUNT",
try_cast('1.005' as NUMBER(38,18))
as "EXCHANGE_RATE", cast(null as VARIANT) as "LINE_ITEMS", try_cast(null as character varying(16777216)) as "MEMO", try_cast(null as DATE) as "ISSUED_ON", try_cast(null as DATE) as "DUE_ON", try_cast(null as TIMESTAMP_NTZ) as "PAID_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "SUBSCRIPTION_ID", try_cast(null as character varying(16777216)) as "INVOICE_NUMBER", try_cast(null as character varying(16777216)) as "INVOICE_STATUS",
try_cast('USD' as character varying)
as "CURRENCY",
try_cast('10.10' as NUMBER(14,2))
as "SUBTOTAL_AMOUNT",
try_cast('0.20' as NUMBER(14,2))
as "TAX_AMOUNT",
try_cast('10.30' as NUMBER(14,2))
as "TOTAL_AMOUNT",
try_cast('1' as NUMBER(38,18))
as "EXCHANGE_RATE", cast(null as VARIANT) as "LINE_ITEMS", try_cast(null as character varying(16777216)) as "MEMO", try_cast(null as DATE) as "ISSUED_ON", try_cast(null as DATE) as "DUE_ON", try_cast(null as TIMESTAMP_NTZ) as "PAID_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('9' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "SUBSCRIPTION_ID", try_cast(null as character varying(16777216)) as "INVOICE_NUMBER", try_cast(null as character varying(16777216)) as "INVOICE_STATUS",
try_cast('VND' as character varying)
as "CURRENCY",
try_cast('900000000.00' as NUMBER(14,2))
as "SUBTOTAL_AMOUNT",
try_cast('0.00' as NUMBER(14,2))
as "TAX_AMOUNT",
try_cast('900000000.00' as NUMBER(14,2))
as "TOTAL_AMOUNT",
try_cast('0.000039215686274509' as NUMBER(38,18))
as "EXCHANGE_RATE", cast(null as VARIANT) as "LINE_ITEMS", try_cast(null as character varying(16777216)) as "MEMO", try_cast(null as DATE) as "ISSUED_ON", try_cast(null as DATE) as "DUE_ON", try_cast(null as TIMESTAMP_NTZ) as "PAID_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
), invoices as (
select * from __dbt__cte__stg_postgres__invoices
),
accounts as (
select account_id, region from __dbt__cte__dim_accounts
),
converted as (
select
*,
cast(total_amount * exchange_rate as decimal(18, 2)) as total_usd,
cast(tax_amount * exchange_rate as decimal(18, 2)) as tax_usd
from invoices
),
facts as (
select
converted.invoice_id,
converted.invoice_number,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
converted.subscription_id,
converted.invoice_status,
converted.issued_on,
converted.due_on,
converted.paid_at,
converted.currency,
converted.exchange_rate,
cast(converted.subtotal_amount as decimal(18, 2)) as subtotal_amount,
cast(converted.tax_amount as decimal(18, 2)) as tax_amount,
cast(converted.total_amount as decimal(18, 2)) as total_amount,
-- The rest, not a conversion of its own: rounded parts would not add up.
cast(converted.total_usd - converted.tax_usd as decimal(18, 2)) as subtotal_usd,
converted.tax_usd,
converted.total_usd,
converted.deleted_at,
converted.is_deleted
from converted
left join accounts on converted.account_id = accounts.account_id
)
select * from facts
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"INVOICE_ID", "ACCOUNT_ID", "SUBTOTAL_USD", "TAX_USD", "TOTAL_USD", 'expected' as "actual_or_expected"
from (
select
try_cast('1' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('1.00' as NUMBER(18,2))
as "SUBTOTAL_USD",
try_cast('1.01' as NUMBER(18,2))
as "TAX_USD",
try_cast('2.01' as NUMBER(18,2))
as "TOTAL_USD"
union all
select
try_cast('2' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('10.10' as NUMBER(18,2))
as "SUBTOTAL_USD",
try_cast('0.20' as NUMBER(18,2))
as "TAX_USD",
try_cast('10.30' as NUMBER(18,2))
as "TOTAL_USD"
union all
select
try_cast('3' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('35294.12' as NUMBER(18,2))
as "SUBTOTAL_USD",
try_cast('0.00' as NUMBER(18,2))
as "TAX_USD",
try_cast('35294.12' as NUMBER(18,2))
as "TOTAL_USD"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"MESSAGE_ID","FIRST_HUMAN_OPENED_AT","HUMAN_OPEN_COUNT","MACHINE_OPEN_COUNT", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('a' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('person' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast('False' as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('b' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('person' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast(null as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('c' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('person' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast('True' as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('d' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('machine' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast('True' as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
), events as (
select * from __dbt__cte__stg_saas__email_events
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"MESSAGE_ID", "FIRST_HUMAN_OPENED_AT", "HUMAN_OPEN_COUNT", "MACHINE_OPEN_COUNT", 'expected' as "actual_or_expected"
from (
select
try_cast('person' as character varying)
as "MESSAGE_ID",
try_cast('<time>' as TIMESTAMP_NTZ)
as "FIRST_HUMAN_OPENED_AT",
try_cast('2' as NUMBER(38,0))
as "HUMAN_OPEN_COUNT",
try_cast('1' as NUMBER(38,0))
as "MACHINE_OPEN_COUNT"
union all
select
try_cast('machine' as character varying)
as "MESSAGE_ID",
try_cast(null as TIMESTAMP_NTZ)
as "FIRST_HUMAN_OPENED_AT",
try_cast('0' as NUMBER(38,0))
as "HUMAN_OPEN_COUNT",
try_cast('1' as NUMBER(38,0))
as "MACHINE_OPEN_COUNT"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"MESSAGE_ID","MESSAGE_OUTCOME", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('a' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_delivered' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('soft' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('b' as character varying)
as "EVENT_ID",
try_cast('delivered' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_delivered' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('c' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_hard' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('soft' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('d' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_hard' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('hard' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('e' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('soft' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('f' as character varying)
as "EVENT_ID",
try_cast('processed' as character varying)
as "EVENT_TYPE",
try_cast('processed' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
), events as (
select * from __dbt__cte__stg_saas__email_events
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"MESSAGE_ID", "MESSAGE_OUTCOME", 'expected' as "actual_or_expected"
from (
select
try_cast('soft_then_delivered' as character varying)
as "MESSAGE_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('soft_then_hard' as character varying)
as "MESSAGE_ID",
try_cast('hard_bounced' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('soft' as character varying)
as "MESSAGE_ID",
try_cast('soft_bounced' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('processed' as character varying)
as "MESSAGE_ID",
try_cast('pending' as character varying)
as "MESSAGE_OUTCOME"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"MESSAGE_ID","MESSAGE_OUTCOME","HUMAN_OPEN_COUNT","NEWEST_LOAD_ID", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__int_messages as (
select 'late' as message_id, '1' as newest_load_id
union all select 'untouched', '1'
),  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('a' as character varying)
as "EVENT_ID",
try_cast('delivered' as character varying)
as "EVENT_TYPE",
try_cast('late' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('1' as character varying)
as "LOAD_ID"
union all
select
try_cast('b' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('late' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('2' as character varying)
as "LOAD_ID"
union all
select
try_cast('c' as character varying)
as "EVENT_ID",
try_cast('delivered' as character varying)
as "EVENT_TYPE",
try_cast('untouched' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('1' as character varying)
as "LOAD_ID"
), events as (
select * from __dbt__cte__stg_saas__email_events
-- By load, not by time: events arrive late. A load that is nobody's newest is computed again, which costs a little and loses nothing.
where message_id in (
select message_id from __dbt__cte__stg_saas__email_events
where load_id not in (select newest_load_id from __dbt__cte__int_messages)
)
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"MESSAGE_ID", "MESSAGE_OUTCOME", "HUMAN_OPEN_COUNT", "NEWEST_LOAD_ID", 'expected' as "actual_or_expected"
from (
select
try_cast('late' as character varying)
as "MESSAGE_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME",
try_cast('1' as NUMBER(38,0))
as "HUMAN_OPEN_COUNT",
try_cast('2' as character varying)
as "NEWEST_LOAD_ID"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
select
"STATEMENT_ID","WAREHOUSE_NAME","HOUR_STARTED_AT","SECONDS","CREDITS", 'actual' as "actual_or_expected"
from (
with  __dbt__cte__stg_metering__statements as (
-- Fixture for stg_metering__statements
select
try_cast('across' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('within' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('at_once' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('other' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('not_metered_yet' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
),  __dbt__cte__stg_metering__warehouse_hours as (
-- Fixture for stg_metering__warehouse_hours
select
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.5' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.6' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('REPORT_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.1' as NUMBER(18,9))
as "CREDITS"
), statements as (
select * from __dbt__cte__stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp)
),
hours as (
select * from __dbt__cte__stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp)
),
overlapping as (
select
statements.statement_id,
hours.warehouse_name,
hours.started_at as hour_started_at,
hours.credits as hour_credits,
datediff(
millisecond,
greatest(statements.started_at, hours.started_at),
least(statements.ended_at, hours.ended_at)
) as milliseconds
from statements
inner join hours
on statements.warehouse_name = hours.warehouse_name
and statements.started_at < hours.ended_at
and statements.ended_at > hours.started_at
),
-- Who runs pays for the hour: a warehouse that waits to be suspended was started by somebody.
shared as (
select
statement_id,
warehouse_name,
hour_started_at,
cast(cast(milliseconds as decimal(18, 3)) / 1000 as decimal(18, 3)) as seconds,
cast(hour_credits * milliseconds / sum(milliseconds) over (partition by warehouse_name, hour_started_at) as decimal(18, 9)) as credits
from overlapping
where milliseconds > 0
)
select * from shared
) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
select
"STATEMENT_ID", "WAREHOUSE_NAME", "HOUR_STARTED_AT", "SECONDS", "CREDITS", 'expected' as "actual_or_expected"
from (
select
try_cast('across' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('30' as NUMBER(18,3))
as "SECONDS",
try_cast('0.5' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('across' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('30' as NUMBER(18,3))
as "SECONDS",
try_cast('0.15' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('within' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('90' as NUMBER(18,3))
as "SECONDS",
try_cast('0.45' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('other' as character varying)
as "STATEMENT_ID",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('60' as NUMBER(18,3))
as "SECONDS",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected;

BEGIN;

COMMIT;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages alter
"MESSAGE_ID" COMMENT $$The message; key.$$,
"CAMPAIGN_ID" COMMENT $$The campaign.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"CONTACT_ID" COMMENT $$The recipient.$$,
"PROCESSED_AT" COMMENT $$When the sending service took it.$$,
"DELIVERED_AT" COMMENT $$When the other mail server took it.$$,
"FIRST_BOUNCED_AT" COMMENT $$When it was first refused, for good or for now.$$,
"HARD_BOUNCED_AT" COMMENT $$When it was refused for good.$$,
"FIRST_HUMAN_OPENED_AT" COMMENT $$The first open not known to be a machine's.$$,
"FIRST_MACHINE_OPENED_AT" COMMENT $$The first open of a privacy proxy or scanner.$$,
"FIRST_CLICKED_AT" COMMENT $$The first click.$$,
"COMPLAINED_AT" COMMENT $$When it was reported as spam.$$,
"UNSUBSCRIBED_AT" COMMENT $$When its unsubscribe link was used.$$,
"DEFERRAL_COUNT" COMMENT $$Times that the other mail server asked to come back later.$$,
"HUMAN_OPEN_COUNT" COMMENT $$Opens not known to be a machine's, repeats included.$$,
"MACHINE_OPEN_COUNT" COMMENT $$Opens of privacy proxies and scanners, repeats included.$$,
"CLICK_COUNT" COMMENT $$Clicks, repeats included.$$,
"NEWEST_LOAD_ID" COMMENT $$The newest load that brought any of its events.$$,
"MESSAGE_OUTCOME" COMMENT $$delivered wherever any event says so, also after a bounce or before one; else hard_bounced, else soft_bounced; pending while none of these is known.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours alter
"STATEMENT_ID" COMMENT $$The statement; key with hour_started_at.$$,
"WAREHOUSE_NAME" COMMENT $$The warehouse that ran it.$$,
"HOUR_STARTED_AT" COMMENT $$Begin of the hour (UTC).$$,
"SECONDS" COMMENT $$Seconds that it ran in this hour.$$,
"CREDITS" COMMENT $$Its share of the hour's credits, by the seconds of all statements that ran in the hour.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts alter
"ACCOUNT_ID" COMMENT $$The account; key.$$,
"ACCOUNT_NAME" COMMENT $$Name of the company.$$,
"ACCOUNT_STATUS" COMMENT $$trial, active, past_due or cancelled.$$,
"PLAN_CODE" COMMENT $$Short name of the plan.$$,
"PLAN_NAME" COMMENT $$Name of the plan.$$,
"MONTHLY_SEND_LIMIT" COMMENT $$Messages included in a month; null means unlimited.$$,
"REGION" COMMENT $$eu, us, apac or latam.$$,
"INDUSTRY" COMMENT $$What the company does, in its own words.$$,
"TIME_ZONE" COMMENT $$IANA name.$$,
"ACTIVE_USER_COUNT" COMMENT $$Users who may sign in.$$,
"LIVE_SUBSCRIPTION_COUNT" COMMENT $$Subscriptions that are trialing or active.$$,
"CREATED_AT" COMMENT $$When the account was opened.$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source; null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns alter
"CAMPAIGN_ID" COMMENT $$The campaign; key.$$,
"CAMPAIGN_NAME" COMMENT $$Name for people; the one of the product where the two differ.$$,
"ACCOUNT_ID" COMMENT $$The customer account; -1 where it is unknown.$$,
"REGION" COMMENT $$Region of the account; who has REPORTER sees the regions it was given.$$,
"SUBJECT_LINE" COMMENT $$Subject of the message; the one of the product where the two differ.$$,
"CAMPAIGN_STATUS" COMMENT $$draft, scheduled, sending, sent or archived; null where only the sending service knows the campaign.$$,
"SENDING_STATUS" COMMENT $$The sending service's own word for the state; null where it does not know the campaign.$$,
"LIST_NAME" COMMENT $$The mailing list it was planned for.$$,
"SENDING_DOMAIN" COMMENT $$Domain that signed the messages.$$,
"IP_POOL" COMMENT $$Group of addresses that sent them.$$,
"RECIPIENT_COUNT" COMMENT $$Recipients that the sending service was given.$$,
"SCHEDULED_AT" COMMENT $$Planned time.$$,
"SENT_AT" COMMENT $$When sending was done: the sending service's time, else the product's.$$,
"CREATED_AT" COMMENT $$When the campaign was drawn up.$$,
"DELETED_AT" COMMENT $$When the row was found deleted in the product, or in the sending service where only that knew it; null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone from the product, or from the sending service where only that knew it.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts alter
"CONTACT_ID" COMMENT $$The contact; key.$$,
"ACCOUNT_ID" COMMENT $$The customer account; -1 where it is unknown.$$,
"REGION" COMMENT $$Region of the account; who has REPORTER sees the regions it was given.$$,
"EMAIL" COMMENT $$Address, lower case; null once deleted.$$,
"FIRST_NAME" COMMENT $$Given name as typed; null once deleted.$$,
"LAST_NAME" COMMENT $$Family name as typed; null once deleted.$$,
"LOCALE" COMMENT $$Language and country.$$,
"CONSENT_SOURCE" COMMENT $$Where the contact agreed to mail.$$,
"LEAD_SCORE" COMMENT $$Score of the sales team.$$,
"SUBSCRIBED_LIST_COUNT" COMMENT $$Lists that the contact is subscribed to.$$,
"IS_SUBSCRIBED" COMMENT $$Whether the contact agrees to mail.$$,
"IS_SUPPRESSED" COMMENT $$Whether a suppression that is active, and still there, forbids writing to the contact.$$,
"SUBSCRIBED_AT" COMMENT $$When the contact agreed.$$,
"UNSUBSCRIBED_AT" COMMENT $$When the contact withdrew.$$,
"CREATED_AT" COMMENT $$When the contact was added.$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source; null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates alter
"DATE_DAY" COMMENT $$The day; key.$$,
"CALENDAR_YEAR" COMMENT $$Year.$$,
"QUARTER_OF_YEAR" COMMENT $$1 to 4.$$,
"MONTH_OF_YEAR" COMMENT $$1 to 12.$$,
"DAY_OF_MONTH" COMMENT $$1 to 31.$$,
"DAY_OF_WEEK" COMMENT $$1 is Monday, 7 is Sunday.$$,
"IS_WEEKEND" COMMENT $$Saturday or Sunday.$$,
"MONTH_STARTS_ON" COMMENT $$First day of the month.$$,
"WEEK_STARTS_ON" COMMENT $$Monday of the week.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events alter
"EVENT_ID" COMMENT $$The event; key.$$,
"EVENT_TYPE" COMMENT $$processed, delivered, deferred, bounce, open, click, spam_report or unsubscribe.$$,
"OCCURRED_AT" COMMENT $$When it happened.$$,
"OCCURRED_ON" COMMENT $$The UTC day of occurred_at.$$,
"RECEIVED_AT" COMMENT $$When the sending service learned of it, up to five days later.$$,
"MESSAGE_ID" COMMENT $$One recipient of one campaign.$$,
"ACCOUNT_ID" COMMENT $$The customer account; -1 where it is unknown.$$,
"CONTACT_ID" COMMENT $$The recipient; -1 where the contact was deleted before the first load.$$,
"CAMPAIGN_ID" COMMENT $$The campaign; -1 where it is unknown.$$,
"MAILBOX_PROVIDER" COMMENT $$Who runs the recipient's mailbox.$$,
"IS_MACHINE_OPEN" COMMENT $$Whether a privacy proxy or scanner opened the message; null where it is not known, and for all but opens.$$,
"BOUNCE_TYPE" COMMENT $$hard or soft; null for all but bounces.$$,
"LINK_URL" COMMENT $$The link that was clicked.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the event.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices alter
"INVOICE_ID" COMMENT $$The invoice; key.$$,
"INVOICE_NUMBER" COMMENT $$The number printed on it.$$,
"ACCOUNT_ID" COMMENT $$The customer account; -1 where it is unknown.$$,
"REGION" COMMENT $$Region of the account; who has REPORTER sees the regions it was given.$$,
"SUBSCRIPTION_ID" COMMENT $$The subscription it is for.$$,
"INVOICE_STATUS" COMMENT $$draft, open, paid, void or uncollectible.$$,
"ISSUED_ON" COMMENT $$Day of issue.$$,
"DUE_ON" COMMENT $$Last day to pay.$$,
"PAID_AT" COMMENT $$When it was paid; null until then.$$,
"CURRENCY" COMMENT $$ISO 4217 code of the amounts without _usd.$$,
"EXCHANGE_RATE" COMMENT $$US dollars for one unit of currency.$$,
"SUBTOTAL_AMOUNT" COMMENT $$Before tax, in currency.$$,
"TAX_AMOUNT" COMMENT $$Tax, in currency.$$,
"TOTAL_AMOUNT" COMMENT $$With tax, in currency.$$,
"SUBTOTAL_USD" COMMENT $$total_usd less tax_usd, so that the parts add up.$$,
"TAX_USD" COMMENT $$Tax in US dollars, rounded to the cent.$$,
"TOTAL_USD" COMMENT $$With tax, in US dollars, rounded to the cent.$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source; null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance alter
"CAMPAIGN_NAME" COMMENT $$Name of the campaign.$$,
"ACCOUNT_NAME" COMMENT $$Name of the account.$$,
"SENT_AT" COMMENT $$When sending was done; null while it goes on.$$,
"SENT_COUNT" COMMENT $$Messages of which any event is known.$$,
"DELIVERED_COUNT" COMMENT $$Messages delivered, also after a bounce.$$,
"HARD_BOUNCE_COUNT" COMMENT $$Messages never delivered, with a hard bounce.$$,
"SOFT_BOUNCE_COUNT" COMMENT $$Messages never delivered, with soft bounces only.$$,
"UNIQUE_OPEN_COUNT" COMMENT $$Messages opened by a person, or by something not known to be a machine.$$,
"UNIQUE_MACHINE_OPEN_COUNT" COMMENT $$Messages opened by a machine; a person may have opened them too.$$,
"UNIQUE_CLICK_COUNT" COMMENT $$Messages with a click.$$,
"COMPLAINT_COUNT" COMMENT $$Messages reported as spam.$$,
"UNSUBSCRIBE_COUNT" COMMENT $$Messages that led to an unsubscribe.$$,
"DELIVERY_RATE" COMMENT $$delivered_count of sent_count.$$,
"BOUNCE_RATE" COMMENT $$hard_bounce_count and soft_bounce_count of sent_count.$$,
"OPEN_RATE" COMMENT $$unique_open_count of delivered_count.$$,
"CLICK_RATE" COMMENT $$unique_click_count of delivered_count.$$,
"CLICK_TO_OPEN_RATE" COMMENT $$unique_click_count of unique_open_count; above 1 where people click with images switched off.$$,
"COMPLAINT_RATE" COMMENT $$complaint_count of delivered_count.$$,
"UNSUBSCRIBE_RATE" COMMENT $$unsubscribe_count of delivered_count.$$,
"CAMPAIGN_ID" COMMENT $$The campaign; key. -1 gathers the messages of unknown campaigns.$$,
"ACCOUNT_ID" COMMENT $$The customer account; -1 where it is unknown.$$,
"REGION" COMMENT $$Region of the account; who has REPORTER sees the regions it was given.$$
;

alter  table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost alter
"COST_ON" COMMENT $$The day on which it was done.$$,
"WAREHOUSE_NAME" COMMENT $$The warehouse that did it.$$,
"PIPELINE" COMMENT $$postgres, saas, dbt, or one of the words in brackets.$$,
"TABLE_NAME" COMMENT $$The table of RAW; lower case.$$,
"LOAD_ID" COMMENT $$The load.$$,
"NODE_ID" COMMENT $$The model, test, snapshot or seed in dbt's own words.$$,
"ROW_COUNT" COMMENT $$Rows in a load's files, or rows that a node wrote.$$,
"BYTE_COUNT" COMMENT $$Bytes of a load's files, or bytes that a node wrote.$$,
"SCANNED_BYTE_COUNT" COMMENT $$Bytes that statements read.$$,
"FILE_COUNT" COMMENT $$Files of the lake that were copied.$$,
"STATEMENT_COUNT" COMMENT $$Statements.$$,
"WAREHOUSE_SECONDS" COMMENT $$Seconds that statements ran.$$,
"METERED_SECONDS" COMMENT $$Those of them in hours that Snowflake has metered by now; fewer than warehouse_seconds while it is late.$$,
"CREDITS" COMMENT $$Credits by Snowflake's meter.$$,
"COST_USD" COMMENT $$Those credits in US dollars, by the price in the seed prices.$$
;

alter session set query_tag = '{"dbt": "model.mailblaze.dim_accounts"}';

alter session set query_tag = '{"dbt": "model.mailblaze.dim_campaigns"}';

alter session set query_tag = '{"dbt": "model.mailblaze.dim_contacts"}';

alter session set query_tag = '{"dbt": "model.mailblaze.dim_dates"}';

alter session set query_tag = '{"dbt": "model.mailblaze.fct_email_events"}';

alter session set query_tag = '{"dbt": "model.mailblaze.fct_invoices"}';

alter session set query_tag = '{"dbt": "model.mailblaze.int_messages"}';

alter session set query_tag = '{"dbt": "model.mailblaze.int_statement_hours"}';

alter session set query_tag = '{"dbt": "model.mailblaze.rpt_campaign_performance"}';

alter session set query_tag = '{"dbt": "model.mailblaze.rpt_pipeline_cost"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_metering__copied_files"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_metering__statements"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_metering__warehouse_hours"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__accounts"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__campaigns"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__contacts"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__invoices"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__list_memberships"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__lists"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__plans"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__subscriptions"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_postgres__users"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_saas__campaigns"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_saas__email_events"}';

alter session set query_tag = '{"dbt": "model.mailblaze.stg_saas__suppressions"}';

alter session set query_tag = '{"dbt": "seed.mailblaze.prices"}';

alter session set query_tag = '{"dbt": "snapshot.mailblaze.accounts_snapshot"}';

alter session set query_tag = '{"dbt": "snapshot.mailblaze.subscriptions_snapshot"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_postgres__accounts_account_status__trial__active__past_due__cancelled.fdcd6c19b1"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_postgres__campaigns_campaign_status__draft__scheduled__sending__sent__archived.91cf6b2a9f"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_postgres__invoices_invoice_status__draft__open__paid__void__uncollectible.d5632e2930"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_postgres__list_memberships_membership_status__subscribed__unsubscribed__cleaned__pending.1df8265298"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_postgres__subscriptions_subscription_status__trialing__active__paused__cancelled.f98ef3c43c"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_postgres__users_user_role__owner__admin__editor__viewer.06134b6d56"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_saas__email_events_bounce_type__hard__soft.3f624317e6"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_saas__email_events_event_type__processed__delivered__deferred__bounce__open__click__spam_report__unsubscribe.39ef4fea3f"}';

alter session set query_tag = '{"dbt": "test.mailblaze.accepted_values_stg_saas__suppressions_suppression_reason__hard_bounce__spam_report__unsubscribe.18829d5cda"}';

alter session set query_tag = '{"dbt": "test.mailblaze.deleted_contacts_keep_no_personal_data"}';

alter session set query_tag = '{"dbt": "test.mailblaze.every_event_is_in_the_fact"}';

alter session set query_tag = '{"dbt": "test.mailblaze.every_message_is_counted_once"}';

alter session set query_tag = '{"dbt": "test.mailblaze.holds_fct_invoices_subtotal_usd_tax_usd_total_usd.cc54dabcbe"}';

alter session set query_tag = '{"dbt": "test.mailblaze.holds_rpt_campaign_performance_delivered_count_hard_bounce_count_soft_bounce_count_sent_count.5f2760c067"}';

alter session set query_tag = '{"dbt": "test.mailblaze.no_invoice_is_lost"}';

alter session set query_tag = '{"dbt": "test.mailblaze.not_null_int_messages_message_outcome.36ee1a02ec"}';

alter session set query_tag = '{"dbt": "test.mailblaze.not_null_prices_usd.5752abab10"}';

alter session set query_tag = '{"dbt": "test.mailblaze.not_null_stg_saas__email_events_load_id.b6b6ac506d"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_accounts_snapshot_account_id.0be4e71efc"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_dim_accounts_account_id.b44269aec3"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_dim_campaigns_campaign_id.079a9e54a6"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_dim_contacts_contact_id.d083caa1eb"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_dim_dates_date_day.64ac32d181"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_fct_email_events_event_id.8694eb7711"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_fct_invoices_invoice_id.2d691f4b73"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_int_messages_message_id.0bce5a5517"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_int_statement_hours_statement_id__hour_started_at.590c4a73cc"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_prices_price_name.178c835b8b"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_rpt_campaign_performance_campaign_id.0a32f37c4e"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_rpt_pipeline_cost_cost_on__warehouse_name__pipeline__table_name__load_id__node_id.d2136ec110"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_metering__copied_files_file_name__table_name__copied_at.d88a76f111"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_metering__statements_statement_id.a12c06ad0e"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_metering__warehouse_hours_warehouse_name__started_at.f235891b70"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__accounts_account_id.38555ee506"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__campaigns_campaign_id.da0572fd56"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__contacts_contact_id.6fa45bfb13"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__invoices_invoice_id.1087112d28"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__list_memberships_list_id__contact_id.04b07e18ee"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__lists_list_id.e97d5aaad9"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__plans_plan_id.02c4319e44"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__subscriptions_subscription_id.65708c070f"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_postgres__users_user_id.4f793a9556"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_saas__campaigns_campaign_id.26d53c0a88"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_saas__email_events_event_id.aad1749763"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_stg_saas__suppressions_suppression_id.5bd5308f78"}';

alter session set query_tag = '{"dbt": "test.mailblaze.primary_key_subscriptions_snapshot_subscription_id.c797a5a805"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_dim_campaigns_account_id__account_id__ref_dim_accounts_.01a59de843"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_dim_contacts_account_id__account_id__ref_dim_accounts_.20bc71421b"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_fct_email_events_account_id__account_id__ref_dim_accounts_.91027b9dd9"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_fct_email_events_campaign_id__campaign_id__ref_dim_campaigns_.4b1f2cb2a4"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_fct_email_events_contact_id__contact_id__ref_dim_contacts_.17b7f4e601"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_fct_email_events_occurred_on__date_day__ref_dim_dates_.2be2e1a76e"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_fct_invoices_account_id__account_id__ref_dim_accounts_.1094aa63fc"}';

alter session set query_tag = '{"dbt": "test.mailblaze.relationships_fct_invoices_issued_on__date_day__ref_dim_dates_.e5a882e4f8"}';

alter session set query_tag = '{"dbt": "test.mailblaze.snapshots_end_at_the_present"}';

comment on table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages IS $$Messages (one recipient of one campaign), one row each, with what became of them. Only the messages of newly loaded events are computed again. Times are UTC and the first of their kind. The ids are those of the sending service: they may be unknown to the dimensions.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours IS $$Statements by the hours in which they ran, with the share of the hour's credits that is theirs. The last three days are computed again in each run. Empty on DuckDB.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts IS $$Accounts, one row each, deleted ones included, and -1 for the unknown account. Times are UTC.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns IS $$Campaigns, one row each, as the product planned and the sending service ran them, and -1 for the unknown campaign. Times are UTC.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts IS $$Contacts, one row each, and -1 for the unknown contact. A deleted contact keeps its row for the facts, without its personal data. Times are UTC.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates IS $$Days from 2015-01-01 to 2039-12-31, one row each.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events IS $$Events, one row each. Chosen by load, so that a late event is never missed; an event that met no dimension row has -1 and is tried again in every run. The address, user agent and IP address stay in STAGING. Times are UTC.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices IS $$Invoices, one row each, deleted ones included. Times are UTC.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance IS $$Campaigns that were sent, or of which any message is known, one row each. Counts are of messages, so what happens twice to one message counts once. Rates are shares (0.25 is a quarter) and null where there is nothing to divide by. Times are UTC.$$
;

comment on table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost IS $$What the platform's work on Snowflake cost: one row for each day, warehouse, pipeline, table, load and node of dbt. Statements are told apart by their query tags; an hour's credits go to the statements that ran in it, by their seconds, so that the sum is what Snowflake metered. (none), where it was for no single one; (other), statements of people; (idle), hours in which nothing ran; (unknown), files of a load of which no statement is known. Told anew for the last three days, because Snowflake is late. Empty on DuckDB, where nothing is metered. Days are UTC.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files IS $$Files of the lake that Snowflake copied. Empty on DuckDB.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements IS $$Statements that Snowflake ran for us. Empty on DuckDB.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours IS $$Hours of each warehouse with the credits that Snowflake metered. Empty on DuckDB.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts IS $$The customers of MailBlaze. The secret hash stays in RAW.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns IS $$Campaigns as the product plans them.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts IS $$The people whom an account writes to.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices IS $$What an account was billed.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships IS $$Who is on which list; the key is list_id and contact_id.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists IS $$Mailing lists.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans IS $$The price list.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions IS $$What an account pays for, and since when.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users IS $$The people who sign in. The picture stays in RAW.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns IS $$Campaigns as the sending service ran them.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events IS $$What happened to each message. An event may be received up to five days after it occurred, and its contact may be gone.$$
;

comment on view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions IS $$Addresses that an account must not write to.$$
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
(
"FILE_NAME" COMMENT $$The file with its path.$$,
"TABLE_NAME" COMMENT $$The table of RAW that it went to, or of RAW_STAGING on its way there; lower case.$$,
"LOAD_ID" COMMENT $$The load that wrote it.$$,
"COPIED_AT" COMMENT $$When it was copied (UTC).$$,
"ROW_COUNT" COMMENT $$Rows in it.$$,
"BYTE_COUNT" COMMENT $$Its bytes.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.copy_history
),
-- A file of the lake is named <table>/<load id>.<file id>.parquet, and a load id has a point in it.
renamed as (
select
file_name,
lower(table_name) as table_name,
split_part(
split_part(
file_name,
'/',
-1
)
,
'.',
1
)
|| '.' ||
split_part(
split_part(
file_name,
'/',
-1
)
,
'.',
2
)
as load_id,
cast(convert_timezone('UTC', last_load_time) as timestamp_ntz) as copied_at,
row_count,
file_size as byte_count
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
(
"STATEMENT_ID" COMMENT $$The statement; key.$$,
"PIPELINE" COMMENT $$The pipeline of dlt that it was for; null for dbt's and people's.$$,
"TABLE_NAME" COMMENT $$The table that it was for; empty where it was for the load as a whole, null for dbt's and people's.$$,
"LOAD_ID" COMMENT $$The load that it was for; empty outside of a load, null for dbt's and people's.$$,
"NODE_ID" COMMENT $$dbt's name of the model, test or snapshot that it was for; null for dlt's and people's.$$,
"WAREHOUSE_NAME" COMMENT $$The warehouse that ran it.$$,
"STARTED_AT" COMMENT $$When it began to run, its wait in the queue left out (UTC).$$,
"ENDED_AT" COMMENT $$When it ended (UTC).$$,
"EXECUTED_SECONDS" COMMENT $$Seconds that it ran.$$,
"SCANNED_BYTE_COUNT" COMMENT $$Bytes that it read.$$,
"WRITTEN_BYTE_COUNT" COMMENT $$Bytes that it wrote.$$,
"WRITTEN_ROW_COUNT" COMMENT $$Rows that it inserted or updated.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.query_history
),
renamed as (
select
query_id as statement_id,
try_parse_json(query_tag):pipeline::varchar as pipeline,
try_parse_json(query_tag):table::varchar as table_name,
try_parse_json(query_tag):load_id::varchar as load_id,
try_parse_json(query_tag):dbt::varchar as node_id,
warehouse_name,
dateadd(
millisecond,
-execution_time,
cast(convert_timezone('UTC', end_time) as timestamp_ntz)
)
as started_at,
cast(convert_timezone('UTC', end_time) as timestamp_ntz) as ended_at,
cast(cast(execution_time as decimal(18, 3)) / 1000 as decimal(18, 3)) as executed_seconds,
bytes_scanned as scanned_byte_count,
bytes_written as written_byte_count,
coalesce(rows_inserted, 0) + coalesce(rows_updated, 0) as written_row_count
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
(
"WAREHOUSE_NAME" COMMENT $$The warehouse.$$,
"STARTED_AT" COMMENT $$Begin of the hour (UTC).$$,
"ENDED_AT" COMMENT $$End of the hour (UTC).$$,
"CREDITS" COMMENT $$Credits of compute and cloud services. Snowflake charges for the latter only beyond a tenth of the day's compute, so this is an upper bound.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.warehouse_metering_history
),
renamed as (
select
warehouse_name,
cast(convert_timezone('UTC', start_time) as timestamp_ntz) as started_at,
cast(convert_timezone('UTC', end_time) as timestamp_ntz) as ended_at,
cast(credits_used as decimal(18, 9)) as credits
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
(
"ACCOUNT_ID" COMMENT $$The account; key.$$,
"ACCOUNT_UUID" COMMENT $$The identifier that partners see.$$,
"ACCOUNT_NAME" COMMENT $$Name of the company.$$,
"PLAN_ID" COMMENT $$The plan.$$,
"ACCOUNT_STATUS" COMMENT $$trial, active, past_due or cancelled.$$,
"REGION" COMMENT $$eu, us, apac or latam.$$,
"INDUSTRY" COMMENT $$What the company does, in its own words.$$,
"TIME_ZONE" COMMENT $$IANA name.$$,
"SETTINGS" COMMENT $$A JSON object of settings.$$,
"TAGS" COMMENT $$A JSON array of words.$$,
"CREDIT_LIMIT_AMOUNT" COMMENT $$The most that may stay unpaid, in the currency of the account's plan; nine decimal places of the exact text in RAW.$$,
"TRIAL_ENDS_ON" COMMENT $$Last day of the trial.$$,
"SIGNED_UP_LOCAL_AT" COMMENT $$When the customer signed up, on the clock of the account's own time zone: not UTC.$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$,
"CHANGED_AT" COMMENT $$The later of updated_at and deleted_at (UTC): it moves on every change.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_accounts
),
renamed as (
select
account_id,
account_uuid,
account_name,
plan_id,
account_status,
region,
industry,
time_zone,
parse_json(cast(settings as varchar)) as settings,
parse_json(cast(tags as varchar)) as tags,
cast(credit_limit as decimal(38, 9)) as credit_limit_amount,
trial_ends_on,
signed_up_local_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
),
-- A delete leaves updated_at alone; the snapshot needs one time that moves on every change.
stamped as (
select
*,
greatest(updated_at, coalesce(deleted_at, updated_at)) as changed_at
from renamed
)
select * from stamped
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
(
"CAMPAIGN_ID" COMMENT $$The campaign; key. The same number as in the sending service.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"LIST_ID" COMMENT $$The mailing list.$$,
"CAMPAIGN_NAME" COMMENT $$Name for people.$$,
"SUBJECT_LINE" COMMENT $$Subject of the message.$$,
"FROM_EMAIL" COMMENT $$Sender address, lower case.$$,
"CAMPAIGN_STATUS" COMMENT $$draft, scheduled, sending, sent or archived.$$,
"BUDGET_AMOUNT" COMMENT $$What the account wants to spend, in the currency of the account's plan.$$,
"SETTINGS" COMMENT $$A JSON object of settings.$$,
"SCHEDULED_LOCAL_AT" COMMENT $$Planned time on the clock of the account's own time zone: not UTC.$$,
"SENT_AT" COMMENT $$When sending was done (UTC).$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_campaigns
),
renamed as (
select
campaign_id,
account_id,
list_id,
campaign_name,
subject_line,
lower(from_email) as from_email,
campaign_status,
budget_amount,
parse_json(cast(settings as varchar)) as settings,
scheduled_local_at,
cast(convert_timezone('UTC', sent_at) as timestamp_ntz) as sent_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts
(
"CONTACT_ID" COMMENT $$The contact; key.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"CONTACT_UUID" COMMENT $$The identifier used in links.$$,
"EMAIL" COMMENT $$Address, lower case; alone within its account among the living.$$,
"FIRST_NAME" COMMENT $$Given name as typed: may be null, empty or odd.$$,
"LAST_NAME" COMMENT $$Family name as typed: may be null, empty or odd.$$,
"LOCALE" COMMENT $$Language and country.$$,
"BIRTH_DATE" COMMENT $$Date of birth.$$,
"IS_SUBSCRIBED" COMMENT $$Whether the contact agrees to mail.$$,
"CONSENT_SOURCE" COMMENT $$Where that was said.$$,
"LEAD_SCORE" COMMENT $$Score of the sales team, three decimal places.$$,
"ATTRIBUTES" COMMENT $$Fields that the account added: a JSON object.$$,
"TAGS" COMMENT $$A JSON array of words.$$,
"SUBSCRIBED_AT" COMMENT $$When the contact agreed (UTC).$$,
"UNSUBSCRIBED_AT" COMMENT $$When the contact withdrew (UTC).$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_contacts
),
renamed as (
select
contact_id,
account_id,
contact_uuid,
lower(email) as email,
first_name,
last_name,
locale,
birth_date,
is_subscribed,
consent_source,
lead_score,
parse_json(cast(attributes as varchar)) as attributes,
parse_json(cast(tags as varchar)) as tags,
cast(convert_timezone('UTC', subscribed_at) as timestamp_ntz) as subscribed_at,
cast(convert_timezone('UTC', unsubscribed_at) as timestamp_ntz) as unsubscribed_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
(
"INVOICE_ID" COMMENT $$The invoice; key.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"SUBSCRIPTION_ID" COMMENT $$The subscription.$$,
"INVOICE_NUMBER" COMMENT $$The number printed on it.$$,
"INVOICE_STATUS" COMMENT $$draft, open, paid, void or uncollectible.$$,
"CURRENCY" COMMENT $$ISO 4217 code; the amounts of the row are in it.$$,
"SUBTOTAL_AMOUNT" COMMENT $$Before tax, in currency.$$,
"TAX_AMOUNT" COMMENT $$Tax, in currency.$$,
"TOTAL_AMOUNT" COMMENT $$With tax, in currency.$$,
"EXCHANGE_RATE" COMMENT $$US dollars for one unit of currency; eighteen decimal places of the exact text in RAW.$$,
"LINE_ITEMS" COMMENT $$The lines: a JSON array.$$,
"MEMO" COMMENT $$Free text for the customer.$$,
"ISSUED_ON" COMMENT $$Day of issue.$$,
"DUE_ON" COMMENT $$Last day to pay.$$,
"PAID_AT" COMMENT $$When it was paid (UTC); null until then.$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_invoices
),
renamed as (
select
invoice_id,
account_id,
subscription_id,
invoice_number,
invoice_status,
currency,
subtotal_amount,
tax_amount,
total_amount,
cast(exchange_rate as decimal(38, 18)) as exchange_rate,
parse_json(cast(line_items as varchar)) as line_items,
memo,
issued_on,
due_on,
cast(convert_timezone('UTC', paid_at) as timestamp_ntz) as paid_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
(
"LIST_ID" COMMENT $$The mailing list.$$,
"CONTACT_ID" COMMENT $$The recipient.$$,
"MEMBERSHIP_STATUS" COMMENT $$subscribed, unsubscribed, cleaned or pending.$$,
"JOINED_AT" COMMENT $$When the contact joined the list (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_list_memberships
),
renamed as (
select
list_id,
contact_id,
membership_status,
cast(convert_timezone('UTC', joined_at) as timestamp_ntz) as joined_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists
(
"LIST_ID" COMMENT $$The list; key.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"LIST_NAME" COMMENT $$Name for people.$$,
"IS_ARCHIVED" COMMENT $$Whether it is put away.$$,
"DEFAULT_FROM_EMAIL" COMMENT $$Sender address offered for new campaigns, lower case.$$,
"SEGMENT_RULE" COMMENT $$Who belongs to it, as a JSON rule; null where people are added by hand.$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_lists
),
renamed as (
select
list_id,
account_id,
list_name,
is_archived,
lower(default_from_email) as default_from_email,
parse_json(cast(segment_rule as varchar)) as segment_rule,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans
(
"PLAN_ID" COMMENT $$The plan; key.$$,
"PLAN_CODE" COMMENT $$Short name for machines.$$,
"PLAN_NAME" COMMENT $$Name for people.$$,
"MONTHLY_PRICE_AMOUNT" COMMENT $$Price of a month, in currency.$$,
"CURRENCY" COMMENT $$ISO 4217 code; the amounts of the row are in it.$$,
"MONTHLY_SEND_LIMIT" COMMENT $$Messages included in a month; null means unlimited.$$,
"OVERAGE_PRICE_DIGITS" COMMENT $$Price of one message above the limit, in currency, as exact text; some fit no decimal.$$,
"FEATURES" COMMENT $$What the plan includes: a JSON object.$$,
"IS_PUBLIC" COMMENT $$Whether a visitor may choose it.$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_plans
),
renamed as (
select
plan_id,
plan_code,
plan_name,
monthly_price as monthly_price_amount,
currency,
monthly_send_limit,
overage_price as overage_price_digits,
parse_json(cast(features as varchar)) as features,
is_public,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
(
"SUBSCRIPTION_ID" COMMENT $$The subscription; key.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"PLAN_ID" COMMENT $$The plan.$$,
"SUBSCRIPTION_STATUS" COMMENT $$trialing, active, paused or cancelled.$$,
"MONTHLY_AMOUNT" COMMENT $$Price of a month before discount, in currency.$$,
"DISCOUNT_RATE" COMMENT $$Share taken off, 0 to 1; eighteen decimal places of the exact text in RAW.$$,
"CURRENCY" COMMENT $$ISO 4217 code; the amounts of the row are in it.$$,
"SEAT_COUNT" COMMENT $$Users included.$$,
"STARTED_ON" COMMENT $$First day.$$,
"ENDED_ON" COMMENT $$Last day; null while it runs.$$,
"METADATA" COMMENT $$Notes of the billing system: a JSON object.$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$,
"CHANGED_AT" COMMENT $$The later of updated_at and deleted_at (UTC): it moves on every change.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_subscriptions
),
renamed as (
select
subscription_id,
account_id,
plan_id,
subscription_status,
monthly_amount,
cast(discount_rate as decimal(38, 18)) as discount_rate,
currency,
seat_count,
started_on,
ended_on,
parse_json(cast(metadata as varchar)) as metadata,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
),
-- A delete leaves updated_at alone; the snapshot needs one time that moves on every change.
stamped as (
select
*,
greatest(updated_at, coalesce(deleted_at, updated_at)) as changed_at
from renamed
)
select * from stamped
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users
(
"USER_ID" COMMENT $$The user; key.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"EMAIL" COMMENT $$Sign-in address, lower case.$$,
"FULL_NAME" COMMENT $$Name of the person.$$,
"USER_ROLE" COMMENT $$owner, admin, editor or viewer.$$,
"IS_ACTIVE" COMMENT $$Whether the user may sign in.$$,
"FAILED_LOGIN_COUNT" COMMENT $$Failed sign-ins since the last good one.$$,
"LAST_LOGIN_AT" COMMENT $$Last good sign-in (UTC).$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the row was found deleted at its source (UTC); null while it is alive.$$,
"IS_DELETED" COMMENT $$Whether the row is gone at its source.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_users
),
renamed as (
select
user_id,
account_id,
lower(email) as email,
full_name,
user_role,
is_active,
failed_login_count,
cast(convert_timezone('UTC', last_login_at) as timestamp_ntz) as last_login_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns
(
"CAMPAIGN_ID" COMMENT $$The campaign; key. The same number as in Postgres.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"CAMPAIGN_NAME" COMMENT $$Name for people.$$,
"SUBJECT_LINE" COMMENT $$Subject of the message.$$,
"FROM_EMAIL" COMMENT $$Sender address, lower case.$$,
"SENDING_DOMAIN" COMMENT $$Domain that signed the messages.$$,
"IP_POOL" COMMENT $$Group of addresses that sent them.$$,
"SENDING_STATUS" COMMENT $$The sending service's own word for the state: draft, scheduled or sent.$$,
"RECIPIENT_COUNT" COMMENT $$Recipients that the service was given.$$,
"SETTINGS" COMMENT $$track_opens, track_clicks and utm: a JSON object.$$,
"TAGS" COMMENT $$A JSON array of words.$$,
"SCHEDULED_AT" COMMENT $$Planned time (UTC).$$,
"SENT_AT" COMMENT $$When sending was done (UTC).$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the object was found gone at the sending service (UTC); null while it is there.$$,
"IS_DELETED" COMMENT $$Whether the sending service has removed it for good.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_campaigns
),
renamed as (
select
campaign_id,
account_id,
name as campaign_name,
subject as subject_line,
lower(from_email) as from_email,
sending_domain,
ip_pool,
status as sending_status,
recipient_count,
parse_json(cast(settings as varchar)) as settings,
parse_json(cast(tags as varchar)) as tags,
cast(convert_timezone('UTC', scheduled_at) as timestamp_ntz) as scheduled_at,
cast(convert_timezone('UTC', sent_at) as timestamp_ntz) as sent_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
(
"EVENT_ID" COMMENT $$The event; key.$$,
"EVENT_TYPE" COMMENT $$processed, delivered, deferred, bounce, open, click, spam_report or unsubscribe.$$,
"MESSAGE_ID" COMMENT $$One recipient of one campaign.$$,
"CAMPAIGN_ID" COMMENT $$The campaign; the same number in Postgres and in the sending service.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"CONTACT_ID" COMMENT $$The recipient.$$,
"EMAIL" COMMENT $$The recipient's address, lower case.$$,
"MAILBOX_PROVIDER" COMMENT $$Who runs the recipient's mailbox.$$,
"OCCURRED_AT" COMMENT $$When it happened (UTC).$$,
"RECEIVED_AT" COMMENT $$When the service learned of it (UTC).$$,
"IS_MACHINE_OPEN" COMMENT $$Whether a privacy proxy or scanner opened the message; null where it is not known, and for all but opens.$$,
"USER_AGENT" COMMENT $$What opened or clicked.$$,
"IP_ADDRESS" COMMENT $$From where.$$,
"LINK_URL" COMMENT $$The link that was clicked.$$,
"BOUNCE_TYPE" COMMENT $$hard or soft; null for all but bounces.$$,
"BOUNCE_REASON" COMMENT $$What the other mail server said; may quote an address.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_email_events
),
renamed as (
select
event_id,
event_type,
message_id,
campaign_id,
account_id,
contact_id,
lower(email) as email,
mailbox_provider,
cast(convert_timezone('UTC', occurred_at) as timestamp_ntz) as occurred_at,
cast(convert_timezone('UTC', received_at) as timestamp_ntz) as received_at,
is_machine_open,
user_agent,
ip_address,
link_url,
bounce_type,
reason as bounce_reason,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace   view DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
(
"SUPPRESSION_ID" COMMENT $$The suppression; key.$$,
"ACCOUNT_ID" COMMENT $$The customer account.$$,
"CONTACT_ID" COMMENT $$The recipient.$$,
"EMAIL" COMMENT $$Address, lower case.$$,
"SUPPRESSION_REASON" COMMENT $$hard_bounce, spam_report or unsubscribe.$$,
"IS_ACTIVE" COMMENT $$Whether it held when the sending service last spoke of it; one that is deleted holds no more.$$,
"CREATED_AT" COMMENT $$When the row was created at its source (UTC).$$,
"UPDATED_AT" COMMENT $$When the row last changed at its source (UTC).$$,
"DELETED_AT" COMMENT $$When the object was found gone at the sending service (UTC); null while it is there.$$,
"IS_DELETED" COMMENT $$Whether the sending service has removed it for good.$$,
"LOAD_ID" COMMENT $$The load that brought this version of the row.$$
)
copy grants
as (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_suppressions
),
renamed as (
select
suppression_id,
account_id,
contact_id,
lower(email) as email,
reason as suppression_reason,
is_active,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
)
;

create or replace table DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.accounts_snapshot
as (
select *,
md5(coalesce(cast(account_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
) sbq
)
;

create or replace table DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.subscriptions_snapshot
as (
select *,
md5(coalesce(cast(subscription_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
) sbq
)
;

create or replace temporary table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT__dbt_tmp"
as (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
),
snapshotted_data as (
select *,
account_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
account_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(account_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
account_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
)
;

create or replace temporary table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT__dbt_tmp"
as (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
),
snapshotted_data as (
select *,
subscription_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
subscription_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(subscription_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
subscription_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.a_late_event_brings_back_its_whole_message_and_no_other__dbt_tmp
as (
select * from (
with  __dbt__cte__int_messages as (
select 'late' as message_id, '1' as newest_load_id
union all select 'untouched', '1'
),  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('a' as character varying)
as "EVENT_ID",
try_cast('delivered' as character varying)
as "EVENT_TYPE",
try_cast('late' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('1' as character varying)
as "LOAD_ID"
union all
select
try_cast('b' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('late' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('2' as character varying)
as "LOAD_ID"
union all
select
try_cast('c' as character varying)
as "EVENT_ID",
try_cast('delivered' as character varying)
as "EVENT_TYPE",
try_cast('untouched' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('1' as character varying)
as "LOAD_ID"
), events as (
select * from __dbt__cte__stg_saas__email_events
-- By load, not by time: events arrive late. A load that is nobody's newest is computed again, which costs a little and loses nothing.
where message_id in (
select message_id from __dbt__cte__stg_saas__email_events
where load_id not in (select newest_load_id from __dbt__cte__int_messages)
)
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.a_message_has_one_outcome__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('a' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_delivered' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('soft' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('b' as character varying)
as "EVENT_ID",
try_cast('delivered' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_delivered' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('c' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_hard' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('soft' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('d' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft_then_hard' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('hard' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('e' as character varying)
as "EVENT_ID",
try_cast('bounce' as character varying)
as "EVENT_TYPE",
try_cast('soft' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL",
try_cast('soft' as character varying)
as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('f' as character varying)
as "EVENT_ID",
try_cast('processed' as character varying)
as "EVENT_TYPE",
try_cast('processed' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
), events as (
select * from __dbt__cte__stg_saas__email_events
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.an_hour_is_paid_by_those_who_ran_in_it__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_metering__statements as (
-- Fixture for stg_metering__statements
select
try_cast('across' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('within' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('at_once' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('other' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
union all
select
try_cast('not_metered_yet' as character varying)
as "STATEMENT_ID", try_cast(null as character varying(16777216)) as "PIPELINE", try_cast(null as character varying(16777216)) as "TABLE_NAME", try_cast(null as character varying(16777216)) as "LOAD_ID", try_cast(null as character varying(16777216)) as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT", try_cast(null as NUMBER(18,3)) as "EXECUTED_SECONDS", try_cast(null as NUMBER(38,0)) as "SCANNED_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_BYTE_COUNT", try_cast(null as NUMBER(38,0)) as "WRITTEN_ROW_COUNT"
),  __dbt__cte__stg_metering__warehouse_hours as (
-- Fixture for stg_metering__warehouse_hours
select
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.5' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.6' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('REPORT_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('0.1' as NUMBER(18,9))
as "CREDITS"
), statements as (
select * from __dbt__cte__stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp)
),
hours as (
select * from __dbt__cte__stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp)
),
overlapping as (
select
statements.statement_id,
hours.warehouse_name,
hours.started_at as hour_started_at,
hours.credits as hour_credits,
datediff(
millisecond,
greatest(statements.started_at, hours.started_at),
least(statements.ended_at, hours.ended_at)
) as milliseconds
from statements
inner join hours
on statements.warehouse_name = hours.warehouse_name
and statements.started_at < hours.ended_at
and statements.ended_at > hours.started_at
),
-- Who runs pays for the hour: a warehouse that waits to be suspended was started by somebody.
shared as (
select
statement_id,
warehouse_name,
hour_started_at,
cast(cast(milliseconds as decimal(18, 3)) / 1000 as decimal(18, 3)) as seconds,
cast(hour_credits * milliseconds / sum(milliseconds) over (partition by warehouse_name, hour_started_at) as decimal(18, 9)) as credits
from overlapping
where milliseconds > 0
)
select * from shared
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
-- By load, not by time: events arrive late. A load that is nobody's newest is computed again, which costs a little and loses nothing.
where message_id in (
select message_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id not in (select newest_load_id from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages)
)
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp
as (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(hour_started_at)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(hour_started_at)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours)
),
overlapping as (
select
statements.statement_id,
hours.warehouse_name,
hours.started_at as hour_started_at,
hours.credits as hour_credits,
datediff(
millisecond,
greatest(statements.started_at, hours.started_at),
least(statements.ended_at, hours.ended_at)
) as milliseconds
from statements
inner join hours
on statements.warehouse_name = hours.warehouse_name
and statements.started_at < hours.ended_at
and statements.ended_at > hours.started_at
),
-- Who runs pays for the hour: a warehouse that waits to be suspended was started by somebody.
shared as (
select
statement_id,
warehouse_name,
hour_started_at,
cast(cast(milliseconds as decimal(18, 3)) / 1000 as decimal(18, 3)) as seconds,
cast(hour_credits * milliseconds / sum(milliseconds) over (partition by warehouse_name, hour_started_at) as decimal(18, 9)) as credits
from overlapping
where milliseconds > 0
)
select * from shared
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.opens_of_machines_stand_apart_and_repeats_add_up__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('a' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('person' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast('False' as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('b' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('person' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast(null as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('c' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('person' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast('True' as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('d' as character varying)
as "EVENT_ID",
try_cast('open' as character varying)
as "EVENT_TYPE",
try_cast('machine' as character varying)
as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT",
try_cast('True' as BOOLEAN)
as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
), events as (
select * from __dbt__cte__stg_saas__email_events
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_campaign_that_vanished_stays_and_the_product_has_the_last_word__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_postgres__campaigns as (
-- Fixture for stg_postgres__campaigns
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "LIST_ID",
try_cast('Gone from the product' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "LIST_ID",
try_cast('Gone at the service' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_saas__campaigns as (
-- Fixture for stg_saas__campaigns
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL",
try_cast('sent' as character varying)
as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL",
try_cast('sent' as character varying)
as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('Draft' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL",
try_cast('draft' as character varying)
as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_postgres__lists as (
-- Fixture for stg_postgres__lists
select try_cast(null as NUMBER(19,0)) as "LIST_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as BOOLEAN) as "IS_ARCHIVED", try_cast(null as character varying(16777216)) as "DEFAULT_FROM_EMAIL", cast(null as VARIANT) as "SEGMENT_RULE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
limit 0
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
limit 0
), planned as (
select * from __dbt__cte__stg_postgres__campaigns
),
sent as (
select * from __dbt__cte__stg_saas__campaigns
),
lists as (
select * from __dbt__cte__stg_postgres__lists
),
accounts as (
select * from __dbt__cte__dim_accounts
),
-- The two systems are loaded one after the other: either may know a campaign first.
known as (
select
coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(planned.subject_line, sent.subject_line) as subject_line,
planned.campaign_status,
sent.sending_status,
lists.list_name,
sent.sending_domain,
sent.ip_pool,
sent.recipient_count,
sent.scheduled_at,
coalesce(sent.sent_at, planned.sent_at) as sent_at,
coalesce(planned.created_at, sent.created_at) as created_at,
-- Where the product knows a campaign, its word counts: it outlives what the service forgets.
case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
from planned
full outer join sent on planned.campaign_id = sent.campaign_id
left join lists on planned.list_id = lists.list_id
left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),
unknown as (
select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_deleted_contact_keeps_its_row_and_loses_its_personal_data__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_postgres__contacts as (
-- Fixture for stg_postgres__contacts
select
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID",
try_cast('a@example.com' as character varying)
as "EMAIL",
try_cast('A' as character varying)
as "FIRST_NAME",
try_cast('B' as character varying)
as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID",
try_cast('b@example.com' as character varying)
as "EMAIL",
try_cast('A' as character varying)
as "FIRST_NAME",
try_cast('B' as character varying)
as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__stg_postgres__list_memberships as (
-- Fixture for stg_postgres__list_memberships
select
try_cast('1' as NUMBER(19,0))
as "LIST_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('subscribed' as character varying)
as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "LIST_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('subscribed' as character varying)
as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "LIST_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('cleaned' as character varying)
as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_saas__suppressions as (
-- Fixture for stg_saas__suppressions
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('False' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
), contacts as (
select * from __dbt__cte__stg_postgres__contacts
),
accounts as (
select * from __dbt__cte__dim_accounts
),
subscribed_lists as (
select contact_id, count(*) as list_count
from __dbt__cte__stg_postgres__list_memberships
where membership_status = 'subscribed' and not is_deleted
group by contact_id
),
suppressed as (
select distinct contact_id
from __dbt__cte__stg_saas__suppressions
where is_active and not is_deleted
),
known as (
select
contacts.contact_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
-- A deleted contact keeps its row for the facts, but not its personal data.
case when not contacts.is_deleted then contacts.email end as email,
case when not contacts.is_deleted then contacts.first_name end as first_name,
case when not contacts.is_deleted then contacts.last_name end as last_name,
contacts.locale,
contacts.consent_source,
cast(contacts.lead_score as decimal(18, 3)) as lead_score,
coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
contacts.is_subscribed,
suppressed.contact_id is not null as is_suppressed,
contacts.subscribed_at,
contacts.unsubscribed_at,
contacts.created_at,
contacts.deleted_at,
contacts.is_deleted
from contacts
left join accounts on contacts.account_id = accounts.account_id
left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
left join suppressed on contacts.contact_id = suppressed.contact_id
),
unknown as (
select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_run_takes_new_loads_however_old_the_event_and_tries_the_unknown_again__dbt_tmp
as (
select * from (
with  __dbt__cte__fct_email_events as (
select 'seen' as event_id, 1 as account_id, 2 as contact_id, 3 as campaign_id, '5' as load_id
union all select 'unknown', 1, -1, 3, '5'
),  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('seen' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('5' as character varying)
as "LOAD_ID"
union all
select
try_cast('unknown' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('4' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('5' as character varying)
as "LOAD_ID"
union all
select
try_cast('late' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('6' as character varying)
as "LOAD_ID"
union all
select
try_cast('out_of_order' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID", try_cast(null as NUMBER(19,0)) as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER",
try_cast('<time>' as TIMESTAMP_NTZ)
as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON",
try_cast('4' as character varying)
as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
limit 0
),  __dbt__cte__dim_contacts as (
-- Fixture for dim_contacts
select
try_cast('2' as NUMBER(38,0))
as "CONTACT_ID", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(18,3)) as "LEAD_SCORE", try_cast(null as NUMBER(38,0)) as "SUBSCRIBED_LIST_COUNT", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as BOOLEAN) as "IS_SUPPRESSED", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('4' as NUMBER(38,0))
as "CONTACT_ID", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(18,3)) as "LEAD_SCORE", try_cast(null as NUMBER(38,0)) as "SUBSCRIBED_LIST_COUNT", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as BOOLEAN) as "IS_SUPPRESSED", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_campaigns as (
-- Fixture for dim_campaigns
select try_cast(null as NUMBER(38,0)) as "CAMPAIGN_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
limit 0
), events as (
select * from __dbt__cte__stg_saas__email_events
-- By load, not by time: an event may be days late. Events that met no dimension row before are tried again.
where load_id not in (select distinct load_id from __dbt__cte__fct_email_events)
or event_id in (select event_id from __dbt__cte__fct_email_events where -1 in (account_id, contact_id, campaign_id))
),
accounts as (
select account_id from __dbt__cte__dim_accounts
),
contacts as (
select contact_id from __dbt__cte__dim_contacts
),
campaigns as (
select campaign_id from __dbt__cte__dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_suppression_that_vanished_suppresses_no_more__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_postgres__contacts as (
-- Fixture for stg_postgres__contacts
select
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "CONTACT_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "CONTACT_UUID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as DATE) as "BIRTH_DATE", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(8,3)) as "LEAD_SCORE", cast(null as VARIANT) as "ATTRIBUTES", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__stg_postgres__list_memberships as (
-- Fixture for stg_postgres__list_memberships
select try_cast(null as NUMBER(19,0)) as "LIST_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as character varying(16777216)) as "MEMBERSHIP_STATUS", try_cast(null as TIMESTAMP_NTZ) as "JOINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
limit 0
),  __dbt__cte__stg_saas__suppressions as (
-- Fixture for stg_saas__suppressions
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('1' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('True' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select try_cast(null as character varying(16777216)) as "SUPPRESSION_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('3' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "SUPPRESSION_REASON",
try_cast('False' as BOOLEAN)
as "IS_ACTIVE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
), contacts as (
select * from __dbt__cte__stg_postgres__contacts
),
accounts as (
select * from __dbt__cte__dim_accounts
),
subscribed_lists as (
select contact_id, count(*) as list_count
from __dbt__cte__stg_postgres__list_memberships
where membership_status = 'subscribed' and not is_deleted
group by contact_id
),
suppressed as (
select distinct contact_id
from __dbt__cte__stg_saas__suppressions
where is_active and not is_deleted
),
known as (
select
contacts.contact_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
-- A deleted contact keeps its row for the facts, but not its personal data.
case when not contacts.is_deleted then contacts.email end as email,
case when not contacts.is_deleted then contacts.first_name end as first_name,
case when not contacts.is_deleted then contacts.last_name end as last_name,
contacts.locale,
contacts.consent_source,
cast(contacts.lead_score as decimal(18, 3)) as lead_score,
coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
contacts.is_subscribed,
suppressed.contact_id is not null as is_suppressed,
contacts.subscribed_at,
contacts.unsubscribed_at,
contacts.created_at,
contacts.deleted_at,
contacts.is_deleted
from contacts
left join accounts on contacts.account_id = accounts.account_id
left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
left join suppressed on contacts.contact_id = suppressed.contact_id
),
unknown as (
select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.an_event_that_meets_no_dimension_row_points_to_the_unknown__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_saas__email_events as (
-- Fixture for stg_saas__email_events
select
try_cast('known' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID",
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('2' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER", try_cast(null as TIMESTAMP_NTZ) as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('gone' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID",
try_cast('93' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('91' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('92' as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER", try_cast(null as TIMESTAMP_NTZ) as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('empty' as character varying)
as "EVENT_ID", try_cast(null as character varying(16777216)) as "EVENT_TYPE", try_cast(null as character varying(16777216)) as "MESSAGE_ID",
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast(null as NUMBER(19,0))
as "CONTACT_ID", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "MAILBOX_PROVIDER", try_cast(null as TIMESTAMP_NTZ) as "OCCURRED_AT", try_cast(null as TIMESTAMP_NTZ) as "RECEIVED_AT", try_cast(null as BOOLEAN) as "IS_MACHINE_OPEN", try_cast(null as character varying(16777216)) as "USER_AGENT", try_cast(null as character varying(16777216)) as "IP_ADDRESS", try_cast(null as character varying(16777216)) as "LINK_URL", try_cast(null as character varying(16777216)) as "BOUNCE_TYPE", try_cast(null as character varying(16777216)) as "BOUNCE_REASON", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_contacts as (
-- Fixture for dim_contacts
select
try_cast('2' as NUMBER(38,0))
as "CONTACT_ID", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "EMAIL", try_cast(null as character varying(16777216)) as "FIRST_NAME", try_cast(null as character varying(16777216)) as "LAST_NAME", try_cast(null as character varying(16777216)) as "LOCALE", try_cast(null as character varying(16777216)) as "CONSENT_SOURCE", try_cast(null as NUMBER(18,3)) as "LEAD_SCORE", try_cast(null as NUMBER(38,0)) as "SUBSCRIBED_LIST_COUNT", try_cast(null as BOOLEAN) as "IS_SUBSCRIBED", try_cast(null as BOOLEAN) as "IS_SUPPRESSED", try_cast(null as TIMESTAMP_NTZ) as "SUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_campaigns as (
-- Fixture for dim_campaigns
select
try_cast('3' as NUMBER(38,0))
as "CAMPAIGN_ID", try_cast(null as character varying(16777216)) as "CAMPAIGN_NAME", try_cast(null as NUMBER(38,0)) as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT", try_cast(null as TIMESTAMP_NTZ) as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
), events as (
select * from __dbt__cte__stg_saas__email_events
),
accounts as (
select account_id from __dbt__cte__dim_accounts
),
contacts as (
select contact_id from __dbt__cte__dim_contacts
),
campaigns as (
select campaign_id from __dbt__cte__dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.either_system_may_know_a_campaign_first__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_postgres__campaigns as (
-- Fixture for stg_postgres__campaigns
select
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('5' as NUMBER(19,0))
as "LIST_ID",
try_cast('Planned' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('5' as NUMBER(19,0))
as "LIST_ID",
try_cast('Both' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as NUMBER(12,2)) as "BUDGET_AMOUNT", cast(null as VARIANT) as "SETTINGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_LOCAL_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('True' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_saas__campaigns as (
-- Fixture for stg_saas__campaigns
select
try_cast('2' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('7' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('Other name' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "CAMPAIGN_ID",
try_cast('8' as NUMBER(19,0))
as "ACCOUNT_ID",
try_cast('Sent' as character varying)
as "CAMPAIGN_NAME", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "FROM_EMAIL", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as NUMBER(19,0)) as "RECIPIENT_COUNT", cast(null as VARIANT) as "SETTINGS", cast(null as VARIANT) as "TAGS", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT",
try_cast('False' as BOOLEAN)
as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__stg_postgres__lists as (
-- Fixture for stg_postgres__lists
select
try_cast('5' as NUMBER(19,0))
as "LIST_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID",
try_cast('News' as character varying)
as "LIST_NAME", try_cast(null as BOOLEAN) as "IS_ARCHIVED", try_cast(null as character varying(16777216)) as "DEFAULT_FROM_EMAIL", cast(null as VARIANT) as "SEGMENT_RULE", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
), planned as (
select * from __dbt__cte__stg_postgres__campaigns
),
sent as (
select * from __dbt__cte__stg_saas__campaigns
),
lists as (
select * from __dbt__cte__stg_postgres__lists
),
accounts as (
select * from __dbt__cte__dim_accounts
),
-- The two systems are loaded one after the other: either may know a campaign first.
known as (
select
coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(planned.subject_line, sent.subject_line) as subject_line,
planned.campaign_status,
sent.sending_status,
lists.list_name,
sent.sending_domain,
sent.ip_pool,
sent.recipient_count,
sent.scheduled_at,
coalesce(sent.sent_at, planned.sent_at) as sent_at,
coalesce(planned.created_at, sent.created_at) as created_at,
-- Where the product knows a campaign, its word counts: it outlives what the service forgets.
case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
from planned
full outer join sent on planned.campaign_id = sent.campaign_id
left join lists on planned.list_id = lists.list_id
left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),
unknown as (
select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.every_credit_is_somebodys_and_a_loads_rows_are_those_of_its_files__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_metering__statements as (
-- Fixture for stg_metering__statements
select
try_cast('copy' as character varying)
as "STATEMENT_ID",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('20' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('500' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('900' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('10' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('merge' as character varying)
as "STATEMENT_ID",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('10' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('300' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('900' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('10' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('state' as character varying)
as "STATEMENT_ID",
try_cast('postgres' as character varying)
as "PIPELINE",
try_cast('' as character varying)
as "TABLE_NAME",
try_cast('' as character varying)
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('1' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast(null as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast(null as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('model' as character varying)
as "STATEMENT_ID",
try_cast(null as character varying(16777216))
as "PIPELINE",
try_cast(null as character varying(16777216))
as "TABLE_NAME",
try_cast(null as character varying(16777216))
as "LOAD_ID",
try_cast('model.mailblaze.dim_contacts' as character varying)
as "NODE_ID",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('8' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('100' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('60' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('10' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
union all
select
try_cast('person' as character varying)
as "STATEMENT_ID",
try_cast(null as character varying(16777216))
as "PIPELINE",
try_cast(null as character varying(16777216))
as "TABLE_NAME",
try_cast(null as character varying(16777216))
as "LOAD_ID",
try_cast(null as character varying(16777216))
as "NODE_ID",
try_cast('REPORT_WH' as character varying)
as "WAREHOUSE_NAME", try_cast(null as TIMESTAMP_NTZ) as "STARTED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "ENDED_AT",
try_cast('4' as NUMBER(18,3))
as "EXECUTED_SECONDS",
try_cast('100' as NUMBER(38,0))
as "SCANNED_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "WRITTEN_BYTE_COUNT",
try_cast('0' as NUMBER(38,0))
as "WRITTEN_ROW_COUNT"
),  __dbt__cte__stg_metering__warehouse_hours as (
-- Fixture for stg_metering__warehouse_hours
select
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT", try_cast(null as TIMESTAMP_NTZ) as "ENDED_AT",
try_cast('0.31' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT", try_cast(null as TIMESTAMP_NTZ) as "ENDED_AT",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "STARTED_AT", try_cast(null as TIMESTAMP_NTZ) as "ENDED_AT",
try_cast('0.05' as NUMBER(18,9))
as "CREDITS"
),  __dbt__cte__int_statement_hours as (
-- Fixture for int_statement_hours
select
try_cast('copy' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('20' as NUMBER(18,3))
as "SECONDS",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('merge' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('10' as NUMBER(18,3))
as "SECONDS",
try_cast('0.1' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('state' as character varying)
as "STATEMENT_ID",
try_cast('LOAD_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('1' as NUMBER(18,3))
as "SECONDS",
try_cast('0.01' as NUMBER(18,9))
as "CREDITS"
union all
select
try_cast('model' as character varying)
as "STATEMENT_ID",
try_cast('TRANSFORM_WH' as character varying)
as "WAREHOUSE_NAME",
try_cast('<time>' as TIMESTAMP_NTZ)
as "HOUR_STARTED_AT",
try_cast('8' as NUMBER(18,3))
as "SECONDS",
try_cast('0.2' as NUMBER(18,9))
as "CREDITS"
),  __dbt__cte__stg_metering__copied_files as (
-- Fixture for stg_metering__copied_files
select
try_cast('a' as character varying)
as "FILE_NAME",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COPIED_AT",
try_cast('6' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('4000' as NUMBER(38,0))
as "BYTE_COUNT"
union all
select
try_cast('b' as character varying)
as "FILE_NAME",
try_cast('postgres_contacts' as character varying)
as "TABLE_NAME",
try_cast('7.5' as character varying)
as "LOAD_ID",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COPIED_AT",
try_cast('4' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('3000' as NUMBER(38,0))
as "BYTE_COUNT"
union all
select
try_cast('c' as character varying)
as "FILE_NAME",
try_cast('saas_email_events' as character varying)
as "TABLE_NAME",
try_cast('9.1' as character varying)
as "LOAD_ID",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COPIED_AT",
try_cast('1' as NUMBER(38,0))
as "ROW_COUNT",
try_cast('10' as NUMBER(38,0))
as "BYTE_COUNT"
),  __dbt__cte__prices as (
-- Fixture for prices
select
try_cast('snowflake_credit' as character varying)
as "PRICE_NAME",
try_cast('3' as NUMBER(18,6))
as "USD", try_cast(null as character varying(16777216)) as "PER", try_cast(null as DATE) as "AS_OF", try_cast(null as character varying(16777216)) as "SOURCE"
union all
select
try_cast('s3_put_1000' as character varying)
as "PRICE_NAME",
try_cast('99' as NUMBER(18,6))
as "USD", try_cast(null as character varying(16777216)) as "PER", try_cast(null as DATE) as "AS_OF", try_cast(null as character varying(16777216)) as "SOURCE"
), statements as (
select * from __dbt__cte__stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp)
),
hours as (
select * from __dbt__cte__stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp)
),
statement_hours as (
select * from __dbt__cte__int_statement_hours
where hour_started_at >= cast('2000-01-01' as timestamp)
),
files as (
select * from __dbt__cte__stg_metering__copied_files
where copied_at >= cast('2000-01-01' as timestamp)
),
prices as (
select usd from __dbt__cte__prices where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
-- A load's rows are those of its files: it would count them again at each step from the stage to RAW.
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, max(pipeline) as pipeline, max(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp
(event_id varchar not null, event_type varchar not null, occurred_at timestamp not null, occurred_on date not null, received_at timestamp, message_id varchar not null, account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar, is_machine_open boolean, bounce_type varchar, link_url varchar, load_id varchar not null)
as (
select event_id, event_type, occurred_at, occurred_on, received_at, message_id, account_id, contact_id, campaign_id, mailbox_provider, is_machine_open, bounce_type, link_url, load_id
from (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
-- By load, not by time: an event may be days late. Events that met no dimension row before are tried again.
where load_id not in (select distinct load_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events)
or event_id in (select event_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events where -1 in (account_id, contact_id, campaign_id))
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.invoices_are_converted_and_their_parts_add_up__dbt_tmp
as (
select * from (
with  __dbt__cte__stg_postgres__invoices as (
-- Fixture for stg_postgres__invoices
select
try_cast('1' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "SUBSCRIPTION_ID", try_cast(null as character varying(16777216)) as "INVOICE_NUMBER", try_cast(null as character varying(16777216)) as "INVOICE_STATUS",
try_cast('EUR' as character varying)
as "CURRENCY",
try_cast('1.00' as NUMBER(14,2))
as "SUBTOTAL_AMOUNT",
try_cast('1.00' as NUMBER(14,2))
as "TAX_AMOUNT",
try_cast('2.00' as NUMBER(14,2))
as "TOTAL_AMOUNT",
try_cast('1.005' as NUMBER(38,18))
as "EXCHANGE_RATE", cast(null as VARIANT) as "LINE_ITEMS", try_cast(null as character varying(16777216)) as "MEMO", try_cast(null as DATE) as "ISSUED_ON", try_cast(null as DATE) as "DUE_ON", try_cast(null as TIMESTAMP_NTZ) as "PAID_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('2' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('1' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "SUBSCRIPTION_ID", try_cast(null as character varying(16777216)) as "INVOICE_NUMBER", try_cast(null as character varying(16777216)) as "INVOICE_STATUS",
try_cast('USD' as character varying)
as "CURRENCY",
try_cast('10.10' as NUMBER(14,2))
as "SUBTOTAL_AMOUNT",
try_cast('0.20' as NUMBER(14,2))
as "TAX_AMOUNT",
try_cast('10.30' as NUMBER(14,2))
as "TOTAL_AMOUNT",
try_cast('1' as NUMBER(38,18))
as "EXCHANGE_RATE", cast(null as VARIANT) as "LINE_ITEMS", try_cast(null as character varying(16777216)) as "MEMO", try_cast(null as DATE) as "ISSUED_ON", try_cast(null as DATE) as "DUE_ON", try_cast(null as TIMESTAMP_NTZ) as "PAID_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
union all
select
try_cast('3' as NUMBER(19,0))
as "INVOICE_ID",
try_cast('9' as NUMBER(19,0))
as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "SUBSCRIPTION_ID", try_cast(null as character varying(16777216)) as "INVOICE_NUMBER", try_cast(null as character varying(16777216)) as "INVOICE_STATUS",
try_cast('VND' as character varying)
as "CURRENCY",
try_cast('900000000.00' as NUMBER(14,2))
as "SUBTOTAL_AMOUNT",
try_cast('0.00' as NUMBER(14,2))
as "TAX_AMOUNT",
try_cast('900000000.00' as NUMBER(14,2))
as "TOTAL_AMOUNT",
try_cast('0.000039215686274509' as NUMBER(38,18))
as "EXCHANGE_RATE", cast(null as VARIANT) as "LINE_ITEMS", try_cast(null as character varying(16777216)) as "MEMO", try_cast(null as DATE) as "ISSUED_ON", try_cast(null as DATE) as "DUE_ON", try_cast(null as TIMESTAMP_NTZ) as "PAID_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "UPDATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED", try_cast(null as character varying(16777216)) as "LOAD_ID"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('1' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
), invoices as (
select * from __dbt__cte__stg_postgres__invoices
),
accounts as (
select account_id, region from __dbt__cte__dim_accounts
),
converted as (
select
*,
cast(total_amount * exchange_rate as decimal(18, 2)) as total_usd,
cast(tax_amount * exchange_rate as decimal(18, 2)) as tax_usd
from invoices
),
facts as (
select
converted.invoice_id,
converted.invoice_number,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
converted.subscription_id,
converted.invoice_status,
converted.issued_on,
converted.due_on,
converted.paid_at,
converted.currency,
converted.exchange_rate,
cast(converted.subtotal_amount as decimal(18, 2)) as subtotal_amount,
cast(converted.tax_amount as decimal(18, 2)) as tax_amount,
cast(converted.total_amount as decimal(18, 2)) as total_amount,
-- The rest, not a conversion of its own: rounded parts would not add up.
cast(converted.total_usd - converted.tax_usd as decimal(18, 2)) as subtotal_usd,
converted.tax_usd,
converted.total_usd,
converted.deleted_at,
converted.is_deleted
from converted
left join accounts on converted.account_id = accounts.account_id
)
select * from facts
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.rates_are_shares_of_messages_and_null_over_nothing__dbt_tmp
as (
select * from (
with  __dbt__cte__dim_campaigns as (
-- Fixture for dim_campaigns
select
try_cast('1' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('Spring' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('2' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('Sent to nobody' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('3' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('Draft' as character varying)
as "CAMPAIGN_NAME",
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('-1' as NUMBER(38,0))
as "CAMPAIGN_ID",
try_cast('(unknown)' as character varying)
as "CAMPAIGN_NAME",
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "SUBJECT_LINE", try_cast(null as character varying(16777216)) as "CAMPAIGN_STATUS", try_cast(null as character varying(16777216)) as "SENDING_STATUS", try_cast(null as character varying(16777216)) as "LIST_NAME", try_cast(null as character varying(16777216)) as "SENDING_DOMAIN", try_cast(null as character varying(16777216)) as "IP_POOL", try_cast(null as NUMBER(38,0)) as "RECIPIENT_COUNT", try_cast(null as TIMESTAMP_NTZ) as "SCHEDULED_AT",
try_cast(null as TIMESTAMP_NTZ)
as "SENT_AT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__dim_accounts as (
-- Fixture for dim_accounts
select
try_cast('7' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('Toys' as character varying)
as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
union all
select
try_cast('-1' as NUMBER(38,0))
as "ACCOUNT_ID",
try_cast('(unknown)' as character varying)
as "ACCOUNT_NAME", try_cast(null as character varying(16777216)) as "ACCOUNT_STATUS", try_cast(null as character varying(16777216)) as "PLAN_CODE", try_cast(null as character varying(16777216)) as "PLAN_NAME", try_cast(null as NUMBER(38,0)) as "MONTHLY_SEND_LIMIT", try_cast(null as character varying(16777216)) as "REGION", try_cast(null as character varying(16777216)) as "INDUSTRY", try_cast(null as character varying(16777216)) as "TIME_ZONE", try_cast(null as NUMBER(38,0)) as "ACTIVE_USER_COUNT", try_cast(null as NUMBER(38,0)) as "LIVE_SUBSCRIPTION_COUNT", try_cast(null as TIMESTAMP_NTZ) as "CREATED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELETED_AT", try_cast(null as BOOLEAN) as "IS_DELETED"
),  __dbt__cte__int_messages as (
-- Fixture for int_messages
select
try_cast('a' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT",
try_cast('5' as NUMBER(38,0))
as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('b' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('c' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT",
try_cast('<time>' as TIMESTAMP_NTZ)
as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('delivered' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('d' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('hard_bounced' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('e' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('soft_bounced' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('f' as character varying)
as "MESSAGE_ID",
try_cast('1' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('pending' as character varying)
as "MESSAGE_OUTCOME"
union all
select
try_cast('g' as character varying)
as "MESSAGE_ID",
try_cast('99' as NUMBER(19,0))
as "CAMPAIGN_ID", try_cast(null as NUMBER(19,0)) as "ACCOUNT_ID", try_cast(null as NUMBER(19,0)) as "CONTACT_ID", try_cast(null as TIMESTAMP_NTZ) as "PROCESSED_AT", try_cast(null as TIMESTAMP_NTZ) as "DELIVERED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "HARD_BOUNCED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_HUMAN_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_MACHINE_OPENED_AT", try_cast(null as TIMESTAMP_NTZ) as "FIRST_CLICKED_AT", try_cast(null as TIMESTAMP_NTZ) as "COMPLAINED_AT", try_cast(null as TIMESTAMP_NTZ) as "UNSUBSCRIBED_AT", try_cast(null as NUMBER(38,0)) as "DEFERRAL_COUNT", try_cast(null as NUMBER(38,0)) as "HUMAN_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "MACHINE_OPEN_COUNT", try_cast(null as NUMBER(38,0)) as "CLICK_COUNT", try_cast(null as character varying(16777216)) as "NEWEST_LOAD_ID",
try_cast('pending' as character varying)
as "MESSAGE_OUTCOME"
), campaigns as (
select * from __dbt__cte__dim_campaigns
),
accounts as (
select * from __dbt__cte__dim_accounts
),
messages as (
select * from __dbt__cte__int_messages
),
counts as (
select
coalesce(campaigns.campaign_id, -1) as campaign_id,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(first_machine_opened_at) as unique_machine_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
left join campaigns on messages.campaign_id = campaigns.campaign_id
group by 1
),
reported as (
select
campaigns.campaign_name,
accounts.account_name,
campaigns.sent_at,
coalesce(counts.sent_count, 0) as sent_count,
coalesce(counts.delivered_count, 0) as delivered_count,
coalesce(counts.hard_bounce_count, 0) as hard_bounce_count,
coalesce(counts.soft_bounce_count, 0) as soft_bounce_count,
coalesce(counts.unique_open_count, 0) as unique_open_count,
coalesce(counts.unique_machine_open_count, 0) as unique_machine_open_count,
coalesce(counts.unique_click_count, 0) as unique_click_count,
coalesce(counts.complaint_count, 0) as complaint_count,
coalesce(counts.unsubscribe_count, 0) as unsubscribe_count,
cast(cast(delivered_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as delivery_rate,
cast(cast(hard_bounce_count + soft_bounce_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as bounce_rate,
cast(cast(unique_open_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as open_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as click_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(unique_open_count, 0) as decimal(18, 6)) as click_to_open_rate,
cast(cast(complaint_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as complaint_rate,
cast(cast(unsubscribe_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as unsubscribe_rate,
campaigns.campaign_id,
campaigns.account_id,
campaigns.region
from campaigns
left join counts on campaigns.campaign_id = counts.campaign_id
left join accounts on campaigns.account_id = accounts.account_id
where campaigns.sent_at is not null or counts.campaign_id is not null
)
select * from reported
) as __dbt_sbq
where false
limit 0
)
;

create or replace temporary table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp
(cost_on date not null, warehouse_name varchar not null, pipeline varchar not null, table_name varchar not null, load_id varchar not null, node_id varchar not null, row_count bigint not null, byte_count bigint not null, scanned_byte_count bigint not null, file_count bigint not null, statement_count bigint not null, warehouse_seconds decimal(18, 3) not null, metered_seconds decimal(18, 3) not null, credits decimal(18, 9) not null, cost_usd decimal(18, 6) not null)
as (
select cost_on, warehouse_name, pipeline, table_name, load_id, node_id, row_count, byte_count, scanned_byte_count, file_count, statement_count, warehouse_seconds, metered_seconds, credits, cost_usd
from (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
statement_hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
where hour_started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
files as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
where copied_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
prices as (
select usd from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
-- A load's rows are those of its files: it would count them again at each step from the stage to RAW.
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, max(pipeline) as pipeline, max(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
copy grants
as (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
messages as (
select
message_id,
min(campaign_id) as campaign_id,
min(account_id) as account_id,
min(contact_id) as contact_id,
min(case when event_type = 'processed' then occurred_at end) as processed_at,
min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
min(case when event_type = 'bounce' then occurred_at end) as first_bounced_at,
min(case when event_type = 'bounce' and bounce_type = 'hard' then occurred_at end) as hard_bounced_at,
min(case when event_type = 'open' and not coalesce(is_machine_open, false) then occurred_at end) as first_human_opened_at,
min(case when event_type = 'open' and is_machine_open then occurred_at end) as first_machine_opened_at,
min(case when event_type = 'click' then occurred_at end) as first_clicked_at,
min(case when event_type = 'spam_report' then occurred_at end) as complained_at,
min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
count(case when event_type = 'deferred' then 1 end) as deferral_count,
count(case when event_type = 'open' and not coalesce(is_machine_open, false) then 1 end) as human_open_count,
count(case when event_type = 'open' and is_machine_open then 1 end) as machine_open_count,
count(case when event_type = 'click' then 1 end) as click_count,
max(load_id) as newest_load_id
from events
group by message_id
),
outcomes as (
select
*,
case
when delivered_at is not null then 'delivered'
when hard_bounced_at is not null then 'hard_bounced'
when first_bounced_at is not null then 'soft_bounced'
else 'pending'
end as message_outcome
from messages
)
select * from outcomes
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
copy grants
as (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp)
),
overlapping as (
select
statements.statement_id,
hours.warehouse_name,
hours.started_at as hour_started_at,
hours.credits as hour_credits,
datediff(
millisecond,
greatest(statements.started_at, hours.started_at),
least(statements.ended_at, hours.ended_at)
) as milliseconds
from statements
inner join hours
on statements.warehouse_name = hours.warehouse_name
and statements.started_at < hours.ended_at
and statements.ended_at > hours.started_at
),
-- Who runs pays for the hour: a warehouse that waits to be suspended was started by somebody.
shared as (
select
statement_id,
warehouse_name,
hour_started_at,
cast(cast(milliseconds as decimal(18, 3)) / 1000 as decimal(18, 3)) as seconds,
cast(hour_credits * milliseconds / sum(milliseconds) over (partition by warehouse_name, hour_started_at) as decimal(18, 9)) as credits
from overlapping
where milliseconds > 0
)
select * from shared
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
(account_id bigint not null, account_name varchar not null, account_status varchar not null, plan_code varchar, plan_name varchar, monthly_send_limit bigint, region varchar not null, industry varchar, time_zone varchar, active_user_count bigint not null, live_subscription_count bigint not null, created_at timestamp, deleted_at timestamp, is_deleted boolean not null)
copy grants
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select account_id, account_name, account_status, plan_code, plan_name, monthly_send_limit, region, industry, time_zone, active_user_count, live_subscription_count, created_at, deleted_at, is_deleted
from (
with accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
),
plans as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans
),
active_users as (
select account_id, count(*) as user_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users
where is_active and not is_deleted
group by account_id
),
live_subscriptions as (
select account_id, count(*) as subscription_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
where subscription_status in ('trialing', 'active') and not is_deleted
group by account_id
),
known as (
select
accounts.account_id,
accounts.account_name,
accounts.account_status,
plans.plan_code,
plans.plan_name,
plans.monthly_send_limit,
accounts.region,
accounts.industry,
accounts.time_zone,
coalesce(active_users.user_count, 0) as active_user_count,
coalesce(live_subscriptions.subscription_count, 0) as live_subscription_count,
accounts.created_at,
accounts.deleted_at,
accounts.is_deleted
from accounts
left join plans on accounts.plan_id = plans.plan_id
left join active_users on accounts.account_id = active_users.account_id
left join live_subscriptions on accounts.account_id = live_subscriptions.account_id
),
unknown as (
select -1, '(unknown)', '(unknown)', null, null, null, '(unknown)', null, null, 0, 0, null, null, false
)
select * from known
union all
select * from unknown
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
(campaign_id bigint not null, campaign_name varchar, account_id bigint not null, region varchar not null, subject_line varchar, campaign_status varchar, sending_status varchar, list_name varchar, sending_domain varchar, ip_pool varchar, recipient_count bigint, scheduled_at timestamp, sent_at timestamp, created_at timestamp, deleted_at timestamp, is_deleted boolean not null)
copy grants
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select campaign_id, campaign_name, account_id, region, subject_line, campaign_status, sending_status, list_name, sending_domain, ip_pool, recipient_count, scheduled_at, sent_at, created_at, deleted_at, is_deleted
from (
with planned as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
),
sent as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns
),
lists as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
-- The two systems are loaded one after the other: either may know a campaign first.
known as (
select
coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(planned.subject_line, sent.subject_line) as subject_line,
planned.campaign_status,
sent.sending_status,
lists.list_name,
sent.sending_domain,
sent.ip_pool,
sent.recipient_count,
sent.scheduled_at,
coalesce(sent.sent_at, planned.sent_at) as sent_at,
coalesce(planned.created_at, sent.created_at) as created_at,
-- Where the product knows a campaign, its word counts: it outlives what the service forgets.
case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
from planned
full outer join sent on planned.campaign_id = sent.campaign_id
left join lists on planned.list_id = lists.list_id
left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),
unknown as (
select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
(contact_id bigint not null, account_id bigint not null, region varchar not null, email varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA = 'person'), first_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA = 'person'), last_name varchar tag (DP_MAILBLAZE_DEMO_DEV_DB.MART.PERSONAL_DATA = 'person'), locale varchar, consent_source varchar, lead_score decimal(18, 3), subscribed_list_count bigint not null, is_subscribed boolean not null, is_suppressed boolean not null, subscribed_at timestamp, unsubscribed_at timestamp, created_at timestamp, deleted_at timestamp, is_deleted boolean not null)
copy grants
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select contact_id, account_id, region, email, first_name, last_name, locale, consent_source, lead_score, subscribed_list_count, is_subscribed, is_suppressed, subscribed_at, unsubscribed_at, created_at, deleted_at, is_deleted
from (
with contacts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
subscribed_lists as (
select contact_id, count(*) as list_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
where membership_status = 'subscribed' and not is_deleted
group by contact_id
),
suppressed as (
select distinct contact_id
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
where is_active and not is_deleted
),
known as (
select
contacts.contact_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
-- A deleted contact keeps its row for the facts, but not its personal data.
case when not contacts.is_deleted then contacts.email end as email,
case when not contacts.is_deleted then contacts.first_name end as first_name,
case when not contacts.is_deleted then contacts.last_name end as last_name,
contacts.locale,
contacts.consent_source,
cast(contacts.lead_score as decimal(18, 3)) as lead_score,
coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
contacts.is_subscribed,
suppressed.contact_id is not null as is_suppressed,
contacts.subscribed_at,
contacts.unsubscribed_at,
contacts.created_at,
contacts.deleted_at,
contacts.is_deleted
from contacts
left join accounts on contacts.account_id = accounts.account_id
left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
left join suppressed on contacts.contact_id = suppressed.contact_id
),
unknown as (
select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
(date_day date not null, calendar_year bigint not null, quarter_of_year bigint not null, month_of_year bigint not null, day_of_month bigint not null, day_of_week bigint not null, is_weekend boolean not null, month_starts_on date not null, week_starts_on date not null)
copy grants
as (
select date_day, calendar_year, quarter_of_year, month_of_year, day_of_month, day_of_week, is_weekend, month_starts_on, week_starts_on
from (
-- 2015-01-01 to 2039-12-31. Weeks start on Monday whatever the session says: 2001-01-01 was one.
with numbers as (
with p as (
select 0 as generated_number union all select 1
), unioned as (
select
p0.generated_number * power(2, 0)
+
p1.generated_number * power(2, 1)
+
p2.generated_number * power(2, 2)
+
p3.generated_number * power(2, 3)
+
p4.generated_number * power(2, 4)
+
p5.generated_number * power(2, 5)
+
p6.generated_number * power(2, 6)
+
p7.generated_number * power(2, 7)
+
p8.generated_number * power(2, 8)
+
p9.generated_number * power(2, 9)
+
p10.generated_number * power(2, 10)
+
p11.generated_number * power(2, 11)
+
p12.generated_number * power(2, 12)
+
p13.generated_number * power(2, 13)
+ 1
as generated_number
from
p as p0
cross join
p as p1
cross join
p as p2
cross join
p as p3
cross join
p as p4
cross join
p as p5
cross join
p as p6
cross join
p as p7
cross join
p as p8
cross join
p as p9
cross join
p as p10
cross join
p as p11
cross join
p as p12
cross join
p as p13
)
select *
from unioned
where generated_number <= 9131
order by generated_number
),
days as (
select cast(
dateadd(
day,
generated_number - 1,
cast('2015-01-01' as date)
)
as date) as date_day
from numbers
),
weekdays as (
select
date_day,
mod(datediff(
day,
cast('2001-01-01' as date),
date_day
), 7) + 1 as day_of_week
from days
),
dates as (
select
date_day,
cast(extract(year from date_day) as bigint) as calendar_year,
cast(extract(quarter from date_day) as bigint) as quarter_of_year,
cast(extract(month from date_day) as bigint) as month_of_year,
cast(extract(day from date_day) as bigint) as day_of_month,
cast(day_of_week as bigint) as day_of_week,
day_of_week >= 6 as is_weekend,
cast(date_trunc('month', date_day) as date) as month_starts_on,
cast(
dateadd(
day,
1 - day_of_week,
date_day
)
as date) as week_starts_on
from weekdays
)
select * from dates
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
(event_id varchar not null, event_type varchar not null, occurred_at timestamp not null, occurred_on date not null, received_at timestamp, message_id varchar not null, account_id bigint not null, contact_id bigint not null, campaign_id bigint not null, mailbox_provider varchar, is_machine_open boolean, bounce_type varchar, link_url varchar, load_id varchar not null)
copy grants
as (
select event_id, event_type, occurred_at, occurred_on, received_at, message_id, account_id, contact_id, campaign_id, mailbox_provider, is_machine_open, bounce_type, link_url, load_id
from (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
(invoice_id bigint not null, invoice_number varchar not null, account_id bigint not null, region varchar not null, subscription_id bigint, invoice_status varchar not null, issued_on date not null, due_on date, paid_at timestamp, currency varchar not null, exchange_rate decimal(38, 18) not null, subtotal_amount decimal(18, 2) not null, tax_amount decimal(18, 2) not null, total_amount decimal(18, 2) not null, subtotal_usd decimal(18, 2) not null, tax_usd decimal(18, 2) not null, total_usd decimal(18, 2) not null, deleted_at timestamp, is_deleted boolean not null)
copy grants
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select invoice_id, invoice_number, account_id, region, subscription_id, invoice_status, issued_on, due_on, paid_at, currency, exchange_rate, subtotal_amount, tax_amount, total_amount, subtotal_usd, tax_usd, total_usd, deleted_at, is_deleted
from (
with invoices as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
),
accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
converted as (
select
*,
cast(total_amount * exchange_rate as decimal(18, 2)) as total_usd,
cast(tax_amount * exchange_rate as decimal(18, 2)) as tax_usd
from invoices
),
facts as (
select
converted.invoice_id,
converted.invoice_number,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
converted.subscription_id,
converted.invoice_status,
converted.issued_on,
converted.due_on,
converted.paid_at,
converted.currency,
converted.exchange_rate,
cast(converted.subtotal_amount as decimal(18, 2)) as subtotal_amount,
cast(converted.tax_amount as decimal(18, 2)) as tax_amount,
cast(converted.total_amount as decimal(18, 2)) as total_amount,
-- The rest, not a conversion of its own: rounded parts would not add up.
cast(converted.total_usd - converted.tax_usd as decimal(18, 2)) as subtotal_usd,
converted.tax_usd,
converted.total_usd,
converted.deleted_at,
converted.is_deleted
from converted
left join accounts on converted.account_id = accounts.account_id
)
select * from facts
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance
(campaign_name varchar, account_name varchar not null, sent_at timestamp, sent_count bigint not null, delivered_count bigint not null, hard_bounce_count bigint not null, soft_bounce_count bigint not null, unique_open_count bigint not null, unique_machine_open_count bigint not null, unique_click_count bigint not null, complaint_count bigint not null, unsubscribe_count bigint not null, delivery_rate decimal(18, 6), bounce_rate decimal(18, 6), open_rate decimal(18, 6), click_rate decimal(18, 6), click_to_open_rate decimal(18, 6), complaint_rate decimal(18, 6), unsubscribe_rate decimal(18, 6), campaign_id bigint not null, account_id bigint not null, region varchar not null)
copy grants
with row access policy DP_MAILBLAZE_DEMO_DEV_DB.MART.ROWS_OF_REGION on (region)
as (
select campaign_name, account_name, sent_at, sent_count, delivered_count, hard_bounce_count, soft_bounce_count, unique_open_count, unique_machine_open_count, unique_click_count, complaint_count, unsubscribe_count, delivery_rate, bounce_rate, open_rate, click_rate, click_to_open_rate, complaint_rate, unsubscribe_rate, campaign_id, account_id, region
from (
with campaigns as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
),
counts as (
select
coalesce(campaigns.campaign_id, -1) as campaign_id,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(first_machine_opened_at) as unique_machine_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
left join campaigns on messages.campaign_id = campaigns.campaign_id
group by 1
),
reported as (
select
campaigns.campaign_name,
accounts.account_name,
campaigns.sent_at,
coalesce(counts.sent_count, 0) as sent_count,
coalesce(counts.delivered_count, 0) as delivered_count,
coalesce(counts.hard_bounce_count, 0) as hard_bounce_count,
coalesce(counts.soft_bounce_count, 0) as soft_bounce_count,
coalesce(counts.unique_open_count, 0) as unique_open_count,
coalesce(counts.unique_machine_open_count, 0) as unique_machine_open_count,
coalesce(counts.unique_click_count, 0) as unique_click_count,
coalesce(counts.complaint_count, 0) as complaint_count,
coalesce(counts.unsubscribe_count, 0) as unsubscribe_count,
cast(cast(delivered_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as delivery_rate,
cast(cast(hard_bounce_count + soft_bounce_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as bounce_rate,
cast(cast(unique_open_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as open_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as click_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(unique_open_count, 0) as decimal(18, 6)) as click_to_open_rate,
cast(cast(complaint_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as complaint_rate,
cast(cast(unsubscribe_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as unsubscribe_rate,
campaigns.campaign_id,
campaigns.account_id,
campaigns.region
from campaigns
left join counts on campaigns.campaign_id = counts.campaign_id
left join accounts on campaigns.account_id = accounts.account_id
where campaigns.sent_at is not null or counts.campaign_id is not null
)
select * from reported
) as model_subq
)
;

create or replace transient table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost
(cost_on date not null, warehouse_name varchar not null, pipeline varchar not null, table_name varchar not null, load_id varchar not null, node_id varchar not null, row_count bigint not null, byte_count bigint not null, scanned_byte_count bigint not null, file_count bigint not null, statement_count bigint not null, warehouse_seconds decimal(18, 3) not null, metered_seconds decimal(18, 3) not null, credits decimal(18, 9) not null, cost_usd decimal(18, 6) not null)
copy grants
as (
select cost_on, warehouse_name, pipeline, table_name, load_id, node_id, row_count, byte_count, scanned_byte_count, file_count, statement_count, warehouse_seconds, metered_seconds, credits, cost_usd
from (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp)
),
statement_hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
where hour_started_at >= cast('2000-01-01' as timestamp)
),
files as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
where copied_at >= cast('2000-01-01' as timestamp)
),
prices as (
select usd from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
-- A load's rows are those of its files: it would count them again at each step from the stage to RAW.
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, max(pipeline) as pipeline, max(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) as model_subq
)
;

create transient table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices (price_name varchar,usd decimal(18, 6),per varchar,as_of date,source varchar);

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages as DBT_INTERNAL_DEST
where (message_id) in (
select distinct message_id
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp as DBT_INTERNAL_SOURCE
)
;

delete from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours as DBT_INTERNAL_DEST
where (hour_started_at) in (
select distinct hour_started_at
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp as DBT_INTERNAL_SOURCE
)
;

delete from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events as DBT_INTERNAL_DEST
where (event_id) in (
select distinct event_id
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp as DBT_INTERNAL_SOURCE
)
;

delete from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost as DBT_INTERNAL_DEST
where (cost_on) in (
select distinct cost_on
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp as DBT_INTERNAL_SOURCE
)
;

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."INTERMEDIATE"."INT_MESSAGES";

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."INTERMEDIATE"."INT_STATEMENT_HOURS";

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."MART"."FCT_EMAIL_EVENTS";

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."MART"."RPT_PIPELINE_COST";

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT";

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT__dbt_tmp";

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT";

describe table "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT__dbt_tmp";

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.a_late_event_brings_back_its_whole_message_and_no_other__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.a_message_has_one_outcome__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.an_hour_is_paid_by_those_who_ran_in_it__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.opens_of_machines_stand_apart_and_repeats_add_up__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_campaign_that_vanished_stays_and_the_product_has_the_last_word__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_deleted_contact_keeps_its_row_and_loses_its_personal_data__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_run_takes_new_loads_however_old_the_event_and_tries_the_unknown_again__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.a_suppression_that_vanished_suppresses_no_more__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.an_event_that_meets_no_dimension_row_points_to_the_unknown__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.either_system_may_know_a_campaign_first__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.every_credit_is_somebodys_and_a_loads_rows_are_those_of_its_files__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.invoices_are_converted_and_their_parts_add_up__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.rates_are_shares_of_messages_and_null_over_nothing__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost;

describe table DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events;

describe table DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.a_late_event_brings_back_its_whole_message_and_no_other__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.a_message_has_one_outcome__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.an_hour_is_paid_by_those_who_ran_in_it__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.opens_of_machines_stand_apart_and_repeats_add_up__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.a_campaign_that_vanished_stays_and_the_product_has_the_last_word__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.a_deleted_contact_keeps_its_row_and_loses_its_personal_data__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.a_run_takes_new_loads_however_old_the_event_and_tries_the_unknown_again__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.a_suppression_that_vanished_suppresses_no_more__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.an_event_that_meets_no_dimension_row_points_to_the_unknown__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.either_system_may_know_a_campaign_first__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.every_credit_is_somebodys_and_a_loads_rows_are_those_of_its_files__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.invoices_are_converted_and_their_parts_add_up__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.rates_are_shares_of_messages_and_null_over_nothing__dbt_tmp cascade;

drop table if exists DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp cascade;

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages ("MESSAGE_ID", "CAMPAIGN_ID", "ACCOUNT_ID", "CONTACT_ID", "PROCESSED_AT", "DELIVERED_AT", "FIRST_BOUNCED_AT", "HARD_BOUNCED_AT", "FIRST_HUMAN_OPENED_AT", "FIRST_MACHINE_OPENED_AT", "FIRST_CLICKED_AT", "COMPLAINED_AT", "UNSUBSCRIBED_AT", "DEFERRAL_COUNT", "HUMAN_OPEN_COUNT", "MACHINE_OPEN_COUNT", "CLICK_COUNT", "NEWEST_LOAD_ID", "MESSAGE_OUTCOME")
(
select "MESSAGE_ID", "CAMPAIGN_ID", "ACCOUNT_ID", "CONTACT_ID", "PROCESSED_AT", "DELIVERED_AT", "FIRST_BOUNCED_AT", "HARD_BOUNCED_AT", "FIRST_HUMAN_OPENED_AT", "FIRST_MACHINE_OPENED_AT", "FIRST_CLICKED_AT", "COMPLAINED_AT", "UNSUBSCRIBED_AT", "DEFERRAL_COUNT", "HUMAN_OPEN_COUNT", "MACHINE_OPEN_COUNT", "CLICK_COUNT", "NEWEST_LOAD_ID", "MESSAGE_OUTCOME"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages__dbt_tmp
)
;

insert into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours ("STATEMENT_ID", "WAREHOUSE_NAME", "HOUR_STARTED_AT", "SECONDS", "CREDITS")
(
select "STATEMENT_ID", "WAREHOUSE_NAME", "HOUR_STARTED_AT", "SECONDS", "CREDITS"
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours__dbt_tmp
)
;

insert into DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events ("EVENT_ID", "EVENT_TYPE", "OCCURRED_AT", "OCCURRED_ON", "RECEIVED_AT", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "CAMPAIGN_ID", "MAILBOX_PROVIDER", "IS_MACHINE_OPEN", "BOUNCE_TYPE", "LINK_URL", "LOAD_ID")
(
select "EVENT_ID", "EVENT_TYPE", "OCCURRED_AT", "OCCURRED_ON", "RECEIVED_AT", "MESSAGE_ID", "ACCOUNT_ID", "CONTACT_ID", "CAMPAIGN_ID", "MAILBOX_PROVIDER", "IS_MACHINE_OPEN", "BOUNCE_TYPE", "LINK_URL", "LOAD_ID"
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events__dbt_tmp
)
;

insert into DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost ("COST_ON", "WAREHOUSE_NAME", "PIPELINE", "TABLE_NAME", "LOAD_ID", "NODE_ID", "ROW_COUNT", "BYTE_COUNT", "SCANNED_BYTE_COUNT", "FILE_COUNT", "STATEMENT_COUNT", "WAREHOUSE_SECONDS", "METERED_SECONDS", "CREDITS", "COST_USD")
(
select "COST_ON", "WAREHOUSE_NAME", "PIPELINE", "TABLE_NAME", "LOAD_ID", "NODE_ID", "ROW_COUNT", "BYTE_COUNT", "SCANNED_BYTE_COUNT", "FILE_COUNT", "STATEMENT_COUNT", "WAREHOUSE_SECONDS", "METERED_SECONDS", "CREDITS", "COST_USD"
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost__dbt_tmp
)
;

insert overwrite into DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices (price_name, usd, per, as_of, source) values
('snowflake_credit','3.90','credit, Enterprise edition',NULL,'https://www.snowflake.com/legal-files/CreditConsumptionTable.pdf'),('snowflake_storage_tb_month','45.00','TB and month',NULL,'https://www.snowflake.com/legal-files/CreditConsumptionTable.pdf'),('s3_standard_gb_month','0.0245','GB and month','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_standard_ia_gb_month','0.0135','GB and month','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_glacier_ir_gb_month','0.005','GB and month',NULL,'https://aws.amazon.com/s3/pricing/'),('s3_put_1000','0.0054','1,000 PUT, COPY, POST or LIST requests','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_get_1000','0.00043','1,000 GET, HEAD and all other requests','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_transition_ia_1000','0.01','1,000 objects moved to Standard-IA','2026-08-07','https://aws.amazon.com/s3/pricing/'),('s3_transition_glacier_ir_1000','0.02','1,000 objects moved to Glacier Instant Retrieval','2026-08-07','https://aws.amazon.com/s3/pricing/'),('kms_key_month','1.00','key and month','2019-10-30','https://aws.amazon.com/kms/pricing/'),('kms_request_10000','0.03','10,000 requests','2019-10-30','https://aws.amazon.com/kms/pricing/'),('fargate_vcpu_hour','0.04656','vCPU and hour, Linux on x86','2026-07-07','https://aws.amazon.com/fargate/pricing/'),('fargate_gb_hour','0.00511','GB of memory and hour, Linux on x86','2026-07-07','https://aws.amazon.com/fargate/pricing/'),('secret_month','0.40','secret and month','2026-09-20','https://aws.amazon.com/secrets-manager/pricing/'),('cloudwatch_log_gb','0.63','GB taken in','2026-08-06','https://aws.amazon.com/cloudwatch/pricing/'),('cloudwatch_log_gb_month','0.0324','GB and month','2026-08-06','https://aws.amazon.com/cloudwatch/pricing/'),('cloudwatch_metric_month','0.30','metric and month','2026-08-06','https://aws.amazon.com/cloudwatch/pricing/'),('ecr_gb_month','0.10','GB and month','2025-11-21','https://aws.amazon.com/ecr/pricing/'),('budget_month','0.00','budget without an action and month','2026-08-07','https://aws.amazon.com/aws-cost-management/aws-budgets/pricing/'),('nat_hour','0.052','NAT gateway and hour','2026-08-07','https://aws.amazon.com/vpc/pricing/'),('nat_gb','0.052','GB through a NAT gateway','2026-08-07','https://aws.amazon.com/vpc/pricing/');

merge into "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT" as DBT_INTERNAL_DEST
using "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT__dbt_tmp" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.dbt_scd_id = DBT_INTERNAL_DEST.dbt_scd_id
when matched
and DBT_INTERNAL_DEST.dbt_valid_to is null
and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
then update
set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to
when not matched
and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
then insert ("ACCOUNT_ID", "ACCOUNT_UUID", "ACCOUNT_NAME", "PLAN_ID", "ACCOUNT_STATUS", "REGION", "INDUSTRY", "TIME_ZONE", "SETTINGS", "TAGS", "CREDIT_LIMIT_AMOUNT", "TRIAL_ENDS_ON", "SIGNED_UP_LOCAL_AT", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "IS_DELETED", "LOAD_ID", "CHANGED_AT", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
values ("ACCOUNT_ID", "ACCOUNT_UUID", "ACCOUNT_NAME", "PLAN_ID", "ACCOUNT_STATUS", "REGION", "INDUSTRY", "TIME_ZONE", "SETTINGS", "TAGS", "CREDIT_LIMIT_AMOUNT", "TRIAL_ENDS_ON", "SIGNED_UP_LOCAL_AT", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "IS_DELETED", "LOAD_ID", "CHANGED_AT", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
;

merge into "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT" as DBT_INTERNAL_DEST
using "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT__dbt_tmp" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.dbt_scd_id = DBT_INTERNAL_DEST.dbt_scd_id
when matched
and DBT_INTERNAL_DEST.dbt_valid_to is null
and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
then update
set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to
when not matched
and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
then insert ("SUBSCRIPTION_ID", "ACCOUNT_ID", "PLAN_ID", "SUBSCRIPTION_STATUS", "MONTHLY_AMOUNT", "DISCOUNT_RATE", "CURRENCY", "SEAT_COUNT", "STARTED_ON", "ENDED_ON", "METADATA", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "IS_DELETED", "LOAD_ID", "CHANGED_AT", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
values ("SUBSCRIPTION_ID", "ACCOUNT_ID", "PLAN_ID", "SUBSCRIPTION_STATUS", "MONTHLY_AMOUNT", "DISCOUNT_RATE", "CURRENCY", "SEAT_COUNT", "STARTED_ON", "ENDED_ON", "METADATA", "CREATED_AT", "UPDATED_AT", "DELETED_AT", "IS_DELETED", "LOAD_ID", "CHANGED_AT", "DBT_UPDATED_AT", "DBT_VALID_FROM", "DBT_VALID_TO", "DBT_SCD_ID")
;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
-- Current versions that are not what STAGING says today, or are not there at all.
with accounts as (
select staged.account_id as row_id
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts as staged
left join DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.accounts_snapshot as kept
on staged.account_id = kept.account_id and staged.changed_at = kept.changed_at and kept.dbt_valid_to is null
where kept.account_id is null
),
subscriptions as (
select staged.subscription_id as row_id
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions as staged
left join DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.subscriptions_snapshot as kept
on staged.subscription_id = kept.subscription_id and staged.changed_at = kept.changed_at and kept.dbt_valid_to is null
where kept.subscription_id is null
)
select 'accounts' as table_name, row_id from accounts
union all
select 'subscriptions' as table_name, row_id from subscriptions
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
-- Events of STAGING that the fact lacks or holds in an older version, and events that only the fact has.
with staged as (
select event_id, load_id from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
facts as (
select event_id, load_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
)
select staged.event_id as staged_event_id, facts.event_id as fact_event_id
from staged
full outer join facts on staged.event_id = facts.event_id and staged.load_id = facts.load_id
where staged.event_id is null or facts.event_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
-- Per currency, the fact bills what STAGING bills.
with staged as (
select currency, count(*) as invoice_count, sum(total_amount) as total_amount
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
group by currency
),
facts as (
select currency, count(*) as invoice_count, sum(total_amount) as total_amount
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
group by currency
)
select staged.currency as staged_currency, facts.currency as fact_currency
from staged
full outer join facts
on staged.currency = facts.currency
and staged.invoice_count = facts.invoice_count
and staged.total_amount = facts.total_amount
where staged.currency is null or facts.currency is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
-- The report adds up to the messages that the fact knows, whatever their campaign.
with facts as (
select
count(distinct message_id) as sent_count,
count(distinct case when event_type = 'delivered' then message_id end) as delivered_count,
count(distinct case when event_type = 'open' and not coalesce(is_machine_open, false) then message_id end) as unique_open_count,
count(distinct case when event_type = 'open' and is_machine_open then message_id end) as unique_machine_open_count,
count(distinct case when event_type = 'click' then message_id end) as unique_click_count,
count(distinct case when event_type = 'spam_report' then message_id end) as complaint_count,
count(distinct case when event_type = 'unsubscribe' then message_id end) as unsubscribe_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
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
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance
)
select * from facts
except
select * from reported
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
account_id,
count(*) as row_count
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.accounts_snapshot where dbt_valid_to is null) dbt_subquery
group by account_id
having count(*) > 1 or account_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
account_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
group by account_id
having count(*) > 1 or account_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
account_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
group by account_id
having count(*) > 1 or account_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
campaign_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
group by campaign_id
having count(*) > 1 or campaign_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
campaign_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance
group by campaign_id
having count(*) > 1 or campaign_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
campaign_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
group by campaign_id
having count(*) > 1 or campaign_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
campaign_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns
group by campaign_id
having count(*) > 1 or campaign_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
contact_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
group by contact_id
having count(*) > 1 or contact_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
contact_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts
group by contact_id
having count(*) > 1 or contact_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
having count(*) > 1 or cost_on is null or warehouse_name is null or pipeline is null or table_name is null or load_id is null or node_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
date_day,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
group by date_day
having count(*) > 1 or date_day is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
event_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
group by event_id
having count(*) > 1 or event_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
event_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
group by event_id
having count(*) > 1 or event_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
file_name, table_name, copied_at,
count(*) as row_count
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files where copied_at > current_date - 7) dbt_subquery
group by file_name, table_name, copied_at
having count(*) > 1 or file_name is null or table_name is null or copied_at is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
invoice_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
group by invoice_id
having count(*) > 1 or invoice_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
invoice_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
group by invoice_id
having count(*) > 1 or invoice_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
list_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists
group by list_id
having count(*) > 1 or list_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
list_id, contact_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
group by list_id, contact_id
having count(*) > 1 or list_id is null or contact_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
message_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
group by message_id
having count(*) > 1 or message_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
plan_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans
group by plan_id
having count(*) > 1 or plan_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
price_name,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices
group by price_name
having count(*) > 1 or price_name is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
statement_id,
count(*) as row_count
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements where ended_at > current_date - 7) dbt_subquery
group by statement_id
having count(*) > 1 or statement_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
statement_id, hour_started_at,
count(*) as row_count
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours where hour_started_at > current_date - 7) dbt_subquery
group by statement_id, hour_started_at
having count(*) > 1 or statement_id is null or hour_started_at is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
subscription_id,
count(*) as row_count
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS.subscriptions_snapshot where dbt_valid_to is null) dbt_subquery
group by subscription_id
having count(*) > 1 or subscription_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
subscription_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
group by subscription_id
having count(*) > 1 or subscription_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
suppression_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
group by suppression_id
having count(*) > 1 or suppression_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
user_id,
count(*) as row_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users
group by user_id
having count(*) > 1 or user_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select
warehouse_name, started_at,
count(*) as row_count
from (select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours where started_at > current_date - 7) dbt_subquery
group by warehouse_name, started_at
having count(*) > 1 or warehouse_name is null or started_at is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select *
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
where not coalesce(subtotal_usd + tax_usd = total_usd, false)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select *
from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_campaign_performance
where not coalesce(delivered_count + hard_bounce_count + soft_bounce_count <= sent_count, false)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select contact_id
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
where is_deleted and (email is not null or first_name is not null or last_name is not null)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select load_id
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
where load_id is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select message_outcome
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
where message_outcome is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
select usd
from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices
where usd is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
account_status as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
group by account_status
)
select *
from all_values
where value_field not in (
'trial','active','past_due','cancelled'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
bounce_type as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
group by bounce_type
)
select *
from all_values
where value_field not in (
'hard','soft'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
campaign_status as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
group by campaign_status
)
select *
from all_values
where value_field not in (
'draft','scheduled','sending','sent','archived'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
event_type as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
group by event_type
)
select *
from all_values
where value_field not in (
'processed','delivered','deferred','bounce','open','click','spam_report','unsubscribe'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
invoice_status as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
group by invoice_status
)
select *
from all_values
where value_field not in (
'draft','open','paid','void','uncollectible'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
membership_status as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
group by membership_status
)
select *
from all_values
where value_field not in (
'subscribed','unsubscribed','cleaned','pending'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
subscription_status as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
group by subscription_status
)
select *
from all_values
where value_field not in (
'trialing','active','paused','cancelled'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
suppression_reason as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
group by suppression_reason
)
select *
from all_values
where value_field not in (
'hard_bounce','spam_report','unsubscribe'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with all_values as (
select
user_role as value_field,
count(*) as n_records
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users
group by user_role
)
select *
from all_values
where value_field not in (
'owner','admin','editor','viewer'
)
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select account_id as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
where account_id is not null
),
parent as (
select account_id as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select account_id as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
where account_id is not null
),
parent as (
select account_id as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select account_id as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
where account_id is not null
),
parent as (
select account_id as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select account_id as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
where account_id is not null
),
parent as (
select account_id as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select campaign_id as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
where campaign_id is not null
),
parent as (
select campaign_id as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select contact_id as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
where contact_id is not null
),
parent as (
select contact_id as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select issued_on as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_invoices
where issued_on is not null
),
parent as (
select date_day as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select
count(*) as failures,
count(*) != 0 as should_warn,
count(*) != 0 as should_error
from (
with child as (
select occurred_on as from_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events
where occurred_on is not null
),
parent as (
select date_day as to_field
from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_dates
)
select
from_field
from child
left join parent
on child.from_field = parent.to_field
where parent.to_field is null
) dbt_internal_test;

select * from (
-- 2015-01-01 to 2039-12-31. Weeks start on Monday whatever the session says: 2001-01-01 was one.
with numbers as (
with p as (
select 0 as generated_number union all select 1
), unioned as (
select
p0.generated_number * power(2, 0)
+
p1.generated_number * power(2, 1)
+
p2.generated_number * power(2, 2)
+
p3.generated_number * power(2, 3)
+
p4.generated_number * power(2, 4)
+
p5.generated_number * power(2, 5)
+
p6.generated_number * power(2, 6)
+
p7.generated_number * power(2, 7)
+
p8.generated_number * power(2, 8)
+
p9.generated_number * power(2, 9)
+
p10.generated_number * power(2, 10)
+
p11.generated_number * power(2, 11)
+
p12.generated_number * power(2, 12)
+
p13.generated_number * power(2, 13)
+ 1
as generated_number
from
p as p0
cross join
p as p1
cross join
p as p2
cross join
p as p3
cross join
p as p4
cross join
p as p5
cross join
p as p6
cross join
p as p7
cross join
p as p8
cross join
p as p9
cross join
p as p10
cross join
p as p11
cross join
p as p12
cross join
p as p13
)
select *
from unioned
where generated_number <= 9131
order by generated_number
),
days as (
select cast(
dateadd(
day,
generated_number - 1,
cast('2015-01-01' as date)
)
as date) as date_day
from numbers
),
weekdays as (
select
date_day,
mod(datediff(
day,
cast('2001-01-01' as date),
date_day
), 7) + 1 as day_of_week
from days
),
dates as (
select
date_day,
cast(extract(year from date_day) as bigint) as calendar_year,
cast(extract(quarter from date_day) as bigint) as quarter_of_year,
cast(extract(month from date_day) as bigint) as month_of_year,
cast(extract(day from date_day) as bigint) as day_of_month,
cast(day_of_week as bigint) as day_of_week,
day_of_week >= 6 as is_weekend,
cast(date_trunc('month', date_day) as date) as month_starts_on,
cast(
dateadd(
day,
1 - day_of_week,
date_day
)
as date) as week_starts_on
from weekdays
)
select * from dates
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as bigint)
as account_id,
cast(null as varchar)
as account_name,
cast(null as varchar)
as account_status,
cast(null as varchar)
as plan_code,
cast(null as varchar)
as plan_name,
cast(null as bigint)
as monthly_send_limit,
cast(null as varchar)
as region,
cast(null as varchar)
as industry,
cast(null as varchar)
as time_zone,
cast(null as bigint)
as active_user_count,
cast(null as bigint)
as live_subscription_count,
cast(null as timestamp)
as created_at,
cast(null as timestamp)
as deleted_at,
cast(null as boolean)
as is_deleted
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as bigint)
as campaign_id,
cast(null as varchar)
as campaign_name,
cast(null as bigint)
as account_id,
cast(null as varchar)
as region,
cast(null as varchar)
as subject_line,
cast(null as varchar)
as campaign_status,
cast(null as varchar)
as sending_status,
cast(null as varchar)
as list_name,
cast(null as varchar)
as sending_domain,
cast(null as varchar)
as ip_pool,
cast(null as bigint)
as recipient_count,
cast(null as timestamp)
as scheduled_at,
cast(null as timestamp)
as sent_at,
cast(null as timestamp)
as created_at,
cast(null as timestamp)
as deleted_at,
cast(null as boolean)
as is_deleted
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as bigint)
as contact_id,
cast(null as bigint)
as account_id,
cast(null as varchar)
as region,
cast(null as varchar)
as email,
cast(null as varchar)
as first_name,
cast(null as varchar)
as last_name,
cast(null as varchar)
as locale,
cast(null as varchar)
as consent_source,
cast(null as decimal(18, 3))
as lead_score,
cast(null as bigint)
as subscribed_list_count,
cast(null as boolean)
as is_subscribed,
cast(null as boolean)
as is_suppressed,
cast(null as timestamp)
as subscribed_at,
cast(null as timestamp)
as unsubscribed_at,
cast(null as timestamp)
as created_at,
cast(null as timestamp)
as deleted_at,
cast(null as boolean)
as is_deleted
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as bigint)
as invoice_id,
cast(null as varchar)
as invoice_number,
cast(null as bigint)
as account_id,
cast(null as varchar)
as region,
cast(null as bigint)
as subscription_id,
cast(null as varchar)
as invoice_status,
cast(null as date)
as issued_on,
cast(null as date)
as due_on,
cast(null as timestamp)
as paid_at,
cast(null as varchar)
as currency,
cast(null as decimal(38, 18))
as exchange_rate,
cast(null as decimal(18, 2))
as subtotal_amount,
cast(null as decimal(18, 2))
as tax_amount,
cast(null as decimal(18, 2))
as total_amount,
cast(null as decimal(18, 2))
as subtotal_usd,
cast(null as decimal(18, 2))
as tax_usd,
cast(null as decimal(18, 2))
as total_usd,
cast(null as timestamp)
as deleted_at,
cast(null as boolean)
as is_deleted
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as date)
as cost_on,
cast(null as varchar)
as warehouse_name,
cast(null as varchar)
as pipeline,
cast(null as varchar)
as table_name,
cast(null as varchar)
as load_id,
cast(null as varchar)
as node_id,
cast(null as bigint)
as row_count,
cast(null as bigint)
as byte_count,
cast(null as bigint)
as scanned_byte_count,
cast(null as bigint)
as file_count,
cast(null as bigint)
as statement_count,
cast(null as decimal(18, 3))
as warehouse_seconds,
cast(null as decimal(18, 3))
as metered_seconds,
cast(null as decimal(18, 9))
as credits,
cast(null as decimal(18, 6))
as cost_usd
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as date)
as date_day,
cast(null as bigint)
as calendar_year,
cast(null as bigint)
as quarter_of_year,
cast(null as bigint)
as month_of_year,
cast(null as bigint)
as day_of_month,
cast(null as bigint)
as day_of_week,
cast(null as boolean)
as is_weekend,
cast(null as date)
as month_starts_on,
cast(null as date)
as week_starts_on
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as varchar)
as campaign_name,
cast(null as varchar)
as account_name,
cast(null as timestamp)
as sent_at,
cast(null as bigint)
as sent_count,
cast(null as bigint)
as delivered_count,
cast(null as bigint)
as hard_bounce_count,
cast(null as bigint)
as soft_bounce_count,
cast(null as bigint)
as unique_open_count,
cast(null as bigint)
as unique_machine_open_count,
cast(null as bigint)
as unique_click_count,
cast(null as bigint)
as complaint_count,
cast(null as bigint)
as unsubscribe_count,
cast(null as decimal(18, 6))
as delivery_rate,
cast(null as decimal(18, 6))
as bounce_rate,
cast(null as decimal(18, 6))
as open_rate,
cast(null as decimal(18, 6))
as click_rate,
cast(null as decimal(18, 6))
as click_to_open_rate,
cast(null as decimal(18, 6))
as complaint_rate,
cast(null as decimal(18, 6))
as unsubscribe_rate,
cast(null as bigint)
as campaign_id,
cast(null as bigint)
as account_id,
cast(null as varchar)
as region
) as __dbt_sbq
where false
limit 0;

select * from (
select
cast(null as varchar)
as event_id,
cast(null as varchar)
as event_type,
cast(null as timestamp)
as occurred_at,
cast(null as date)
as occurred_on,
cast(null as timestamp)
as received_at,
cast(null as varchar)
as message_id,
cast(null as bigint)
as account_id,
cast(null as bigint)
as contact_id,
cast(null as bigint)
as campaign_id,
cast(null as varchar)
as mailbox_provider,
cast(null as boolean)
as is_machine_open,
cast(null as varchar)
as bounce_type,
cast(null as varchar)
as link_url,
cast(null as varchar)
as load_id
) as __dbt_sbq
where false
limit 0;

select * from (
select *,
md5(coalesce(cast(account_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
) sbq
) as __dbt_sbq
where false
limit 0;

select * from (
select *,
md5(coalesce(cast(subscription_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
from (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
) sbq
) as __dbt_sbq
where false
limit 0;

select * from (
select to_timestamp_ntz(convert_timezone('UTC', current_timestamp())) as dbt_snapshot_time
) as __dbt_sbq
where false
limit 0;

select * from (
with accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
),
plans as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__plans
),
active_users as (
select account_id, count(*) as user_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__users
where is_active and not is_deleted
group by account_id
),
live_subscriptions as (
select account_id, count(*) as subscription_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
where subscription_status in ('trialing', 'active') and not is_deleted
group by account_id
),
known as (
select
accounts.account_id,
accounts.account_name,
accounts.account_status,
plans.plan_code,
plans.plan_name,
plans.monthly_send_limit,
accounts.region,
accounts.industry,
accounts.time_zone,
coalesce(active_users.user_count, 0) as active_user_count,
coalesce(live_subscriptions.subscription_count, 0) as live_subscription_count,
accounts.created_at,
accounts.deleted_at,
accounts.is_deleted
from accounts
left join plans on accounts.plan_id = plans.plan_id
left join active_users on accounts.account_id = active_users.account_id
left join live_subscriptions on accounts.account_id = live_subscriptions.account_id
),
unknown as (
select -1, '(unknown)', '(unknown)', null, null, null, '(unknown)', null, null, 0, 0, null, null, false
)
select * from known
union all
select * from unknown
) as __dbt_sbq
where false
limit 0;

select * from (
with campaigns as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
messages as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_messages
),
counts as (
select
coalesce(campaigns.campaign_id, -1) as campaign_id,
count(*) as sent_count,
count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
count(first_human_opened_at) as unique_open_count,
count(first_machine_opened_at) as unique_machine_open_count,
count(first_clicked_at) as unique_click_count,
count(complained_at) as complaint_count,
count(unsubscribed_at) as unsubscribe_count
from messages
left join campaigns on messages.campaign_id = campaigns.campaign_id
group by 1
),
reported as (
select
campaigns.campaign_name,
accounts.account_name,
campaigns.sent_at,
coalesce(counts.sent_count, 0) as sent_count,
coalesce(counts.delivered_count, 0) as delivered_count,
coalesce(counts.hard_bounce_count, 0) as hard_bounce_count,
coalesce(counts.soft_bounce_count, 0) as soft_bounce_count,
coalesce(counts.unique_open_count, 0) as unique_open_count,
coalesce(counts.unique_machine_open_count, 0) as unique_machine_open_count,
coalesce(counts.unique_click_count, 0) as unique_click_count,
coalesce(counts.complaint_count, 0) as complaint_count,
coalesce(counts.unsubscribe_count, 0) as unsubscribe_count,
cast(cast(delivered_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as delivery_rate,
cast(cast(hard_bounce_count + soft_bounce_count as decimal(18, 0)) / nullif(sent_count, 0) as decimal(18, 6)) as bounce_rate,
cast(cast(unique_open_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as open_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as click_rate,
cast(cast(unique_click_count as decimal(18, 0)) / nullif(unique_open_count, 0) as decimal(18, 6)) as click_to_open_rate,
cast(cast(complaint_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as complaint_rate,
cast(cast(unsubscribe_count as decimal(18, 0)) / nullif(delivered_count, 0) as decimal(18, 6)) as unsubscribe_rate,
campaigns.campaign_id,
campaigns.account_id,
campaigns.region
from campaigns
left join counts on campaigns.campaign_id = counts.campaign_id
left join accounts on campaigns.account_id = accounts.account_id
where campaigns.sent_at is not null or counts.campaign_id is not null
)
select * from reported
) as __dbt_sbq
where false
limit 0;

select * from (
with contacts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__contacts
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
subscribed_lists as (
select contact_id, count(*) as list_count
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__list_memberships
where membership_status = 'subscribed' and not is_deleted
group by contact_id
),
suppressed as (
select distinct contact_id
from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__suppressions
where is_active and not is_deleted
),
known as (
select
contacts.contact_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
-- A deleted contact keeps its row for the facts, but not its personal data.
case when not contacts.is_deleted then contacts.email end as email,
case when not contacts.is_deleted then contacts.first_name end as first_name,
case when not contacts.is_deleted then contacts.last_name end as last_name,
contacts.locale,
contacts.consent_source,
cast(contacts.lead_score as decimal(18, 3)) as lead_score,
coalesce(subscribed_lists.list_count, 0) as subscribed_list_count,
contacts.is_subscribed,
suppressed.contact_id is not null as is_suppressed,
contacts.subscribed_at,
contacts.unsubscribed_at,
contacts.created_at,
contacts.deleted_at,
contacts.is_deleted
from contacts
left join accounts on contacts.account_id = accounts.account_id
left join subscribed_lists on contacts.contact_id = subscribed_lists.contact_id
left join suppressed on contacts.contact_id = suppressed.contact_id
),
unknown as (
select -1, -1, '(unknown)', null, null, null, null, null, null, 0, false, false, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as __dbt_sbq
where false
limit 0;

select * from (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as __dbt_sbq
where false
limit 0;

select * from (
with events as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__email_events
-- By load, not by time: an event may be days late. Events that met no dimension row before are tried again.
where load_id not in (select distinct load_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events)
or event_id in (select event_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.fct_email_events where -1 in (account_id, contact_id, campaign_id))
),
accounts as (
select account_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
contacts as (
select contact_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_contacts
),
campaigns as (
select campaign_id from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_campaigns
),
facts as (
select
events.event_id,
events.event_type,
events.occurred_at,
cast(events.occurred_at as date) as occurred_on,
events.received_at,
events.message_id,
coalesce(accounts.account_id, -1) as account_id,
coalesce(contacts.contact_id, -1) as contact_id,
coalesce(campaigns.campaign_id, -1) as campaign_id,
events.mailbox_provider,
events.is_machine_open,
events.bounce_type,
events.link_url,
events.load_id
from events
left join accounts on events.account_id = accounts.account_id
left join contacts on events.contact_id = contacts.contact_id
left join campaigns on events.campaign_id = campaigns.campaign_id
)
select * from facts
) as __dbt_sbq
where false
limit 0;

select * from (
with invoices as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__invoices
),
accounts as (
select account_id, region from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
converted as (
select
*,
cast(total_amount * exchange_rate as decimal(18, 2)) as total_usd,
cast(tax_amount * exchange_rate as decimal(18, 2)) as tax_usd
from invoices
),
facts as (
select
converted.invoice_id,
converted.invoice_number,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
converted.subscription_id,
converted.invoice_status,
converted.issued_on,
converted.due_on,
converted.paid_at,
converted.currency,
converted.exchange_rate,
cast(converted.subtotal_amount as decimal(18, 2)) as subtotal_amount,
cast(converted.tax_amount as decimal(18, 2)) as tax_amount,
cast(converted.total_amount as decimal(18, 2)) as total_amount,
-- The rest, not a conversion of its own: rounded parts would not add up.
cast(converted.total_usd - converted.tax_usd as decimal(18, 2)) as subtotal_usd,
converted.tax_usd,
converted.total_usd,
converted.deleted_at,
converted.is_deleted
from converted
left join accounts on converted.account_id = accounts.account_id
)
select * from facts
) as __dbt_sbq
where false
limit 0;

select * from (
with planned as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__campaigns
),
sent as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_saas__campaigns
),
lists as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__lists
),
accounts as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.MART.dim_accounts
),
-- The two systems are loaded one after the other: either may know a campaign first.
known as (
select
coalesce(planned.campaign_id, sent.campaign_id) as campaign_id,
coalesce(planned.campaign_name, sent.campaign_name) as campaign_name,
coalesce(accounts.account_id, -1) as account_id,
coalesce(accounts.region, '(unknown)') as region,
coalesce(planned.subject_line, sent.subject_line) as subject_line,
planned.campaign_status,
sent.sending_status,
lists.list_name,
sent.sending_domain,
sent.ip_pool,
sent.recipient_count,
sent.scheduled_at,
coalesce(sent.sent_at, planned.sent_at) as sent_at,
coalesce(planned.created_at, sent.created_at) as created_at,
-- Where the product knows a campaign, its word counts: it outlives what the service forgets.
case when planned.campaign_id is null then sent.deleted_at else planned.deleted_at end as deleted_at,
coalesce(planned.is_deleted, sent.is_deleted) as is_deleted
from planned
full outer join sent on planned.campaign_id = sent.campaign_id
left join lists on planned.list_id = lists.list_id
left join accounts on coalesce(planned.account_id, sent.account_id) = accounts.account_id
),
unknown as (
select -1, '(unknown)', -1, '(unknown)', null, null, null, null, null, null, null, null, null, null, null, false
)
select * from known
union all
select * from unknown
) as __dbt_sbq
where false
limit 0;

select * from (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__accounts
),
snapshotted_data as (
select *,
account_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."ACCOUNTS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
account_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(account_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
account_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
) as __dbt_sbq
where false
limit 0;

select * from (
with snapshot_query as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_postgres__subscriptions
),
snapshotted_data as (
select *,
subscription_id as dbt_unique_key
from "DP_MAILBLAZE_DEMO_DEV_DB"."SNAPSHOTS"."SUBSCRIPTIONS_SNAPSHOT"
where
dbt_valid_to is null
),
insertions_source_data as (
select *,
subscription_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
coalesce(nullif(changed_at, changed_at), null)
as dbt_valid_to
,
md5(coalesce(cast(subscription_id as varchar ), '')
|| '|' || coalesce(cast(changed_at as varchar ), '')
) as dbt_scd_id
from snapshot_query
),
updates_source_data as (
select *,
subscription_id as dbt_unique_key
,
changed_at as dbt_updated_at,
changed_at as dbt_valid_from,
changed_at as dbt_valid_to
from snapshot_query
),
insertions as (
select
'insert' as dbt_change_type,
source_data.*
from insertions_source_data as source_data
left outer join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where
snapshotted_data.dbt_unique_key is null
or (
snapshotted_data.dbt_unique_key is not null
and (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
),
updates as (
select
'update' as dbt_change_type,
source_data.*,
snapshotted_data.dbt_scd_id
from updates_source_data as source_data
join snapshotted_data
on
snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
where (
(snapshotted_data.dbt_valid_from < source_data.changed_at)
)
)
select * from insertions
union all
select * from updates
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.copy_history
),
-- A file of the lake is named <table>/<load id>.<file id>.parquet, and a load id has a point in it.
renamed as (
select
file_name,
lower(table_name) as table_name,
split_part(
split_part(
file_name,
'/',
-1
)
,
'.',
1
)
|| '.' ||
split_part(
split_part(
file_name,
'/',
-1
)
,
'.',
2
)
as load_id,
cast(convert_timezone('UTC', last_load_time) as timestamp_ntz) as copied_at,
row_count,
file_size as byte_count
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.query_history
),
renamed as (
select
query_id as statement_id,
try_parse_json(query_tag):pipeline::varchar as pipeline,
try_parse_json(query_tag):table::varchar as table_name,
try_parse_json(query_tag):load_id::varchar as load_id,
try_parse_json(query_tag):dbt::varchar as node_id,
warehouse_name,
dateadd(
millisecond,
-execution_time,
cast(convert_timezone('UTC', end_time) as timestamp_ntz)
)
as started_at,
cast(convert_timezone('UTC', end_time) as timestamp_ntz) as ended_at,
cast(cast(execution_time as decimal(18, 3)) / 1000 as decimal(18, 3)) as executed_seconds,
bytes_scanned as scanned_byte_count,
bytes_written as written_byte_count,
coalesce(rows_inserted, 0) + coalesce(rows_updated, 0) as written_row_count
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.METERING.warehouse_metering_history
),
renamed as (
select
warehouse_name,
cast(convert_timezone('UTC', start_time) as timestamp_ntz) as started_at,
cast(convert_timezone('UTC', end_time) as timestamp_ntz) as ended_at,
cast(credits_used as decimal(18, 9)) as credits
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_accounts
),
renamed as (
select
account_id,
account_uuid,
account_name,
plan_id,
account_status,
region,
industry,
time_zone,
parse_json(cast(settings as varchar)) as settings,
parse_json(cast(tags as varchar)) as tags,
cast(credit_limit as decimal(38, 9)) as credit_limit_amount,
trial_ends_on,
signed_up_local_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
),
-- A delete leaves updated_at alone; the snapshot needs one time that moves on every change.
stamped as (
select
*,
greatest(updated_at, coalesce(deleted_at, updated_at)) as changed_at
from renamed
)
select * from stamped
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_campaigns
),
renamed as (
select
campaign_id,
account_id,
list_id,
campaign_name,
subject_line,
lower(from_email) as from_email,
campaign_status,
budget_amount,
parse_json(cast(settings as varchar)) as settings,
scheduled_local_at,
cast(convert_timezone('UTC', sent_at) as timestamp_ntz) as sent_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_contacts
),
renamed as (
select
contact_id,
account_id,
contact_uuid,
lower(email) as email,
first_name,
last_name,
locale,
birth_date,
is_subscribed,
consent_source,
lead_score,
parse_json(cast(attributes as varchar)) as attributes,
parse_json(cast(tags as varchar)) as tags,
cast(convert_timezone('UTC', subscribed_at) as timestamp_ntz) as subscribed_at,
cast(convert_timezone('UTC', unsubscribed_at) as timestamp_ntz) as unsubscribed_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_invoices
),
renamed as (
select
invoice_id,
account_id,
subscription_id,
invoice_number,
invoice_status,
currency,
subtotal_amount,
tax_amount,
total_amount,
cast(exchange_rate as decimal(38, 18)) as exchange_rate,
parse_json(cast(line_items as varchar)) as line_items,
memo,
issued_on,
due_on,
cast(convert_timezone('UTC', paid_at) as timestamp_ntz) as paid_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_list_memberships
),
renamed as (
select
list_id,
contact_id,
membership_status,
cast(convert_timezone('UTC', joined_at) as timestamp_ntz) as joined_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_lists
),
renamed as (
select
list_id,
account_id,
list_name,
is_archived,
lower(default_from_email) as default_from_email,
parse_json(cast(segment_rule as varchar)) as segment_rule,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_plans
),
renamed as (
select
plan_id,
plan_code,
plan_name,
monthly_price as monthly_price_amount,
currency,
monthly_send_limit,
overage_price as overage_price_digits,
parse_json(cast(features as varchar)) as features,
is_public,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_subscriptions
),
renamed as (
select
subscription_id,
account_id,
plan_id,
subscription_status,
monthly_amount,
cast(discount_rate as decimal(38, 18)) as discount_rate,
currency,
seat_count,
started_on,
ended_on,
parse_json(cast(metadata as varchar)) as metadata,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
),
-- A delete leaves updated_at alone; the snapshot needs one time that moves on every change.
stamped as (
select
*,
greatest(updated_at, coalesce(deleted_at, updated_at)) as changed_at
from renamed
)
select * from stamped
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.postgres_users
),
renamed as (
select
user_id,
account_id,
lower(email) as email,
full_name,
user_role,
is_active,
failed_login_count,
cast(convert_timezone('UTC', last_login_at) as timestamp_ntz) as last_login_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_campaigns
),
renamed as (
select
campaign_id,
account_id,
name as campaign_name,
subject as subject_line,
lower(from_email) as from_email,
sending_domain,
ip_pool,
status as sending_status,
recipient_count,
parse_json(cast(settings as varchar)) as settings,
parse_json(cast(tags as varchar)) as tags,
cast(convert_timezone('UTC', scheduled_at) as timestamp_ntz) as scheduled_at,
cast(convert_timezone('UTC', sent_at) as timestamp_ntz) as sent_at,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_email_events
),
renamed as (
select
event_id,
event_type,
message_id,
campaign_id,
account_id,
contact_id,
lower(email) as email,
mailbox_provider,
cast(convert_timezone('UTC', occurred_at) as timestamp_ntz) as occurred_at,
cast(convert_timezone('UTC', received_at) as timestamp_ntz) as received_at,
is_machine_open,
user_agent,
ip_address,
link_url,
bounce_type,
reason as bounce_reason,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with source as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.RAW.saas_suppressions
),
renamed as (
select
suppression_id,
account_id,
contact_id,
lower(email) as email,
reason as suppression_reason,
is_active,
cast(convert_timezone('UTC', created_at) as timestamp_ntz) as created_at,
cast(convert_timezone('UTC', updated_at) as timestamp_ntz) as updated_at,
cast(convert_timezone('UTC', _deleted_at) as timestamp_ntz) as deleted_at,
_deleted_at is not null as is_deleted,
_dlt_load_id as load_id
from source
)
select * from renamed
) as __dbt_sbq
where false
limit 0;

select * from (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
statement_hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
where hour_started_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
files as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
where copied_at >= (select coalesce(cast(
dateadd(
day,
-3,
max(cost_on)
)
as timestamp), cast('2000-01-01' as timestamp)) from DP_MAILBLAZE_DEMO_DEV_DB.MART.rpt_pipeline_cost)
),
prices as (
select usd from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
-- A load's rows are those of its files: it would count them again at each step from the stage to RAW.
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, max(pipeline) as pipeline, max(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) as __dbt_sbq
where false
limit 0;

select * from (
with statements as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__statements
where ended_at >= cast('2000-01-01' as timestamp)
),
hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__warehouse_hours
where started_at >= cast('2000-01-01' as timestamp)
),
statement_hours as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.int_statement_hours
where hour_started_at >= cast('2000-01-01' as timestamp)
),
files as (
select * from DP_MAILBLAZE_DEMO_DEV_DB.STAGING.stg_metering__copied_files
where copied_at >= cast('2000-01-01' as timestamp)
),
prices as (
select usd from DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE.prices where price_name = 'snowflake_credit'
),
labelled as (
select
statement_id,
warehouse_name,
case when node_id is not null then 'dbt' else coalesce(pipeline, '(other)') end as pipeline,
coalesce(nullif(table_name, ''), '(none)') as table_name,
coalesce(nullif(load_id, ''), '(none)') as load_id,
coalesce(node_id, '(none)') as node_id,
ended_at,
executed_seconds,
-- A load's rows are those of its files: it would count them again at each step from the stage to RAW.
case when node_id is not null then written_row_count end as row_count,
case when node_id is not null then written_byte_count end as byte_count,
scanned_byte_count
from statements
),
loads as (
select load_id, max(pipeline) as pipeline, max(warehouse_name) as warehouse_name
from labelled
where load_id <> '(none)'
group by load_id
),
idle_hours as (
select hours.warehouse_name, hours.started_at, hours.credits
from hours
left join statement_hours
on hours.warehouse_name = statement_hours.warehouse_name and hours.started_at = statement_hours.hour_started_at
where statement_hours.statement_id is null
),
measured as (
select
cast(ended_at as date) as cost_on, warehouse_name, pipeline, table_name, load_id, node_id,
1 as statement_count, executed_seconds as warehouse_seconds, 0 as metered_seconds, null as credits,
0 as file_count, row_count, byte_count, scanned_byte_count
from labelled
union all
select
cast(statement_hours.hour_started_at as date), statement_hours.warehouse_name,
labelled.pipeline, labelled.table_name, labelled.load_id, labelled.node_id,
0, 0, statement_hours.seconds, statement_hours.credits, 0, null, null, null
from statement_hours
inner join labelled on statement_hours.statement_id = labelled.statement_id
union all
select
cast(files.copied_at as date), coalesce(loads.warehouse_name, '(unknown)'),
coalesce(loads.pipeline, '(unknown)'), files.table_name, files.load_id, '(none)',
0, 0, 0, null, 1, files.row_count, files.byte_count, null
from files
left join loads on files.load_id = loads.load_id
union all
select
cast(started_at as date), warehouse_name, '(idle)', '(none)', '(none)', '(none)',
0, 0, 0, credits, 0, null, null, null
from idle_hours
),
ledger as (
select
cost_on,
warehouse_name,
pipeline,
table_name,
load_id,
node_id,
cast(coalesce(sum(row_count), 0) as bigint) as row_count,
cast(coalesce(sum(byte_count), 0) as bigint) as byte_count,
cast(coalesce(sum(scanned_byte_count), 0) as bigint) as scanned_byte_count,
cast(sum(file_count) as bigint) as file_count,
cast(sum(statement_count) as bigint) as statement_count,
cast(sum(warehouse_seconds) as decimal(18, 3)) as warehouse_seconds,
cast(sum(metered_seconds) as decimal(18, 3)) as metered_seconds,
cast(coalesce(sum(credits), 0) as decimal(18, 9)) as credits
from measured
group by cost_on, warehouse_name, pipeline, table_name, load_id, node_id
)
select ledger.*, cast(ledger.credits * prices.usd as decimal(18, 6)) as cost_usd
from ledger
cross join prices
) as __dbt_sbq
where false
limit 0;

show objects in DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE
limit 10000
;

show objects in DP_MAILBLAZE_DEMO_DEV_DB.MART
limit 10000
;

show objects in DP_MAILBLAZE_DEMO_DEV_DB.METERING
limit 10000
;

show objects in DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS
limit 10000
;

show objects in DP_MAILBLAZE_DEMO_DEV_DB.STAGING
limit 10000
;

show terse schemas in database DP_MAILBLAZE_DEMO_DEV_DB
limit 10000;

show user functions in DP_MAILBLAZE_DEMO_DEV_DB.INTERMEDIATE;

show user functions in DP_MAILBLAZE_DEMO_DEV_DB.MART;

show user functions in DP_MAILBLAZE_DEMO_DEV_DB.METERING;

show user functions in DP_MAILBLAZE_DEMO_DEV_DB.SNAPSHOTS;

show user functions in DP_MAILBLAZE_DEMO_DEV_DB.STAGING;
