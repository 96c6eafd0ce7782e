"""What DuckDB says of each statement: rows and bytes read, seconds of CPU, by operator.

With `enable_profiling = json` and no file for it, DuckDB writes a JSON object for each statement to standard error.
Both the load and dbt take the setting from their configuration: `LOAD_SETTINGS` and `dbt_profiles`.

DuckDB runs in one thread: with more, the order of rows in a new table is another one in each run, and so are the rows
that a scan of it leaves out.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools.bench.process import ROOT

SETTINGS = {"enable_profiling": "json", "profiling_coverage": "ALL"}
LOAD_SETTINGS = {
    "DESTINATION__WAREHOUSE__CREDENTIALS__LOCAL_CONFIG": json.dumps(SETTINGS),
    "DESTINATION__WAREHOUSE__CREDENTIALS__PRAGMAS": '["threads = 1"]',
}
PROFILE = re.compile(r"^\{$.*?^\}$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r'/\* \{"app": "dbt".*?\} \*/')
NODE = re.compile(r'"node_id": "([^"]+)"')
NO_NODE = "dbt"  # what dbt asks of the catalogue before and after its nodes
MOST_STATEMENTS = 8  # of a node are kept, those that read most
BEGINNING = 100  # characters of a statement
TEMPORARY = re.compile(r"__dbt_tmp\d*")


@dataclass
class Reads:
    """What statements have read.

    Args:
        cpu_seconds: of DuckDB's operators, by the clock: other work on the machine makes them longer.
        rows: that scans have read, before filters above the scan.
        handled: rows that all operators have passed on, those that a join makes included.
        bytes: that were read from disk.
        scans: rows by what was scanned: schema.table, or the function.
        operators: seconds of CPU by operator.
        statements: rows by the beginning of the statement.
    """

    cpu_seconds: float = 0.0
    rows: int = 0
    handled: int = 0
    bytes: int = 0
    scans: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)

    def add(self, profile: dict[str, Any]) -> None:
        """Add a statement."""
        self.cpu_seconds += profile["cpu_time"]
        self.handled += profile["cumulative_cardinality"]
        self.bytes += profile["total_bytes_read"]
        if profile["cumulative_rows_scanned"]:
            self.statements[_beginning(profile["query_name"])] += profile["cumulative_rows_scanned"]
        for operator in _operators(profile):
            self.operators[operator["operator_name"].strip()] += operator["operator_timing"]
            if read := operator["operator_rows_scanned"]:
                self.rows += read
                self.scans[_scanned(operator)] += read

    def as_json(self) -> dict[str, Any]:
        """Return the figures; the operators' seconds rounded to the microsecond."""
        return {
            "cpu_seconds": self.cpu_seconds,
            "rows_read": self.rows,
            "rows_handled": self.handled,
            "bytes_read": self.bytes,
            "scans": dict(self.scans.most_common()),
            "by_statement": dict(self.statements.most_common(MOST_STATEMENTS)),
            "operators": {name: round(seconds, 6) for name, seconds in self.operators.most_common()},
        }


def of_load(errors: str) -> Reads:
    """Return what the statements of a load have read, from its standard error."""
    reads = Reads()
    for profile in _profiles(errors):
        reads.add(profile)
    return reads


def of_build(errors: str) -> dict[str, Reads]:
    """Return what each node of a dbt build with one thread has read, from its standard error.

    dbt names the node in a comment. Of several statements in one text only the first has it, e.g. a CREATE TABLE, which
    the coverage ALL includes, of which the INSERT follows.
    """
    nodes: dict[str, Reads] = {}
    node = NO_NODE
    for profile in _profiles(errors):
        if comment := COMMENT.search(profile["query_name"]):
            found = NODE.search(comment[0])
            node = found[1] if found else NO_NODE
        nodes.setdefault(node, Reads()).add(profile)
    return nodes


def dbt_profiles(folder: Path) -> Path:
    """Write the project's profiles.yml with DuckDB's profile turned on into `folder`, and return `folder`."""
    profiles = yaml.safe_load((ROOT / "dbt" / "profiles.yml").read_text(encoding="utf-8"))
    for profile in profiles.values():
        profile["outputs"]["local"]["settings"] |= SETTINGS | {"threads": 1}
    folder.mkdir(exist_ok=True)
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
    return folder


def _profiles(errors: str) -> Iterator[dict[str, Any]]:
    for found in PROFILE.finditer(errors):
        profile = json.loads(found[0])
        if "query_name" in profile:
            yield profile


def _operators(profile: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in profile["children"]:
        yield child
        yield from _operators(child)


def _beginning(statement: str) -> str:
    """Return the beginning of a statement without dbt's comment and without the numbers of temporary tables."""
    return TEMPORARY.sub("__dbt_tmp", " ".join(COMMENT.sub("", statement).split()))[:BEGINNING]


def _scanned(operator: dict[str, Any]) -> str:
    """Return the scanned table without its database, or the function."""
    extra = operator["extra_info"]
    if table := extra.get("Table"):
        return TEMPORARY.sub("__dbt_tmp", table.split(".", 1)[1])
    return extra.get("Function") or operator["operator_name"].strip()
