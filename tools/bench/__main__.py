"""Every speed in one run: `python -m tools.bench [--rows 3000000] [--rounds 3] [--only floor,ours] [--no-ten]`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mock_services.postgres.server import EmbeddedPostgres
from tools.bench import machine, report
from tools.bench.checksum import RowsDiffer
from tools.bench.context import BenchContext
from tools.bench.process import Broken
from tools.bench.rounds import PARTS, Bench


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """Make a folder while the bench runs; as root, the server runs as another user and must reach its own."""
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=place) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the JSON file, print the table; return 1 if a row was lost or this platform failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000, help="of the main table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts with commas between, of {', '.join(PARTS)}")
    parser.add_argument("--no-ten", action="store_true", help="leave ten times the rows out")
    parser.add_argument("--json", type=Path, default=report.LATEST, help="the file to write")
    chosen = parser.parse_args(arguments)
    parts = chosen.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: the parts are {', '.join(PARTS)}")
    parts = [part for part in parts if part != "10x" or not chosen.no_ten]
    place = chosen.json.parent.absolute()
    place.mkdir(parents=True, exist_ok=True)
    described = machine.describe()
    with (
        scratch(place) as folder,
        EmbeddedPostgres(folder / "postgres", ephemeral=True) as server,
    ):
        bench = Bench(BenchContext(folder, server.url(), chosen.rows), parts)
        try:
            bench.measure(chosen.rounds)
        except (Broken, RowsDiffer) as error:
            print(f"✗ {error}", file=sys.stderr)
            return 1
        result = bench.result(chosen.rounds, machine.versions(server.url()), described)
    chosen.json.write_text(json.dumps(result, indent=2) + "\n")
    print(report.as_text(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
