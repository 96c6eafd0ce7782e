"""What a run of some sources alone does: which are loaded, and which of dbt's models RAW has the tables for."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import yaml

from exactly_once.errors import PipelineError
from pipelines.runs.raw_contents import tables_in_raw


def sources_named(names: str | None, known: Iterable[str]) -> list[str]:
    """Return the sources that a run loads.

    Args:
        names: with commas between; None: every source.
        known: every source.

    Raises:
        PipelineError: a name is no source.
    """
    known = list(known)
    if names is None:
        return known
    chosen = list(dict.fromkeys(part.strip() for part in names.split(",") if part.strip()))
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise PipelineError(
            f"There is no source {unknown[0] if unknown else names!r}: --only takes {' or '.join(known)}; leave it out "
            "for every source. Nothing was loaded."
        )
    return chosen


def absent_tables(project: Path, loaded: Sequence[str]) -> list[str]:
    """Return the tables, as dbt names its sources, that RAW does not have, sorted.

    Args:
        project: dbt's folder.
        loaded: sources that are looked at; what dbt reads from elsewhere has no table in RAW.
    """
    there = set(tables_in_raw())
    tables = {name: table for name, table in _tables(project).items() if name.split(".")[0] in loaded}
    return sorted(name for name, table in tables.items() if table.upper() not in there)


def arguments(is_whole: bool, only: Sequence[str], left_out: Sequence[str]) -> list[str]:
    """Return the arguments of `dbt build`.

    Args:
        is_whole: with every test; else as the selector `hourly` has it.
        only: sources whose models are built, with what these are joined with; none: every model.
        left_out: dbt's sources, as source.table, of which nothing that depends on them is built.
    """
    if not only and not left_out:
        return ["build"] if is_whole else ["build", "--selector", "hourly"]
    # dbt takes a selector or --exclude, not both: the second says what the selector leaves out
    slow = [] if is_whole else ["tag:whole_table", "resource_type:unit_test"]
    # dlt's own tables belong to every source: the size and age of RAW's tables depend on them
    select = ["--select", *(f"@source:{name}" for name in [*only, "dlt"])] if only else []
    exclude = [*slow, *(f"source:{source}+" for source in left_out)]
    return ["build", *select, *(["--exclude", *exclude] if exclude else [])]


@cache
def _tables(project: Path) -> dict[str, str]:
    """Return dbt's sources as source.table, each with its table's name in RAW."""
    found = {}
    for path in sorted((project / "models").rglob("*.yml")):
        for source in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("sources", []):
            for table in source["tables"]:
                found[f"{source['name']}.{table['name']}"] = table.get("identifier", table["name"])
    return found
