"""Small inputs that were wrong once, with what is right: exact, or refused; tests in test_cases.py."""

from tests.foreign.schema import TOUCH, Schema, Turn, line, quoted, touched

IDLE = Turn(is_idle=True)
NAMED = {
    "Artist": ("ArtistId", '"Name" text', "'a' || g"),
    "MediaType": ("MediaTypeId", '"Name" text', "'m'"),
    "Order Details": ("OrderID", '"Unit Price" real', "14.5"),
    "orders-2024": ("id", "v text", "'v'"),
    "users_": ("id", "v text", "'v'"),
    "größen": ("id", "v text", "'v'"),
}
SHAPED = {
    "c_add_default": ("a int default 3", "alter table {} add c int not null default 5", "a"),
    "c_add_gen": ("a int default 3", "alter table {} add c int generated always as (a * 2) stored", "a"),
    "c_rename_col": ("a int default 3", "alter table {} rename a to b", "b"),
    "c_enum": ("m mood default 'sad'", "alter type mood rename value 'sad' to 'blue'", "m"),
}


def _case(name: str, sql: tuple[str, ...], tables: dict, *turns: Turn) -> Schema:
    return Schema(f"case/{name}", sql, tables, turns, is_killed=False)


def _touched(table: str, columns: str, insert: str) -> tuple[str, ...]:
    """Return a table with a cursor that a trigger keeps, and its rows."""
    return (
        f"create table {table} (id int primary key, {columns}, updated_at timestamptz not null default now())",
        touched(table),
        f"insert into {table} {insert}",
    )


MIXED_CASE = _case(
    "names of tables",
    tuple(
        sql
        for table, (key, columns, values) in NAMED.items()
        for sql in (
            f"create table {quoted(table)} ({quoted(key)} int primary key, {columns})",
            f"insert into {quoted(table)} select g, {values} from generate_series(1, 100) g",
        )
    ),
    {table: line(key) for table, (key, *_) in NAMED.items()},
    Turn(),
    IDLE,
    Turn(tuple(f"delete from {quoted(table)} where {quoted(key)} in (2, 3)" for table, (key, *_) in NAMED.items())),
)
DDL = _case(
    "DDL between loads",
    (
        TOUCH,
        "create type mood as enum ('sad', 'ok')",
        *(
            sql
            for table, (columns, *_) in SHAPED.items()
            for sql in _touched(table, columns, "(id) select g from generate_series(1, 50) g")
        ),
    ),
    {table: line("id", "updated_at") for table in SHAPED},
    Turn(),
    Turn(tuple(ddl.format(table) for table, (_, ddl, _) in SHAPED.items())),
    Turn(tuple(f"update {table} set {column} = default where id = 1" for table, (*_, column) in SHAPED.items())),
)
SURROGATE = _case(
    "half a surrogate pair",
    (
        TOUCH,
        *_touched("j", "d json", "(id, d) values (1, '{}'), (8, '{\"title\": \"cut \\ud83d\"}')"),
        *_touched("later", "d json", "(id, d) select g, '{}' from generate_series(1, 20) g"),
        *_touched("beside", "v text", "(id, v) select g, 'v' from generate_series(1, 20) g"),
    ),
    {table: line("id", "updated_at") for table in ("j", "later", "beside")},
    Turn(may_refuse=frozenset({"j"})),
    Turn(
        (
            "update beside set v = 'new' where id = 1",
            'update later set d = \'{"title": "cut \\ud83d"}\' where id = 8',
        ),
        may_refuse=frozenset({"j", "later"}),
    ),
    Turn(("update j set d = '{}' where id = 8", "update later set d = '{}' where id = 8")),
    IDLE,
)
MIDNIGHT = _case(
    "the time 24:00",
    (
        TOUCH,
        *_touched("shifts", "ends time", "select g, '12:00' from generate_series(1, 20) g"),
        "insert into shifts values (100, '24:00')",
        *_touched("shifts_whole", "ends time", "select * from shifts"),
    ),
    {"shifts": line("id", "updated_at"), "shifts_whole": line("id")},
    *[Turn(may_refuse=frozenset({"shifts", "shifts_whole"}))] * 2,
    Turn(("update shifts_whole set ends = '00:00' where id = 100", "delete from shifts where id = 100")),
    IDLE,
)
COLLIDING = _case(
    "columns of one name",
    (
        'create table collide3 (id int primary key, "a-b" text, "a b" text, a_b text, "a__b" text)',
        "insert into collide3 values (1, 'dash', 'space', 'under', 'double')",
        'create table by_case (id int primary key, "Name" text, name text)',
        "insert into by_case select g, 'upper ' || g, 'lower ' || g from generate_series(1, 20) g",
    ),
    {"collide3": line("id"), "by_case": line("id")},
    Turn(),
    Turn(("update collide3 set \"a b\" = 'new'", "update by_case set \"Name\" = 'new' where id < 5")),
    IDLE,
)
FUTURE = _case(
    "a cursor in the future",
    (
        "create table future (id int primary key, v text, updated_at timestamptz)",
        "insert into future values (1, 'now', now()), (100, '2099', '2099-01-01'), (101, 'inf', 'infinity'),"
        " (102, 'tomorrow', now() + interval '1 day')",
    ),
    {"future": line("id", "updated_at")},
    Turn(says=(r"⚠.*\bfuture\b",)),
    Turn(("update future set v = 'x', updated_at = now() + interval '1 hour' where id = 1",)),
    Turn(("update future set v = 'y', updated_at = now() where id = 1", "insert into future values (2, 'new', now())")),
)
OUR_NAMES = _case(
    "names that the product uses",
    (
        "create table a (id int primary key, _deleted_at timestamptz)",
        "insert into a select g, case when g % 2 = 0 then now() end from generate_series(1, 20) g",
        "create table b (id int primary key, _dlt_load_id text, v text)",
        "insert into b select g, 'mine ' || g, 'v' from generate_series(1, 20) g",
        "create table orders (id int primary key)",
        "create table orders_deletes (id int primary key)",
        *(f"insert into {table} select g from generate_series(1, 20) g" for table in ("orders", "orders_deletes")),
    ),
    {table: line("id") for table in ("a", "b", "orders", "orders_deletes")},
    Turn(),
    Turn(
        (
            "update a set _deleted_at = now() where id = 1",
            "update b set _dlt_load_id = 'other' where id = 1",
            *(f"delete from {table} where id = 2" for table in ("a", "b", "orders", "orders_deletes")),
        )
    ),
    IDLE,
)
ALIAS = _case(
    "names that SQL of a merge uses",
    (
        TOUCH,
        "create table named_d (key int primary key, d jsonb, updated_at timestamptz not null default now())",
        touched("named_d"),
        "insert into named_d select g, '{\"key\": 1}' from generate_series(1, 400) g",
        "create table contact (id int primary key, my_field__c text)",
        "insert into contact select g, 'v' || g from generate_series(1, 20) g",
    ),
    {"named_d": line("key", "updated_at"), "contact": line("id")},
    Turn(),
    Turn(("update named_d set d = '{\"key\": 2}'", "update contact set my_field__c = 'new' where id = 1")),
    Turn(("update named_d set d = '{\"key\": 3}' where key < 5", "delete from named_d where key = 9")),
)
SCHEMAS = (MIXED_CASE, DDL, SURROGATE, MIDNIGHT, COLLIDING, FUTURE, OUR_NAMES, ALIAS)
