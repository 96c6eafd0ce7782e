"""Edge values: each is legal in Postgres, and each has broken an extraction."""

TEXTS = (
    None, "", " ",
    "🦊 Renée 👩‍👩‍👧", "محمد \u200fعلي", "Zo\u0308e", "O\"Brien 'Jr'", "back\\slash \\N \\.",
    "tab\there", "line\nfeed", "carriage\r\nreturn", "bell\x07 escape\x1b", "NULL", "null", "山田 太郎",
    "a,b;c|d", "{}", "x" * 300,
    "\ufeffbom", "nbsp\u00a0and\u2028separator", "\U0001d54f outside the first plane", "=1+1", "ﬁ ligature ß İ",
)  # fmt: skip
NUMERICS = (
    None, "0", "-0.5", "0.1234567890123456789012345678", "123456789012345678901234567890.12", "-1e-20", "1.10",
    "1.1000",
    "99999999999999999999999999999999999999", "-123456789.000000001", "0.000000000000000000000000000001", "42",
)  # fmt: skip
AMOUNTS = (
    None, "0", "-0.5", "0.1234567890123456789012345678", "12345678901234567890123456789.123456789", "-1e-20", "1.10",
    "1.1000", "99999999999999999999999999999", "-123456789.000000001", "42",
)  # fmt: skip
RATES = (None, "0", "0.1234567890123456789012345678", "1.0833333333333333333333333333", "1e-20", "0.10", "0.1000", "1")
JSONS = (
    None, "null", "{}", "[]", '"text"', "true", "12345678901234567890.123456789", '{"n": 9007199254740993}',
    '{"deep": {"er": [{"list": [1, [2, [3, null]]]}]}}', '{"clé": "välue 🦊", "العربية": "نص"}', '{"": "empty key"}',
    '{"big": 123456789012345678901234567890, "small": 1e-30}', '{"quote": "\\" \\\\ \\n \\t"}', '{"A": 1, "a": 2}',
    '{"is": true, "at": "2026-02-30", "x": null}',
)  # fmt: skip
ARRAYS = (
    None, (), (None,), ("a", None, "b"), ("comma, inside", 'quote " inside'), ("back\\slash", "{brace}"), ("",),
    ("NULL",),
    ("vip", "newsletter"), ("émoji 🦊", "tab\t"),
)  # fmt: skip
BINARIES = (None, b"", b"\x00", b"\x00\x01\xff\xfe", b"\\x41", bytes(range(256)), b"\x89PNG\r\n\x1a\n")
SMALL_INTEGERS = (-32768, 32767, 0, -1)
BIG_INTEGERS = (9_223_372_036_854_775_807, None, 5_000, 50_000, 500_000)


def pick(values: tuple, number: int):
    """Return a value; consecutive numbers return consecutive values."""
    return values[number % len(values)]
