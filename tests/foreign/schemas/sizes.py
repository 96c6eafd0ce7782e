"""Many tables, wide tables, long values."""

from tests.foreign.schema import TOUCH, Schema, Turn, line, touched

MANY = 100
WIDE = 1200
KINDS = ("int", "boolean", "smallint", "int", "date")
VALUES = ("g * {0}", "g % 2 = 0", "{0} % 1000", "null", "date '2024-01-01' + {0}")


def _each(statement: str, step: int = 1) -> tuple[str, ...]:
    return tuple(statement.format(f"small_{number}") for number in range(0, MANY, step))


SMALL = Schema(
    "sizes/100 tables",
    (
        TOUCH,
        *(
            sql
            for number in range(MANY)
            for sql in (
                f"create table small_{number} (id int primary key, v text, n numeric(8, 2),"
                " updated_at timestamptz not null default now())",
                touched(f"small_{number}"),
                f"insert into small_{number} select g, 'v' || g, g / 4.0 from generate_series(1, 50) g",
            )
        ),
    ),
    {f"small_{number}": line("id", "updated_at" if number % 2 else None) for number in range(MANY)},
    (
        Turn(),
        Turn((*_each("update {0} set v = 'new' where id = 4"), *_each("delete from {0} where id = 5", 3))),
        Turn(is_idle=True),
    ),
)

_WIDE = ", ".join(f"c{number} {KINDS[number % 5]}" for number in range(WIDE - 2))
_WIDE_VALUES = ", ".join(VALUES[number % 5].format(number) for number in range(WIDE - 2))
_TEXTS = ", ".join(f"c{number} text" for number in range(198))
_TEXT_VALUES = ", ".join(f"'value {number} of ' || g" for number in range(198))
LARGE = Schema(
    "sizes/wide",
    (
        TOUCH,
        f"create table wide (id int primary key, {_WIDE}, updated_at timestamptz not null default now())",
        touched("wide"),
        f"insert into wide select g, {_WIDE_VALUES} from generate_series(1, 30) g",
        f"create table columns_200 (id int primary key, {_TEXTS}, updated_at timestamptz not null default now())",
        touched("columns_200"),
        f"insert into columns_200 select g, {_TEXT_VALUES} from generate_series(1, 500) g",
        "create table long_value (id int primary key, v text, updated_at timestamptz not null default now())",
        touched("long_value"),
        "insert into long_value select g, repeat('five MB ' || g || ' ', 500000) from generate_series(1, 2) g",
        "insert into long_value select g, 'short' from generate_series(3, 20) g",
    ),
    {
        "wide": line("id", "updated_at"),
        "columns_200": line("id", "updated_at"),
        "long_value": line("id", "updated_at"),
    },
    (
        Turn(),
        Turn(
            (
                "update columns_200 set c7 = 'new', c197 = null where id % 26 = 1 and id < 480",
                "delete from columns_200 where id = 400",
                "update wide set c0 = -1, c1197 = 5 where id < 8",
                "delete from wide where id = 9",
                "update long_value set v = v || '!' where id < 4",
                "delete from long_value where id = 1",
            )
        ),
        Turn(is_idle=True),
        Turn(("update columns_200 set c7 = 'newer' where id < 250", "update wide set c2 = 7")),
    ),
)
SCHEMAS = (SMALL, LARGE)
