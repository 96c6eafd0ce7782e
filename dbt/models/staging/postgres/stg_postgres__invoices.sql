with source as (
    select * from {{ source('postgres', 'invoices') }}
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
        {{ parsed_json('line_items') }} as line_items,
        memo,
        issued_on,
        due_on,
        {{ utc('paid_at') }} as paid_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        {{ utc('_deleted_at') }} as deleted_at,
        _deleted_at is not null as is_deleted,
        _dlt_load_id as load_id
    from source
)

select * from renamed
