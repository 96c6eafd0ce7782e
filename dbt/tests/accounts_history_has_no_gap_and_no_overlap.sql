-- Versions that do not end where the next one starts, that are empty, or are the newest and not current.
with versions as (
    select
        account_id,
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by account_id order by valid_from) as next_from
    from {{ ref('dim_accounts_history') }}
)

select *
from versions
where (next_from is null) <> is_current
    or (valid_to is null) <> is_current
    or valid_to <> next_from
    or valid_from >= valid_to
