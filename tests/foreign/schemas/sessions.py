"""Databases in other encodings, and settings of a database that change how values are written."""

from tests.foreign.schema import TOUCH, Schema, Turn, line, touched

WORDS = {"LATIN1": ("größe", "Ærø ½"), "WIN1252": ("größe", "€ “Ærø”"), "EUC_JP": ("名前", "日本語 かな")}
SET = """
do $$
declare word text;
begin
    foreach word in array array['extra_float_digits = -3', 'bytea_output = escape', 'intervalstyle = iso_8601',
        'datestyle = ''German, DMY''', 'timezone = ''Asia/Kathmandu''', 'search_path = ''nowhere''',
        'idle_in_transaction_session_timeout = ''700ms''', 'xmloption = document', 'lc_monetary = ''C''',
        'default_transaction_isolation = ''serializable''', 'default_transaction_read_only = off',
        'quote_all_identifiers = on', 'transform_null_equals = on']
    loop execute format('alter database %I set %s', current_database(), word); end loop;
end $$
"""


def _encoded(encoding: str) -> Schema:
    name, word = WORDS[encoding]
    return Schema(
        f"sessions/{encoding}",
        (
            TOUCH,
            f'create table words (id int primary key, "{name}" text, updated_at timestamptz not null default now())',
            touched("words"),
            f"insert into words select g, '{word} ' || g from generate_series(1, 30) g",
        ),
        {"words": line("id", "updated_at")},
        (Turn(), Turn((f"update words set \"{name}\" = '{word}' where id < 5", "delete from words where id = 9"))),
        encoding=encoding,
    )


SETTINGS = Schema(
    "sessions/settings",
    (
        TOUCH,
        "create table shown (id int primary key, f float8, r real, b bytea, i interval, d date, t timestamptz,"
        " z timetz, a float8[], j jsonb, m money, s tstzrange, updated_at timestamptz not null default now())",
        touched("shown"),
        "insert into shown select g, g / 3.0, g / 3.0, '\\x00ff41', interval '1 year 2 days 03:04:05.6', '2024-03-02',"
        " '2024-03-02 01:02:03+00', '01:02+03', array[g / 3.0], '{\"a\": 0.10}', 1.5, '[\"2024-03-02 00:00+00\",)'"
        " from generate_series(1, 30) g",
        "create table keyed (d timestamptz, i interval, v text, primary key (d, i))",
        "insert into keyed select timestamptz '2024-03-02 01:00+00' + g * interval '1 h', g * interval '1 min', 'v'"
        " from generate_series(1, 30) g",
        SET,
    ),
    {"shown": line("id", "updated_at"), "keyed": line(["d", "i"])},
    (
        Turn(),
        Turn(
            (
                "update public.shown set f = f + 1 where id < 5",
                "delete from public.shown where id = 9",
                "update public.keyed set v = 'new' where i < interval '5 min'",
                "delete from public.keyed where i = interval '9 min'",
            )
        ),
        Turn(is_idle=True),
    ),
)
SCHEMAS = (*(_encoded(encoding) for encoding in ("LATIN1", "WIN1252", "EUC_JP")), SETTINGS)
