"""Mutation test of MART's SQL: change one place at a time; a test of that model should fail.

`python tools/dbt_mutation.py WAREHOUSE [--only rpt_mrr] [--sample 100 --seed 1]` prints the noticed fraction and
each change that was not: either a test is missing, or the change makes no difference. WAREHOUSE is a DuckDB file that
dbt has built; it is copied and not changed.
"""

import argparse
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from pipelines.configuration.shell import ignore_foreign

ROOT = Path(__file__).parents[1]
# Limits of a query that a change makes endless: bytes and seconds.
MEMORY, TIMEOUT = 6 * 2**30, 60
# Patterns and their replacements: joins, filters, bounds, windows, sums.
CHANGES = [
    (r"\bleft join\b", "inner join"),
    (r"\bfull outer join\b", "left join"),
    (r"\binner join\b", "left join"),
    (r"\bcross join\b", "inner join (select 1 where false) as nothing on true cross join"),
    (r"\bunion all\b", "except"),
    (r"\bis not null\b", "is null"),
    (r"\bis null\b", "is not null"),
    (r"\bnot in\b", "in"),
    (r"\bnot (?=\w+\.?is_|coalesce)", ""),
    (r" <> ", " = "),
    (r"(?<=\w|\)|') = (?=')", " <> "),
    (r" >= ", " > "),
    (r" <= ", " < "),
    (r" > ", " >= "),
    (r" < ", " <= "),
    (r"\band\b(?! current row)", "or"),
    (r"\bor\b", "and"),
    (r"\bmin\(", "max("),
    (r"\bmax\(", "min("),
    (r"\bsum\(", "max("),
    (r"\bcount\(distinct ", "count("),
    (r"\bgreatest\(", "least("),
    (r"\bleast\(", "greatest("),
    (r"\bpartition by [\w.]+(, )?", "partition by 1 \\1"),
    (r"(?<=order by )([\w.]+) desc\b", "\\1"),
    (r"(?<=order by )([\w.]+)(?= rows|\))", "\\1 desc"),
    (r"\bunbounded preceding\b", "1 preceding"),
    (r"(?<=, )-?30\b|(?<=, )-29\b", "-7"),
    (r" \+ (?=\w)", " - "),
    (r" - (?=\w)", " + "),
]  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change at one place in the file of a model."""

    path: Path
    start: int
    end: int
    instead: str

    def text(self) -> str:
        """Return the file with the change."""
        whole = self.path.read_text()
        return whole[: self.start] + self.instead + whole[self.end :]

    def __str__(self) -> str:
        whole = self.path.read_text()
        line = whole.count("\n", 0, self.start) + 1
        return f"{self.path.name}:{line}: {whole[self.start : self.end].strip()!r} -> {self.instead.strip()!r}"


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every change of a file, without comments and without lines of incremental runs."""
    text = path.read_text()
    left_out = [
        match.span()
        for match in re.finditer(
            r"--[^\n]*|\{#.*?#\}|\{% if is_incremental.*?%\}.*?\{% endif %\}|\{\{ config.*?\}\}", text, re.DOTALL
        )
    ]
    for pattern, instead in CHANGES:
        for match in re.finditer(pattern, text):
            if not any(start <= match.start() < end for start, end in left_out):
                yield Mutant(path, match.start(), match.end(), match.expand(instead))


@cache
def _project(scratch: Path) -> Path:
    """Return the copy of the project of this process; dbt is imported once for all forks."""
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401

    folder = scratch / str(os.getpid())
    shutil.copytree(ROOT / "dbt", folder / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    os.environ |= {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(folder / "data"), "DO_NOT_TRACK": "1"}
    return folder


def is_noticed(mutant: Mutant, warehouse: Path, scratch: Path) -> bool:
    """Build and test the changed model in a process and a warehouse of its own; return whether anything failed."""
    folder = _project(scratch)
    shutil.rmtree(folder / "data", ignore_errors=True)  # with the remains of the previous mutant
    (folder / "data").mkdir()
    shutil.copy(warehouse, folder / "data" / "dp_mailblaze_demo_local_db.duckdb")
    changed = folder / mutant.path.relative_to(ROOT)
    changed.write_text(mutant.text())
    if not (child := os.fork()):
        is_red = True
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            signal.alarm(TIMEOUT)
            is_red = _is_red(folder, mutant.path.stem)
        finally:
            os._exit(is_red)
    status = os.waitpid(child, 0)[1]
    changed.write_text(mutant.path.read_text())
    return status != 0


def _is_red(folder: Path, model: str) -> bool:
    from dbt.cli.main import dbtRunner

    what = ["build", "--quiet", "--fail-fast", "--full-refresh", "--select", model]
    where = ["--project-dir", folder / "dbt", "--profiles-dir", folder / "dbt", "--target-path", folder / "target"]
    with (folder / "output").open("w") as output:
        for stream in (1, 2):  # also of the processes that dbt starts
            os.dup2(output.fileno(), stream)
        return not dbtRunner().invoke([*what, *map(str, where), "--log-path", str(folder / "logs")]).success


def main() -> int:
    """Test the mutants and print those not noticed; return 0 if nine of ten were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--only", help="one model")
    parser.add_argument("--sample", type=int, help="test only so many, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    ignore_foreign(uses_local_services=True)
    warehouse = chosen.warehouse.resolve()
    files = sorted((ROOT / "dbt/models/marts").rglob(f"{chosen.only or '*'}.sql"))
    if not files or not warehouse.exists():
        lack = f"file {warehouse}: run make run" if files else f"model {chosen.only} in dbt/models/marts"
        print(f"✗ There is no {lack}.", file=sys.stderr)
        return 2
    found = [mutant for path in files for mutant in mutants(path)]
    if chosen.sample and chosen.sample < len(found):
        found = random.Random(chosen.seed).sample(found, chosen.sample)  # noqa: S311  a sample, not a secret
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(2) as pool:
        noticed_in = partial(is_noticed, warehouse=warehouse, scratch=Path(scratch))
        red = pool.map(noticed_in, [Mutant(path, 0, 0, "") for path in files])
        broken = [path.stem for path, is_red in zip(files, red, strict=True) if is_red]
        if broken:
            print(f"✗ failing without a change: {', '.join(broken)}; build the warehouse first", file=sys.stderr)
            return 2
        survivors = 0
        for mutant, is_red in zip(found, pool.map(noticed_in, found), strict=True):
            if not is_red:
                survivors += 1
                print(f"    {mutant}", flush=True)
    print(f"{len(found) - survivors} of {len(found)} changes were noticed ({1 - survivors / len(found):.0%})")
    return 0 if survivors <= len(found) / 10 else 1


if __name__ == "__main__":
    sys.exit(main())
