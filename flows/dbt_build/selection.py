"""Which sources a run loads, and which of dbt's models it builds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from exactly_once.errors import PipelineError
from flows.dbt_build.warehouse_state import tables_in_raw

# Which tests a build runs. "nightly" leaves out those that read whole tables of events, "hourly" unit tests, too.
Tests = Literal["every", "nightly", "hourly"]
LEFT_OUT: dict[Tests, list[str]] = {  # as dbt/selectors.yml
    "every": [],
    "nightly": ["tag:whole_table"],
    "hourly": ["tag:whole_table", "resource_type:unit_test"],
}


@dataclass(frozen=True)
class Selection:
    """The models that a build is limited to.

    Args:
        only: sources whose models are built, with the models that these are joined with; none: every model.
        left_out: dbt's sources, as source.table, whose dependent models are not built.
    """

    only: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def limits(self) -> list[str]:
        """The selection as part of the build's fingerprint."""
        return [*self.left_out, *(f"only {source}" for source in self.only)]

    def build_arguments(self, tests: Tests) -> list[str]:
        """Return the arguments of `dbt build`."""
        if not self.limits:
            return ["build"] if tests == "every" else ["build", "--selector", tests]
        # dlt's own tables belong to every source: the size and age of RAW's tables depend on them.
        select = ["--select", *(f"@source:{name}" for name in [*self.only, "dlt"])] if self.only else []
        # dbt takes either --selector or --exclude, so the second repeats what the selector leaves out.
        exclude = [*LEFT_OUT[tests], *(f"source:{source}+" for source in self.left_out)]
        return ["build", *select, *(["--exclude", *exclude] if exclude else [])]


def parse_sources(names: str | None, known: Iterable[str]) -> list[str]:
    """Return the sources that `--only` names.

    Args:
        names: separated by commas; None: every source.
        known: every source.

    Raises:
        PipelineError: a name is no source, or there is none.
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


def absent_tables(project: Path, sources: Sequence[str]) -> list[str]:
    """Return the tables that dbt reads and RAW does not have, as dbt names its sources, sorted.

    Args:
        project: dbt's folder.
        sources: to look at; what dbt reads from elsewhere has no table in RAW.
    """
    present = set(tables_in_raw())
    tables = {name: table for name, table in _dbt_sources(project).items() if name.split(".")[0] in sources}
    return sorted(name for name, table in tables.items() if table.upper() not in present)


@cache
def _dbt_sources(project: Path) -> dict[str, str]:
    """Return dbt's sources as source.table, each with its table's name in RAW."""
    found = {}
    for path in sorted((project / "models").rglob("*.yml")):
        for source in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("sources", []):
            for table in source["tables"]:
                found[f"{source['name']}.{table['name']}"] = table.get("identifier", table["name"])
    return found
