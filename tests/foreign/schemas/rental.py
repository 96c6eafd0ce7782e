"""A rental shop's sample database: cursors in local time, partitions, domains, enums, arrays, text search, views."""

from tests.foreign.schema import Schema, Turn, line

ZONE = "America/New_York"
LOCAL = """
do $$ begin execute format('alter database %I set timezone = ''America/New_York''', current_database()); end $$
"""
LAST_UPDATED = """
create function last_updated() returns trigger language plpgsql as $$
begin new.last_update := current_timestamp; return new; end $$
"""


def _kept(table: str) -> str:
    return (
        f"create trigger last_updated before insert or update on {table} for each row execute function last_updated()"
    )


def _local(key: str | list[str]) -> dict:
    return line(key, "last_update", zone=ZONE)


SHOP = Schema(
    "rental",
    (
        LOCAL,
        # The trigger's function works in the zone of its session, which the database sets for new ones.
        "set timezone = 'America/New_York'",
        LAST_UPDATED,
        "create type mpaa_rating as enum ('G', 'PG', 'PG-13', 'R', 'NC-17')",
        "create domain year as integer check (value between 1901 and 2155)",
        "create domain email as text check (value like '%@%')",
        "create table film (film_id serial primary key, title text not null, description text, release_year year,"
        " rental_rate numeric(4,2) not null default 4.99, length smallint, rating mpaa_rating default 'G',"
        " special_features text[], fulltext tsvector, last_update timestamp not null default now())",
        "create table customer (customer_id serial primary key, first_name text, email email, activebool boolean,"
        " create_date date default current_date, picture bytea, last_update timestamp default now())",
        "create table rental (rental_id serial primary key, rental_period tsrange, customer_id int references customer,"
        " film_id int references film, last_update timestamp not null default now())",
        "create table payment (payment_id int, customer_id int, amount numeric(5,2), payment_date timestamp not null,"
        " last_update timestamp not null default now(), primary key (payment_date, payment_id))"
        " partition by range (payment_date)",
        "create table payment_2024_01 partition of payment for values from ('2024-01-01') to ('2024-02-01')",
        "create table payment_2024_02 partition of payment for values from ('2024-02-01') to ('2024-03-01')",
        "create view customer_list as select customer_id as id, upper(first_name) as name, email,"
        " case when activebool then 'active' else '' end as notes from customer",
        "create view film_count as select rating, count(*) as films, avg(rental_rate) as rate from film group by 1",
        *(_kept(table) for table in ("film", "customer", "rental", "payment")),
        "insert into film (title, description, release_year, length, rating, special_features, fulltext)"
        " select 'Film ' || g, repeat('A tale ', g % 5), 1950 + g, g, (enum_range(null::mpaa_rating))[1 + g % 5],"
        " case when g % 3 = 0 then null else array['Trailers', 'Deleted, \"Scenes\"', null] end,"
        " to_tsvector('english', 'film number ' || g) from generate_series(1, 60) g",
        "insert into customer (first_name, email, activebool, picture)"
        " select 'Mary ' || g, 'm' || g || '@example.org', g % 4 <> 0, decode(md5(g::text), 'hex')"
        " from generate_series(1, 50) g",
        "insert into rental (rental_period, customer_id, film_id) select tsrange(timestamp '2024-01-01' + g * interval"
        " '1 h', case when g % 4 <> 0 then timestamp '2024-01-03' + g * interval '1 h' end), 1 + g % 50, 1 + g % 60"
        " from generate_series(1, 80) g",
        "insert into payment select g, 1 + g % 50, g / 10.0, timestamp '2024-01-01' + g * interval '11 h'"
        " from generate_series(1, 120) g",
    ),
    {
        "film": _local("film_id"),
        "customer": _local("customer_id"),
        "rental": _local("rental_id"),
        "payment": _local(["payment_date", "payment_id"]),
        "customer_list": line("id"),
        "film_count": line("rating"),
    },
    (
        Turn(),
        Turn(
            (
                "update film set rental_rate = 0.99, special_features = '{}' where film_id % 10 = 3",
                "update customer set activebool = not activebool where customer_id % 10 = 4",
                "update payment set amount = amount + 1 where payment_id % 20 = 5",
                "delete from payment where payment_id % 20 = 6",
                # A row moves to the other partition, and its key with it.
                "update payment set payment_date = payment_date + interval '31 days' where payment_id in (7, 8)",
                "insert into rental (rental_period, customer_id, film_id) values ('empty', 1, 1), (null, 2, 2)",
                "delete from rental where rental_id % 20 = 3",
            )
        ),
        Turn(is_idle=True),
        # A partition is filled by itself and attached: its rows have the cursors of then.
        Turn(
            (
                "create table payment_2024_03 (like payment including all)",
                "insert into payment_2024_03 select 1000 + g, 1, 1.5, timestamp '2024-03-01' + g * interval '1 h',"
                " localtimestamp - interval '40 days' from generate_series(1, 30) g",
                "alter table payment attach partition payment_2024_03 for values from ('2024-03-01') to ('2024-04-01')",
                "alter table payment detach partition payment_2024_02",
                "update customer set first_name = 'Ann' where customer_id = 1",
            )
        ),
        Turn(
            ("update payment set amount = 9.5 where payment_id > 1020",
             "create or replace view customer_list as select customer_id as id, lower(first_name) as name, email,"
             " 'n' as notes from customer")
        ),
        Turn(is_idle=True),
    ),
    after_kill=("update film set length = length + 1 where film_id < 4",),
)  # fmt: skip


def _clock(zone: str, is_told: bool) -> Schema:
    """Return a table whose cursor is written in a zone, by writers that set it themselves."""
    told = line("id", "at", zone=zone)
    now = f"now() at time zone '{zone}'"
    name = f"rental/{zone.rpartition('/')[2]}" + ("" if is_told else ", no zone said")
    turns = (
        Turn(),
        Turn((f"update visits set v = 'new', at = {now} where id < 5", "delete from visits where id = 9")),
        Turn((f"insert into visits values (100, 'late', {now})",)),
        Turn(is_idle=True),
    )
    return Schema(
        name,
        (
            LOCAL.replace(ZONE, zone),
            "create table visits (id int primary key, v text, at timestamp)",
            f"insert into visits select g, 'v', {now} - g * interval '1 h' from generate_series(1, 40) g",
        ),
        {"visits": told if is_told else line("id", "at")},
        turns if is_told else (Turn(refused={"visits": "zone"}), Turn(tables={"visits": told})),
    )


SCHEMAS = (
    SHOP,
    _clock("Europe/Berlin", is_told=True),
    _clock("Europe/Berlin", is_told=False),
    _clock("America/New_York", is_told=False),
)
