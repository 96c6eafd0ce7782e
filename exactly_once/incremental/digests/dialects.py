"""The SQL by which Postgres, DuckDB and Snowflake hash the same value to the same number.

A value is hashed as its canonical text, which is byte-equal everywhere, or, where it is an integer, by arithmetic. A
kind of value that a database cannot write so has no text here: its table is compared key by key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

BITS_32 = 2**32 - 1
# Odd numbers of 31 bits: times a number of 32 bits they stay below 2^63.
FIRST = "first_part"  # the key's first column, where it is an integer
MULTIPLIERS = (1_540_483_477, 1_103_515_245, 1_664_525_991, 1_566_083_941)


@dataclass(frozen=True)
class Part:
    """A column that is hashed, on one side.

    Args:
        kind: "int", "text", "date", "timestamp", "time", "bool", "binary" or "decimal(p,s)".
        sql: the column, or an expression with its value.
    """

    kind: str
    sql: str


class Dialect:
    """The SQL of one database; `{0}` and `{1}` are operands."""

    XOR: ClassVar[str]
    RIGHT: ClassVar[str]  # a number from 0 to 2^63, shifted by bits
    LOW: ClassVar[str]  # its lower 32 bits
    HALVES: ClassVar[tuple[str, str]]  # the upper and the lower 32 bits of 2^63 + an integer of 64 bits
    QUOTIENT: ClassVar[str]  # of two integers that are not negative
    RESIDUE: ClassVar[str]  # of a hash by a power of two
    MD5: ClassVar[str]  # the first 64 bits of a text's MD5, signed or not
    TEXTS: ClassVar[Mapping[str, str]]  # of each kind, the canonical text
    MOST_RANGES: ClassVar[int] = 32  # in a condition; more are looked up by their numbers, row by row
    FENCE: ClassVar[str] = ""  # behind a subquery whose expressions are not to be repeated where they are used

    def text(self, part: Part) -> str | None:
        """Return the SQL of a part's canonical text; None: this database has none."""
        kind, _, digits = part.kind.partition("(")
        found = self.TEXTS.get(kind)
        return found.format(part.sql, digits.rstrip(")")) if found else None

    def can_hash(self, parts: Sequence[Part]) -> bool:
        """Tell whether every part has a canonical text."""
        return all(self.text(part) is not None for part in parts)

    def integer(self, part: Part) -> str:
        """Return the SQL of an integer as one of 64 bits."""
        return f"CAST({part.sql} AS BIGINT)"

    def row_hash(self, parts: Sequence[Part]) -> str:
        """Return the SQL of 64 bits over all parts, in their order; NULL differs from every value.

        No canonical text but that of a text contains a comma, and a text among others is hashed by itself.
        """
        if len(parts) == 1:
            return self.MD5.format(self.text(parts[0]))
        texts = [f"md5({self.text(part)})" if part.kind == "text" else str(self.text(part)) for part in parts]
        return self.MD5.format(" || ',' || ".join(f"coalesce({text}, '')" for text in texts))

    def mixed(self, first: Part, relation: str, where: str) -> str:
        """Return a query of an integer and two hashes of 32 bits, a and b, that together are a permutation of its bits.

        It is a Feistel network: two integers never share both, and four rounds spread each bit over all others.
        """
        high, low = (half.format(first.sql) for half in self.HALVES)
        query = f"SELECT {self.integer(first)} AS {FIRST}, {high} AS a, {low} AS b FROM {relation}{where}{self.FENCE}"
        for number, multiplier in enumerate(MULTIPLIERS):
            changed, other = ("a", "b") if number % 2 == 0 else ("b", "a")
            mixed = self.XOR.format(self.RIGHT.format(other, 15), other)
            spread = self.LOW.format(self.RIGHT.format(f"({mixed} * {multiplier})", 16))
            columns = {"a": "a", "b": "b", changed: self.XOR.format(changed, spread)}
            query = f"SELECT {FIRST}, {columns['a']} AS a, {columns['b']} AS b FROM ({query}) AS r{number}{self.FENCE}"
        return query


class Postgres(Dialect):
    """Postgres's SQL, in a session whose settings are pinned (exactly_once/postgres/connection)."""

    XOR = "({0} # {1})"
    RIGHT = "({0} >> {1})"
    LOW = f"({{0}} & {BITS_32})"
    HALVES = ("((({0})::bigint >> 32) + 2147483648)", f"(({{0}})::bigint & {BITS_32})")
    QUOTIENT = "({0} / {1})"
    RESIDUE = "({0} & ({1} - 1))"
    MD5 = "('x' || md5({0}))::bit(64)::bigint"
    # A value that RAW cannot hold has a text that no value of RAW has; comparing the key itself then says so.
    _TIMES = (
        "CASE WHEN isfinite({0}) THEN (extract(epoch FROM date_trunc('second', {0}))::bigint * 1000000"
        " + extract(microseconds FROM {0})::bigint % 1000000)::text ELSE ({0})::text END"
    )
    TEXTS: ClassVar[Mapping[str, str]] = {
        "int": "({0})::bigint::text",
        "text": "({0})::text",
        "date": "({0})::text",
        "timestamp": _TIMES,
        "time": "round(extract(epoch FROM {0}) * 1000000)::bigint::text",
        "bool": "({0})::int::text",
        "binary": "encode({0}, 'hex')",
        "decimal": "({0})::numeric({1})::text",
    }
    MOST_RANGES = 1_024  # each is a look-up in the key's index
    FENCE = " OFFSET 0"


def _reversed(word: str) -> str:
    """Return DuckDB's SQL of an unsigned number of 64 bits with its bytes in reverse order."""
    for bits, mask in ((8, 0x00FF00FF00FF00FF), (16, 0x0000FFFF0000FFFF)):
        word = f"((({word} & {mask}) << {bits}) | (({word} >> {bits}) & {mask}))"
    return f"((({word} & {BITS_32}) << 32) | ({word} >> 32))"


class DuckDb(Dialect):
    """DuckDB's SQL."""

    XOR = "xor({0}, {1})"
    RIGHT = "({0} >> {1})"
    LOW = f"({{0}} & {BITS_32})"
    HALVES = ("((CAST({0} AS BIGINT) >> 32) + 2147483648)", f"(CAST({{0}} AS BIGINT) & {BITS_32})")
    QUOTIENT = "({0} // {1})"
    RESIDUE = "({0} & ({1} - 1))"
    TEXTS: ClassVar[Mapping[str, str]] = {
        "int": "CAST({0} AS VARCHAR)",
        "text": "{0}",
        "date": "CAST({0} AS VARCHAR)",
        "timestamp": "CAST(epoch_us({0}) AS VARCHAR)",
        "time": "CAST(epoch_us({0}) AS VARCHAR)",
        "bool": "CAST(CAST({0} AS INTEGER) AS VARCHAR)",
        "binary": "lower(hex({0}))",
        "decimal": "CAST({0} AS VARCHAR)",
    }
    # md5_number has the digest's bytes in reverse order, and takes half the time of the text that md5 makes.
    MD5 = _reversed("CAST(md5_number({0}) & 18446744073709551615::UHUGEINT AS UBIGINT)")


class Snowflake(Dialect):
    """Snowflake's SQL; a negative operand of a bit function never occurs."""

    XOR = "BITXOR({0}, {1})"
    RIGHT = "BITSHIFTRIGHT({0}, {1})"
    LOW = f"BITAND({{0}}, {BITS_32})"
    HALVES = (
        f"CAST(({{0}} + {2**63} - MOD({{0}} + {2**63}, {2**32})) / {2**32} AS BIGINT)",
        f"CAST(MOD({{0}} + {2**63}, {2**32}) AS BIGINT)",
    )
    QUOTIENT = "CAST(({0} - MOD({0}, {1})) / {1} AS BIGINT)"  # a quotient of Snowflake is rounded to six digits
    RESIDUE = "MOD({0}, {1})"
    MD5 = "MD5_NUMBER_UPPER64({0})"
    # A time and a decimal with digits behind the point have no documented text that is surely Postgres's.
    TEXTS: ClassVar[Mapping[str, str]] = {
        "int": "TO_VARCHAR({0})",
        "text": "{0}",
        "date": "TO_CHAR({0}, 'YYYY-MM-DD')",
        "timestamp": "TO_VARCHAR(DATE_PART(EPOCH_MICROSECOND, {0}))",
        "bool": "CASE WHEN {0} THEN '1' WHEN NOT {0} THEN '0' END",
        "binary": "LOWER(HEX_ENCODE({0}))",
    }

    def text(self, part: Part) -> str | None:
        """Return the SQL of a part's canonical text; None: this database has none."""
        if part.kind.startswith("decimal(") and part.kind.endswith(",0)"):
            return f"TO_VARCHAR({part.sql})"
        return super().text(part)


POSTGRES = Postgres()
WAREHOUSES: Mapping[str, Dialect] = {"duckdb": DuckDb(), "snowflake": Snowflake()}
