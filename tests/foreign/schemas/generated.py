"""Schemas, names and values that hypothesis makes: seeded and bounded, so that a number says which they are."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from tests.foreign.reader import candidates
from tests.foreign.schema import TOUCH, Schema, Turn, line, literal, quoted, touched

# What Postgres keeps for itself, and what the harness adds.
TAKEN = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "updated_at")
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.text(letters, max_size=30)
WORDS = ("a b", "a-b", "a_b", "aB", "A B", "order", "user", "value", "Name", "name", "id", "Id", "createdAt", "d", "s")
names = st.one_of(st.sampled_from(WORDS), st.text(letters, min_size=1, max_size=15)).filter(
    lambda name: len(name.encode()) <= 63 and name.strip() and name not in TAKEN
)
numbers = st.integers(-(2**63), 2**63 - 1)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
moments = st.datetimes()
# Of each type: its values as Postgres reads them.
VALUES: dict[str, st.SearchStrategy[str]] = {
    "int": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": numbers.map(str),
    "numeric": st.tuples(st.integers(), st.integers(-40, 40)).map("{0[0]}e{0[1]}".format)
    | st.sampled_from(["NaN", "Infinity"]),
    "numeric(12, 4)": st.integers(-(10**12) + 1, 10**12 - 1).map("{}e-4".format),
    "float8": st.floats().map(repr),
    "float4": st.floats(width=32).map(repr),
    "text": texts,
    "varchar(30)": texts,
    "boolean": st.booleans().map(str),
    "date": st.dates().map(str),
    "timestamp": moments.map(str),
    "timestamptz": moments.map("{}+00".format),
    "time": st.times().map(str),
    "uuid": st.uuids().map(str),
    "bytea": st.binary(max_size=20).map(lambda value: f"\\x{value.hex()}"),
    "jsonb": documents.map(lambda value: json.dumps(value, ensure_ascii=False)),
    "json": documents.map(lambda value: json.dumps(value, ensure_ascii=False, indent=1)),
    "int[]": st.lists(st.integers(-9, 9) | st.none(), max_size=4).map(
        lambda values: "{" + ", ".join("null" if value is None else str(value) for value in values) + "}"
    ),
    "interval": st.timedeltas().map(lambda value: f"{value.days} days {value.seconds} s {value.microseconds} us"),
    "inet": st.ip_addresses(v=4).map(str),
}
KEYS = ("int", "bigint", "numeric(12, 4)", "text", "date", "timestamptz", "uuid", "bytea", "timestamp")


def values_of(kind: str) -> st.SearchStrategy[str | None]:
    """Return a strategy of values of a type, NULL among them."""
    return st.none() | VALUES[kind]


@st.composite
def tables(draw: Any, name: str) -> tuple[list[str], dict, list[list[str]]]:
    """Return statements that make a table, its line of TABLES, and for each of two turns statements that change it."""
    found = draw(st.lists(names, min_size=2, max_size=9, unique=True))
    width = draw(st.integers(1, min(2, len(found) - 1)))
    kinds = [draw(st.sampled_from(KEYS)) for _ in range(width)]
    kinds += [draw(st.sampled_from(sorted(VALUES))) for _ in found[width:]]
    has_cursor = draw(st.booleans())
    relation, key, rest = quoted(name), found[:width], list(zip(found, kinds, strict=True))[width:]
    keys = draw(st.lists(st.tuples(*(VALUES[kind] for kind in kinds[:width])), min_size=4, max_size=12, unique=True))
    cast = [f"{{}}::{kind}" for kind in kinds]

    def written(values: Iterable[str | None]) -> str:
        pairs = zip(cast, values, strict=True)
        return ", ".join(form.format("null" if value is None else literal(value)) for form, value in pairs)

    def row(of: tuple) -> str:
        values = written([*of, *(draw(values_of(kind)) for _, kind in rest)])
        return f"insert into {relation} values ({values}) on conflict do nothing"

    def where(of: tuple) -> str:
        pairs = zip(key, kinds, of, strict=False)
        return " and ".join(f"{quoted(part)} = {literal(value)}::{kind}" for part, kind, value in pairs)

    columns = ", ".join(f"{quoted(part)} {kind}" for part, kind in zip(found, kinds, strict=True))
    made = [
        f"create table {relation} ({columns}, updated_at timestamptz not null default clock_timestamp(),"
        f" primary key ({', '.join(map(quoted, key))}))",
        *([touched(relation)] if has_cursor else []),
    ]
    first, later = keys[:-2], keys[-2:]
    made += [row(one) for one in first]
    turns = []
    for turn in range(2):
        part, kind = draw(st.sampled_from(rest))
        value = draw(values_of(kind))
        changed, gone = draw(st.sampled_from(first)), draw(st.sampled_from(first))
        new = "null" if value is None else f"{literal(value)}::{kind}"
        turns.append(
            [
                f"update {relation} set {quoted(part)} = {new} where {where(changed)}",
                f"delete from {relation} where {where(gone)}",
                row(later[turn]),
            ]
        )
    return made, line(key, "updated_at" if has_cursor else None), turns


@st.composite
def schemas(draw: Any) -> Schema:
    """Return a schema of two to four tables, without a name of its own."""
    found = draw(st.lists(names, min_size=2, max_size=4, unique_by=lambda name: candidates(name)[-1]))
    drawn = {name: draw(tables(name)) for name in found}
    return Schema(
        "",
        (TOUCH, *(sql for made, _, _ in drawn.values() for sql in made)),
        {name: of for name, (_, of, _) in drawn.items()},
        (
            Turn(),
            *(Turn(tuple(sql for _, _, turns in drawn.values() for sql in turns[number])) for number in range(2)),
            Turn(is_idle=True),
        ),
    )


def made(seed: int, count: int) -> list[Schema]:
    """Return `count` schemas, the same ones for a seed as long as the code is the same."""
    return [_largest(f"{seed}-{number}") for number in range(count)]


def _largest(name: str) -> Schema:
    """Return the largest of a few schemas: hypothesis begins with the smallest."""
    found: list[Schema] = []

    @seeded(name)
    @settings(
        max_examples=5,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(schemas())
    def collect(schema: Schema) -> None:
        found.append(schema)

    collect()
    return replace(max(found, key=lambda schema: len(schema.sql)), name=f"generated/{name}")
