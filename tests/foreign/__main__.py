"""Foreign schemas under load, change and kill: `python -m tests.foreign` (see README.md beside this file)."""

import argparse
import json
import os
import pickle
import re
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tests.foreign.bench import Order, results_of
from tests.foreign.schema import Schema
from tests.foreign.schemas import offered
from tests.foreign.story import Result

ROWS = ("lost", "doubled", "stale")


def main(arguments: list[str] | None = None) -> int:
    """Run the schemas; return 0: RAW equalled the source, or was rejected as expected; 1: it did not."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options().parse_args(arguments)
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    schemas = {schema.name: schema for schema in _schemas(options)}
    chosen = [name for name in schemas if options.again or is_chosen(name, options.only)]
    if not chosen:
        sys.exit(f"✗ no schema has {options.only!r} in its name: {', '.join(schemas)}")
    results = []
    with tempfile.TemporaryDirectory(prefix="foreign-", ignore_cleanup_errors=True) as folder:
        order = Order(options.seed, options.kills, options.workers, Path(folder))
        for result in results_of(order, [schemas[name] for name in chosen]):
            results.append(result)
            print(_summary(result), file=sys.stderr, flush=True)
            if result.problems:
                print(f"✗ {result.schema}; again: {_kept(schemas[result.schema], options)}")
            for text in [*result.problems[: options.show], *(result.lines if options.verbose else ())]:
                print(f"  {text}", flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1))
    print(last_line(results))
    return 1 if any(result.problems for result in results) else 0


def last_line(results: list[Result]) -> str:
    """Return the results of all schemas in one line, with the problems that are no difference of rows behind it."""

    def total(name: str) -> int:
        return sum(getattr(result, name) for result in results)

    def counted(kinds: Iterable[str]) -> str:
        return ", ".join(f"{kind} {sum(result.counts.get(kind, 0) for result in results)}" for kind in kinds)

    counts = counted(ROWS)
    others = counted(sorted({kind for result in results for kind in result.counts} - set(ROWS)))
    unexpected = total("unexpected")
    judged = f"{unexpected} unexpected" if unexpected else "each expected"
    return (
        f"{len(results)} schemas, {total('tables')} tables, {total('loads')} loads, {total('kills')} kills: "
        f"{counts}, refused {total('refused')} ({judged})" + (f"; {others}" if others else "")
    )


def is_chosen(name: str, only: str) -> bool:
    """Return whether a schema runs: all but the cases, or those whose name contains a part of `only`."""
    parts = [part for part in only.split(",") if part]
    return any(part in name for part in parts) if parts else not name.startswith("case/")


def _schemas(options: argparse.Namespace) -> list[Schema]:
    """Return the offered schemas, or those that an earlier run kept."""
    if options.again:
        return [pickle.loads(options.again.read_bytes())]  # noqa: S301  from our own run
    return offered(options.seed, options.generated)


def _kept(schema: Schema, options: argparse.Namespace) -> str:
    """Save a schema in a file, and return the command that runs it again, whatever hypothesis generates by then."""
    options.keep.mkdir(parents=True, exist_ok=True)
    word = re.sub(r"\W+", "-", schema.name)
    file = options.keep / f"{word}.pickle"
    file.write_bytes(pickle.dumps(schema))
    return f"python -m tests.foreign --again {file} --kills {options.kills if options.again else 0}"


def _summary(result: Result) -> str:
    counts = ", ".join(f"{kind} {count}" for kind, count in result.counts.items()) or "right"
    return (
        f"{result.seconds:6.1f} s  {result.schema}: {result.tables} tables, {result.loads} loads, "
        f"{result.kills} kills, {result.rows} rows compared, {result.refused} refused: {counts}"
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.foreign", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the generated schemas and of the kills")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--only", default="", help="only schemas whose name has one of these, by commas; e.g. case/")
    parser.add_argument("--again", type=Path, help="only the schema of this file, which an earlier run has kept")
    parser.add_argument("--keep", type=Path, default=Path(".data/foreign"), help="where wrong schemas are kept")
    parser.add_argument("--generated", type=int, default=6, help="how many schemas hypothesis makes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", type=int, default=20, help="differences of a schema that are printed")
    parser.add_argument("--json", type=Path, help="write the results there, too")
    parser.add_argument("--verbose", action="store_true", help="print each kill and each refusal")
    return parser


if __name__ == "__main__":
    sys.exit(main())
