"""The options of a line of ENDPOINTS: checked before anything is read, so that a misspelled word loads nothing."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from exactly_once.errors import PipelineError
from exactly_once.names import raw_table_name
from exactly_once.rest_api.values.arrow_types import DECLARED, declared_type

NEEDED = ("key", "cursor", "since", "deletes", "columns")
KNOWN = (*NEEDED, "share")
NAME = re.compile(r"[\w.-]+")


def check_endpoints(endpoints: Mapping[str, Mapping[str, Any]]) -> None:
    """Check every line of ENDPOINTS.

    Raises:
        PipelineError: a line misspells an option or a type, lacks an option, or gives a value that it does not take.
    """
    owners: dict[str, str] = {}
    for name, line in endpoints.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise _wrong(name, "is no name that an address can end in")
        if not isinstance(line, Mapping) or not isinstance(line.get("columns", {}), Mapping):
            raise _wrong(name, "is no dict of options, or its columns are no dict of types")
        if unknown := sorted(set(line) - set(KNOWN)):
            raise _wrong(name, f"has the option {unknown[0]!r}, which is none: say {', '.join(KNOWN)}")
        if missing := [option for option in NEEDED if option not in line]:
            raise _wrong(name, f"lacks {missing[0]!r}")
        for option in ("key", "cursor", "since"):
            if not isinstance(line[option], str) or not line[option]:
                raise _wrong(name, f"has {option!r}: {line[option]!r}, which is no name")
        if line["key"] == line["cursor"]:
            raise _wrong(name, "has the same field as key and cursor")
        if line["deletes"] not in ("sweep", "none"):
            raise _wrong(name, f'has deletes: {line["deletes"]!r}: say "sweep" or "none"')
        share = line.get("share", 0.0)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise _wrong(name, f"has share: {share!r}, which is not from 0 to 1")
        _check_columns(name, line)
        if (other := owners.setdefault(raw_table(name), name)) != name:
            raise _wrong(name, f"has the name {raw_table(name).upper()} in RAW, as {other!r} has")
        if name.endswith("_deletes") and name.removesuffix("_deletes") in endpoints:
            raise _wrong(name, f"has the name of the sweep of {name.removesuffix('_deletes')!r}")


def raw_table(endpoint: str) -> str:
    """Return the name in RAW of an endpoint's table."""
    return raw_table_name(f"saas_{endpoint}")


def accepted_types(names: Sequence[str], endpoints: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the fields of each endpoint whose type may change this once.

    Args:
        names: as endpoint.field.
        endpoints: ENDPOINTS.

    Raises:
        PipelineError: a name is none of an endpoint's fields.
    """
    found: dict[str, set[str]] = {name: set() for name in endpoints}
    for name in names:
        endpoint, _, field = name.partition(".")
        endpoint = endpoint.removeprefix("saas_")
        if endpoint not in found or not field:
            raise PipelineError(
                f"accept_type names {name}: say an endpoint and its field, e.g. {next(iter(found))}.score."
            )
        found[endpoint].add(field)
    return found


def _check_columns(name: str, line: Mapping[str, Any]) -> None:
    for column, kind in line["columns"].items():
        if not isinstance(kind, str) or declared_type(kind) is None:
            raise _wrong(name, f"has the type {kind!r} for {column!r}, which is none: say {', '.join(DECLARED)}")
    for option, kinds in (("cursor", ("timestamp",)), ("key", ("text", "bigint"))):
        kind = line["columns"].get(line[option], kinds[0])
        if kind not in kinds:
            raise _wrong(name, f"declares its {option} {line[option]!r} as {kind!r}: say {' or '.join(kinds)}")


def _wrong(name: Any, what: str) -> PipelineError:
    return PipelineError(f"ENDPOINTS in pipelines/saas.py: {name!r} {what}.")
