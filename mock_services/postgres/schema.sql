-- MailBlaze's operational database. It knows nothing of the platform that reads it.
-- Between them the tables hold every Postgres type that an extraction likes to bend.

create extension if not exists citext;

create domain email_address as citext check (value ~ '^[^@]+@[^@]+$');
create type account_status as enum ('trial', 'active', 'past_due', 'cancelled');
create type user_role as enum ('owner', 'admin', 'editor', 'viewer');
create type subscription_status as enum ('trialing', 'active', 'paused', 'cancelled');
create type invoice_status as enum ('draft', 'open', 'paid', 'void', 'uncollectible');
create type membership_status as enum ('subscribed', 'unsubscribed', 'cleaned', 'pending');
create type campaign_status as enum ('draft', 'scheduled', 'sending', 'sent', 'archived');

create function touch_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;

create table plans (
    plan_id smallint primary key,
    plan_code text not null unique,
    plan_name text not null,
    monthly_price numeric(10, 2) not null,
    currency char(3) not null,
    monthly_send_limit bigint,                  -- null: unlimited
    overage_price numeric,                      -- per message, any precision
    features jsonb not null,
    is_public boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table accounts (
    account_id bigint primary key,
    account_uuid uuid not null unique,
    account_name text not null,
    plan_id smallint not null references plans,
    account_status account_status not null,
    region text not null,                       -- eu, us, apac, latam
    industry text,
    time_zone text not null,                    -- IANA
    settings jsonb not null,
    tags text[] not null,
    api_secret_hash bytea,
    credit_limit numeric,                       -- any precision
    trial_ends_on date,
    signed_up_local_at timestamp not null,      -- in the account's own time zone
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table users (
    user_id bigint primary key,
    account_id bigint not null references accounts,
    email email_address not null unique,
    full_name text,
    user_role user_role not null,
    is_active boolean not null,
    avatar bytea,
    failed_login_count smallint not null default 0,
    last_login_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table subscriptions (
    subscription_id bigint primary key,
    account_id bigint not null references accounts,
    plan_id smallint not null references plans,
    subscription_status subscription_status not null,
    monthly_amount numeric(12, 4) not null,     -- in currency
    discount_rate numeric,                      -- 0..1, any precision
    currency char(3) not null,
    seat_count smallint,
    started_on date not null,
    ended_on date,
    metadata jsonb,
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table invoices (
    invoice_id bigint primary key,
    account_id bigint not null references accounts,
    subscription_id bigint not null references subscriptions,
    invoice_number text not null unique,
    invoice_status invoice_status not null,
    currency char(3) not null,
    subtotal_amount numeric(14, 2) not null,
    tax_amount numeric(14, 2) not null,
    total_amount numeric(14, 2) not null,       -- subtotal + tax
    exchange_rate numeric not null,             -- to USD, any precision
    line_items jsonb not null,
    memo text,
    issued_on date not null,
    due_on date not null,
    paid_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table lists (
    list_id bigint primary key,
    account_id bigint not null references accounts,
    list_name text not null,
    is_archived boolean not null,
    default_from_email email_address,
    segment_rule jsonb,
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table contacts (
    contact_id bigint primary key,
    account_id bigint not null references accounts,
    contact_uuid uuid not null unique,
    email email_address not null,
    first_name text,                            -- null, empty, odd Unicode, control characters
    last_name text,
    locale text,
    birth_date date,
    is_subscribed boolean not null,
    consent_source text,
    lead_score numeric(8, 3),
    attributes jsonb,
    tags text[],
    subscribed_at timestamptz,
    unsubscribed_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    unique (account_id, email)
);

create table list_memberships (
    list_id bigint not null references lists,
    contact_id bigint not null references contacts on delete cascade,
    membership_status membership_status not null,
    joined_at timestamptz not null,
    updated_at timestamptz not null default now(),
    primary key (list_id, contact_id)
);

create table campaigns (
    campaign_id bigint primary key,
    account_id bigint not null references accounts,
    list_id bigint not null references lists,
    campaign_name text not null,
    subject_line text,
    from_email email_address not null,
    campaign_status campaign_status not null,
    budget_amount numeric(12, 2),
    settings jsonb,
    scheduled_local_at timestamp,               -- in the account's own time zone
    sent_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

do $$
declare
    name text;
begin
    foreach name in array array[
        'plans', 'accounts', 'users', 'subscriptions', 'invoices', 'lists', 'contacts', 'list_memberships', 'campaigns'
    ] loop
        execute format('create trigger %1$s_touch before update on %1$I for each row execute function touch_updated_at()', name);
        execute format('create index %1$s_updated_at on %1$I (updated_at)', name);
    end loop;
end
$$;

create index contacts_account_id on contacts (account_id);
create index list_memberships_contact_id on list_memberships (contact_id);
