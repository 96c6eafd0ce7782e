"""The transactions of the loader's sessions: each has a name, also after a statement that commits implicitly."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from io import StringIO

from snowflake.connector.util_text import split_statements

NAMED = re.compile(r"BEGIN TRANSACTION NAME LOAD_[A-Z0-9_]+_T\d+$")
CHANGES = re.compile(r"(INSERT|UPDATE|DELETE|MERGE|COPY|TRUNCATE)\b", re.IGNORECASE)
COMMITS_ITSELF = re.compile(r"(CREATE|ALTER (?!SESSION)|DROP|COMMENT|GRANT)\b", re.IGNORECASE)


def findings(log: Iterable[dict]) -> list[str]:
    """Return what is wrong with the transactions in a log of statements, session by session."""
    sessions: dict[int, list[str]] = defaultdict(list)
    for entry in log:
        for part, _ in split_statements(StringIO(entry["sql"])):
            if text := part.strip("; \n"):
                sessions[entry["session"]["number"]].append(text)
    return sorted({found for statements in sessions.values() for found in _of_session(statements)})


def _of_session(statements: list[str]) -> Iterator[str]:
    is_open, is_automatic = False, True
    for text in statements:
        shown = " ".join(text.split())[:90]
        if found := re.match(r"ALTER SESSION SET autocommit\s*=\s*(\w+)", text, re.IGNORECASE):
            is_automatic = found[1].lower() == "true"
            is_open = is_open and not is_automatic
        elif re.match(r"(BEGIN|START TRANSACTION)\b", text, re.IGNORECASE):
            if not NAMED.match(text):
                yield f"a transaction without a name of ours: {shown}"
            is_open = True
        elif re.match(r"(COMMIT|ROLLBACK)\b", text, re.IGNORECASE) or COMMITS_ITSELF.match(text):
            is_open = False
        elif CHANGES.match(text) and not is_automatic and not is_open:
            yield f"it begins a transaction that nobody named: {shown}"
            is_open = True
