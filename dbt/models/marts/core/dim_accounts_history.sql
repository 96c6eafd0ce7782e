{{ config(row_access_policy=rows_of_region()) }}

with versions as (
    select * from {{ ref('accounts_snapshot') }}
),

plans as (
    select plan_id, plan_code, plan_name from {{ ref('stg_postgres__plans') }}
),

-- The first version existed before dbt first recorded it: it is valid from the creation of the account.
bounded as (
    select
        *,
        case
            when row_number() over (partition by account_id order by dbt_valid_from) = 1 then least(created_at, dbt_valid_from)
            else dbt_valid_from
        end as valid_from,
        dbt_valid_to as valid_to
    from versions
),

known as (
    select
        bounded.account_id,
        bounded.valid_from,
        bounded.valid_to,
        bounded.valid_to is null as is_current,
        bounded.account_name,
        bounded.account_status,
        plans.plan_code,
        plans.plan_name,
        bounded.region,
        bounded.industry,
        bounded.time_zone,
        bounded.created_at,
        bounded.deleted_at,
        bounded.is_deleted
    from bounded
    left join plans on bounded.plan_id = plans.plan_id
),

unknown as (
    select
        -1, cast('1900-01-01' as timestamp without time zone), cast(null as timestamp without time zone), true,
        '(unknown)', '(unknown)', null, null, '(unknown)', null, null, null, null, false
)

select * from known
union all
select * from unknown
