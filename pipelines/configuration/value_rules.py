"""Rules for values of settings: each returns what to give instead, or None if the value is valid."""

import math
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

Rule = Callable[[Any], str | None]
LOG_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")


def number(least: float, most: float = 1e9, whole: bool = True) -> Rule:
    """Return the rule for a number from `least` to `most`; `whole`: without a fraction."""
    kind = "a whole number" if whole else "a number"

    def rule(value: Any) -> str | None:
        try:
            found = float(str(value))
        except ValueError:
            found = math.nan
        is_valid = least <= found <= most and not isinstance(value, bool) and (not whole or found == int(found))
        return None if is_valid else f"give {kind} from {least:g} to {most:g}"

    return rule


def log_level(value: Any) -> str | None:
    """Accept a level of Python's logging."""
    return None if str(value) in LOG_LEVELS else f"give one of {', '.join(LOG_LEVELS)}"


def schema_names(value: Any) -> str | None:
    """Accept a search path of Postgres: names separated by commas, in double quotes where they need them."""
    return None if not {"'", ";", "\0", "\n"} & set(str(value)) else "give schemas with commas between, without quotes"


def one_name(value: Any) -> str | None:
    """Accept the name of one schema."""
    return None if not {"'", '"', ";", "\0", "\n"} & set(str(value)) else "give one name, without quotes"


def http_url(value: Any) -> str | None:
    """Accept an absolute URL of HTTP."""
    try:
        parts = urlsplit(str(value).strip())
        is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # its port or its brackets
        is_valid = False
    return None if is_valid else "give an address that begins with https:// or http://"


def lake_url(value: Any) -> str | None:
    """Accept a folder, or a URL of S3 or of a file."""
    scheme, separator, rest = str(value).strip().partition("://")
    if not separator or (scheme in ("file", "s3") and rest.strip("/")):
        return None
    return "give a folder, or an address that begins with s3:// and names a bucket"


def unset(reason: str) -> Rule:
    """Return the rule for a setting that must not be set, which fails with the reason."""
    return lambda _value: reason
