"""The SQL that dlt and dbt sent, without what changes from run to run."""

import re
from collections.abc import Iterable, Iterator
from io import StringIO

from snowflake.connector.util_text import split_statements

TEST = "/* a test reads */"

# Each pattern and its replacement. The order matters: a file's name holds a load id.
VOLATILE = [
    (r"/\* \{\"app\": \"dbt\".*?\} \*/", ""),
    (r"'\{\"version\":.*\}'", "'<schema>'"),
    (r"\b\d{10}\.\d+\.[0-9a-f]{10}\b", "<load id>.<file id>"),
    (r"\b\d{10}\.\d+\b", "<load id>"),
    (r"'[A-Za-z0-9+/]{43}='", "'<schema hash>'"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)?", "<time>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"(dbt_tmp|__dbt_tmp|dbt_internal_test_?|__DBT_TMP)[0-9_a-f]{6,}", r"\1<n>"),
    (r"\b(delete|insert|temp)_[A-Za-z0-9_]+?_[0-9a-f]{8,}\b", r"\1_<n>"),
    (r"\b[0-9a-f]{32}\b", "<md5>"),
    (r"\b(LOAD_\w+_T)\d+\b", r"\1OKEN"),
    (r"ABORT_TRANSACTION\(\d+\)", "ABORT_TRANSACTION(0)"),
    (r"\) IN \(\(.*\)\)", ") IN ('<keys>')"),  # which rows are looked up in RAW
    # How many ranges a batch has.
    (r"""(\(("\w+") >= CAST\('<time>' AS [^<>]*?\) AND \2 <= CAST\('<time>' AS [^<>]*?\)\))(?: OR \1)+""", r"\1"),
    (r"\('<load id>'(?:, '<load id>')*\)", "('<load id>')"),  # the loads of a batch
    # The days that a batch touches, as one range or more.
    (
        r"(\w+) >= cast\('(?:[\d-]{10}|<time>)' as ([\w ]+)\) and \1 < cast\('(?:[\d-]{10}|<time>)' as \2\)",
        r"\1 = '<days>'",
    ),
    (r"\((\w+ = '<days>')\)(?:\s+or\s+\(\1\))+", r"(\1)"),
]

# A string or a comment; only the comment is left out.
COMMENT = re.compile(r"('(?:[^']|'')*'|\$\$.*?\$\$)|--[^\n]*|/\*.*?\*/", re.DOTALL)
DOCS = re.compile(r"\s+COMMENT \$\$.*?\$\$", re.DOTALL)  # a column's description in the column list of a view
VIEW_COLUMNS = re.compile(r"\n\(\n(?:\"\w+\",?\n)+\)\n")
RELATION = re.compile(r'(?:"?\w+_DB"?\.)"?(RAW|STAGING|INTERMEDIATE|MART|SNAPSHOTS|METERING)"?(?:\."?(\w+)"?)?')
WRITES = re.compile(r"(create|insert|merge|delete|truncate)\b", re.IGNORECASE)
TEMPORARY = re.compile(r"create or replace\s+temporary\b", re.IGNORECASE)
QUERY = re.compile(r"(select|with)\b", re.IGNORECASE)

# Statements that resume no suspended warehouse: sessions, transactions, SHOW. INFORMATION_SCHEMA resumes one.
ASLEEP = re.compile(r"\s*(ALTER SESSION|BEGIN|COMMIT|ROLLBACK|SHOW|USE|DESC|DESCRIBE|EXPLAIN)\b", re.IGNORECASE)


def woken(log: Iterable[dict]) -> dict[str, list[str]]:
    """Return, by warehouse, the statements that resume it; a session has the warehouse of its sign-in."""
    found: dict[str, list[str]] = {}
    for entry in log:
        for part, _ in split_statements(StringIO(re.sub(r"/\*.*?\*/", "", entry["sql"], flags=re.DOTALL))):
            if part.strip("; \n") and not ASLEEP.match(part):
                found.setdefault(str(entry["session"]["warehouse"]).upper(), []).append(part)
    return found


def normalised(statements: Iterable[str]) -> list[str]:
    """Return each statement once, sorted, its volatile parts replaced and its blank space folded.

    dlt sends several in one request, in any order: each is returned separately.
    """
    return sorted({_one(part) for text in statements for part, _ in split_statements(StringIO(text))} - {""})


def models_built(statements: Iterable[str]) -> list[str]:
    """Return the statements that build models and snapshots, by relation, without comments and descriptions.

    Queries are left out: tests, and the column checks of dbt, which repeat the SQL of a model. Every other statement is
    returned once, with its names and strings replaced.
    """
    built: dict[tuple[str, str], str] = {}
    shapes = set()
    texts = [_without_comments(text) for text in statements]
    relations = {_relation(text) for text in texts if WRITES.match(text) and not TEMPORARY.match(text)}
    for text in texts:
        if WRITES.match(text):
            if _relation(text) in relations:
                built[_relation(text), text] = text
        elif not QUERY.match(text):
            shapes.add(_shape(text))
    return [built[key] for key in sorted(built)] + sorted(shapes)


def _without_comments(statement: str) -> str:
    text = VIEW_COLUMNS.sub("\n", DOCS.sub("", COMMENT.sub(lambda match: match[1] or "", statement)))
    lines = (re.sub(r" {2,}", " ", line).strip() for line in text.splitlines())
    return "\n".join(filter(None, lines))


def _relation(statement: str) -> str:
    """Return SCHEMA.name of what a statement writes, without the ending of a temporary relation."""
    found = RELATION.search(statement)
    return f"{found[1]}.{found[2]}".lower().partition("__dbt_tmp")[0] if found else ""


def _shape(statement: str) -> str:
    text = re.sub(r"'(?:[^']|'')*'", "'<text>'", RELATION.sub("<relation>", statement))
    text = re.sub(r"\$\$.*?\$\$", "$$<text>$$", text, flags=re.DOTALL)
    return re.sub(r'(^"\w+"( COMMENT \$\$<text>\$\$)?,?\n?)+', "<columns>\n", text, flags=re.MULTILINE).strip()


def _one(statement: str) -> str:
    for pattern, stand_in in VOLATILE:
        statement = re.sub(pattern, stand_in, statement, flags=re.DOTALL)
    # dlt asks for tables in the order of a set.
    statement = re.sub(r"(?<=table_name IN )\(([^)]*)\)", lambda names: _sorted(names[1]), statement)
    lines = (line.strip() for line in statement.splitlines())
    return "\n".join(line for line in lines if line).strip().rstrip("; ")


def _sorted(names: str) -> str:
    return f"({','.join(sorted(names.split(',')))})"


def sent_by(log: Iterable[dict]) -> Iterator[tuple[str, str]]:
    """Yield (sender, statement) for what the chain sent; statements of a test carry TEST and are left out."""
    for entry in log:
        if TEST not in entry["sql"]:
            yield ("dbt" if '"app": "dbt"' in entry["sql"] or "dbt" in entry["sql"][:40] else "dlt"), entry["sql"]
