"""Report in Markdown how a change of the dbt project changes MART (`make slim`).

`python -m tools.mart_diff BASE` copies the DuckDB file of the last `make run` and leaves the original unchanged. The
commit at which this branch left BASE builds one copy. In a copy of that, dbt builds and tests what the working tree has
modified and everything downstream. Nothing is deferred: the other tables are in the same file, as the base built them.
Both sides rebuild their tables and continue the dbt snapshots. Both use the installed dbt and the same RAW, in turn.

Exit codes: 0 no failure, 1 a model or a test failed, 2 nothing to compare, with a line that says why.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from exactly_once.errors import PipelineError
from pipelines.configuration.shell import ignore_foreign
from pipelines.environment import data_dir, environment
from tools.mart_diff import base as git
from tools.mart_diff import report
from tools.mart_diff.changes import changes
from tools.mart_diff.figures import Difference, both, difference, gone
from tools.mart_diff.project import Project, copy, empty

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Compare, print the report and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.mart_diff", description=__doc__)
    parser.add_argument("base", help="a commit, or the branch that this one left")
    parser.add_argument("--repository", type=Path, default=ROOT, help="the repository whose working tree is compared")
    chosen = parser.parse_args()
    try:
        ignore_foreign(environment().uses_local_services)
        with tempfile.TemporaryDirectory(prefix="slim-") as folder:
            return compare(chosen.repository.resolve(), chosen.base, Path(folder))
    except PipelineError as reason:
        print(f"✗ {reason}")  # in place of the report, so that a pull request shows it
        return 2


def compare(repository: Path, base: str, folder: Path) -> int:
    """Build both sides in a folder and print the differences.

    Raises:
        PipelineError: there is nothing to compare.
    """
    if environment().engine != "duckdb":
        raise PipelineError(
            "make slim copies a DuckDB file: set MAILBLAZE_ENV=local; docs/marts.md describes the way on Snowflake."
        )
    warehouse = data_dir() / f"{environment().database}.duckdb"
    commit = git.left_at(repository, base)
    copy(warehouse, folder / "before")
    empty(folder / "before" / warehouse.name)
    say(f"reading dbt's project, and that of {commit[:7]}")
    with Project(git.unpack(repository, commit, folder), folder / "before") as before, \
            Project(repository / "dbt", folder / "after") as after:  # fmt: skip
        before.read(f"the project of {commit[:7]}")
        after.read("this project")
        print(f"## What this change does to MART\n\n{git.here(repository)}, compared with `{commit[:7]}`.\n")
        found = changes(before, after)
        if not found:
            print("Nothing of dbt's project is modified.")
            return 0
        print(*report.modified(found), "", sep="\n", flush=True)
        say(f"building the whole of {commit[:7]} on a copy of RAW")
        whole = build(before, "--exclude-resource-type", "test", "unit_test")
        if whole.broken:
            one = whole.broken[0]
            raise PipelineError(f"{commit[:7]} does not build on this RAW: {one.name}: {' '.join(one.message.split())}")
        before.close()
        copy(before.folder / warehouse.name, after.folder)
        say("building what is modified and everything downstream")
        where = ("--state", str(before.target))
        slim = build(after, "--select", *found.selection, *where) if found.selection else report.Build()
    kinds = Counter(node["resource_type"] for node in after.nodes.values())
    print(*report.built(slim, kinds, whole), "", sep="\n")
    print(*report.figures(*mart(before, after, slim, warehouse.name)), sep="\n")
    return 1 if slim.broken else 0


def build(project: Project, *arguments: str) -> report.Build:
    """Build and test in a project."""
    began = time.monotonic()
    results = project.build(*arguments)
    seconds = time.monotonic() - began
    nodes = [(project.nodes[one["unique_id"]], one) for one in results]
    return report.Build(
        [
            report.Ended(node["resource_type"], node["name"], one["status"], one["message"] or "")
            for node, one in nodes
            if node["resource_type"] in report.BUILT
        ],
        seconds,
    )


def mart(before: Project, after: Project, slim: report.Build, file: str) -> tuple[list[Difference], list[str]]:
    """Return the differences of MART's built and removed tables, and the names of the tables that were not built."""
    status = {one.name: one.status for one in slim.nodes if one.kind == "model"}
    old, new = before.marts(), after.marts()
    with both(before.folder / file, after.folder / file) as connection:
        built = [difference(connection, name, key) for name, key in new.items() if status.get(name) == "success"]
        lost = [gone(connection, name) for name in old if name not in new]
    return built + lost, [name for name in new if status.get(name, "success") != "success"]


def say(line: str) -> None:
    """Print progress to stderr."""
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
