"""Names in the manner of object-relational mappers: mixed case, spaces, reserved words, names that meet each other."""

from tests.foreign.schema import TOUCH, Schema, Turn, line, literal, quoted, touched

LONG = "a_very_long_name_that_has_as_many_bytes_as_postgres_lets_it_hav"  # 63 bytes
TABLES = (
    "User", "OrderItems", "Order Details", "orders-2024", "users_", "größen", "order", "group", "select", LONG,
    "2fast", "名前", "ümlaut Straße", "MixedCASE", "__private", "s", "d",
)  # fmt: skip
COLUMNS = (
    "createdAt", "userId", "user_id", "Unit Price", "order", "group", "select", "my_field__c", "a-b", "a b", "a_b",
    "a__b", "2nd", "größe", "grösse", "名前", "値", "🙂", 'say "hi"', "100%", "a.b", "line\nbreak", "s", "v", "t",
    "value",     LONG, "x", "X", "trailing_", "_leading", "$dollar", "tab\there", "back\\slash", "semi;colon", "it's",
)  # fmt: skip


def _plain(name: str) -> tuple[str, ...]:
    """Return a table of 40 rows under a name, with a cursor that a trigger keeps."""
    table = quoted(name)
    return (
        f'create table {table} ("Id" int primary key, "userName" text, "d" jsonb,'
        ' "updatedAt" timestamptz not null default clock_timestamp())',
        f"create trigger touch before insert or update on {table} for each row execute function touch_camel()",
        f"insert into {table} select g, 'name ' || g, jsonb_build_object('key', g) from generate_series(1, 40) g",
    )


TOUCH_CAMEL = """
create function touch_camel() returns trigger language plpgsql as $$
begin new."updatedAt" := clock_timestamp(); return new; end $$
"""


def _all(statement: str) -> tuple[str, ...]:
    return tuple(statement.replace("{}", quoted(name)) for name in TABLES)


NAMES = Schema(
    "orm/tables",
    (TOUCH_CAMEL, *(sql for name in TABLES for sql in _plain(name))),
    # One half has a cursor, the other is read whole.
    {name: line("Id", "updatedAt" if number % 2 else None) for number, name in enumerate(TABLES)},
    (
        Turn(),
        Turn(
            (
                *_all('update {} set "userName" = \'changed\' where "Id" % 10 = 3'),
                *_all('delete from {} where "Id" % 10 = 7'),
                *_all("insert into {} select g, 'new', '{\"key\": 0}' from generate_series(41, 45) g"),
            )
        ),
        Turn(is_idle=True),
        Turn((*_all("insert into {} values (7, 'back again', null)"), *_all('delete from {} where "Id" = 1'))),
    ),
)

_COLUMNS = ", ".join(f"{quoted(name)} text" for name in COLUMNS)
_VALUES = ", ".join(f"{literal(f'{number} ')} || g" for number in range(len(COLUMNS)))


def _columns(table: str, cursor: str = "updated_at") -> tuple[str, ...]:
    return (
        f'create table {table} ("ID" int primary key, {_COLUMNS}, updated_at timestamptz not null default now())',
        touched(table),
        f"insert into {table} select g, {_VALUES} from generate_series(1, 30) g",
    )


COLLIDING = Schema(
    "orm/columns",
    (
        TOUCH,
        *_columns("many"),
        *_columns("whole"),
        # A column that comes later and meets one that is there.
        "create table later (id int primary key, a_b text, updated_at timestamptz not null default now())",
        touched("later"),
        "insert into later select g, 'first ' || g from generate_series(1, 20) g",
        "create table foreign_first (id int primary key, 名前 text)",
        "insert into foreign_first select g, 'first ' || g from generate_series(1, 20) g",
    ),
    {
        "many": line("ID", "updated_at"),
        "whole": line("ID"),
        "later": line("id", "updated_at"),
        "foreign_first": line("id"),
    },
    (
        Turn(),
        Turn(
            (
                "update many set \"userId\" = 'new', user_id = 'other' where \"ID\" < 4",
                'update whole set "a b" = \'new\', "a-b" = null where "ID" < 4',
                'delete from many where "ID" = 20',
                'delete from whole where "ID" = 20',
            )
        ),
        Turn(is_idle=True),
        Turn(
            (
                "alter table later add \"a-b\" text default 'second'",
                "alter table foreign_first add 値 text default 'second'",
            )
        ),
        Turn(
            (
                "update later set \"a-b\" = 'third' where id = 3",
                "update foreign_first set 値 = 'third', 名前 = 'x' where id = 3",
            )
        ),
        Turn(is_idle=True),
    ),
)

OURS = Schema(
    "orm/our names",
    (
        TOUCH,
        "create table orders (id int primary key, v text, updated_at timestamptz not null default now())",
        touched("orders"),
        "create table orders_deletes (id int primary key, v text)",
        "create table own (id int primary key, _deleted_at timestamptz, _dlt_load_id text, _dlt_id text, _row_key text,"
        " d jsonb, s jsonb, updated_at timestamptz not null default now())",
        touched("own"),
        "create table own_whole (id int primary key, _deleted_at timestamptz, _dlt_load_id text, _dlt_id text,"
        " _row_key text, d jsonb, s jsonb)",
        "create table json_alias (id int primary key, d jsonb, key jsonb,"
        " updated_at timestamptz not null default now())",
        touched("json_alias"),
        *(
            f"insert into {table} select g, 'v' || g from generate_series(1, 40) g"
            for table in ("orders", "orders_deletes")
        ),
        *(
            f"insert into {table} select g, now(), 'mine', 'id ' || g, 'key', '{{\"id\": 1}}', '{{\"key\": 2}}'"
            " from generate_series(1, 40) g"
            for table in ("own", "own_whole")
        ),
        "insert into json_alias select g, jsonb_build_object('id', g, 'key', g), '[1]' from generate_series(1, 40) g",
    ),
    {
        "orders": line("id", "updated_at"),
        "orders_deletes": line("id"),
        "own": line("id", "updated_at"),
        "own_whole": line("id"),
        "json_alias": line("id", "updated_at"),
    },
    (
        Turn(),
        Turn(
            (
                "update orders set v = 'new' where id < 5",
                "delete from orders where id = 9",
                "update orders_deletes set v = 'new' where id < 5",
                "delete from orders_deletes where id = 10",
                "update own set _deleted_at = null, _dlt_load_id = 'other' where id < 5",
                "update own_whole set _deleted_at = null, _dlt_load_id = 'other' where id < 5",
                "delete from own where id = 8",
                "delete from own_whole where id = 8",
                "update json_alias set d = '{\"id\": 5}' where id < 9",
            )
        ),
        Turn(("update json_alias set d = '{\"id\": 6}' where id < 12", "delete from json_alias where id = 2")),
        Turn(is_idle=True),
    ),
)
# Two tables of one name in RAW, one with a name of its own there.
TWINS = Schema(
    "orm/twins",
    (
        'create table "Users" (id int primary key, v text)',
        "create table users (id int primary key, v text)",
        "create schema sales",
        "create table sales.users (id int primary key, v text)",
        *(
            f"insert into {table} select g, {literal(table)} || g from generate_series(1, 20) g"
            for table in ('"Users"', "users", "sales.users")
        ),
    ),
    {
        "users": line("id"),
        "big": line("id", table="Users", raw="big_users"),
        "sales": line("id", schema="sales", table="users", raw="sales_users"),
    },
    (
        Turn(),
        Turn(
            (
                "update \"Users\" set v = 'new' where id < 5",
                "delete from users where id = 3",
                "delete from sales.users where id = 4",
            )
        ),
        Turn(is_idle=True),
    ),
)
SCHEMAS = (NAMES, COLLIDING, OURS, TWINS)
