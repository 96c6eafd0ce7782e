"""Remove the files of runs from the data folder, and nothing else: `python -m pipelines.forget`, in `make clean`."""

import argparse
import shutil
from pathlib import Path

from exactly_once.cli import exit_with_error
from exactly_once.errors import PipelineError
from pipelines.environment import data_dir

DATABASE = "dp_mailblaze_demo_*_db.duckdb"
REMOVED = (
    f"{DATABASE}*",
    "lake",
    "dlt",
    "replay",
    "lease_repair",
    "set_aside",
    "runs",
    "dashboard",
    "dashboard.html",
    "last_*.json",
)


def forget(folder: Path) -> list[str]:
    """Remove the files of runs and return their names; a folder that no run has used is left unchanged."""
    if not any((folder / "dlt").glob("*/pipelines")) and not any(folder.glob(DATABASE)):
        return []
    found = sorted(path for name in REMOVED for path in folder.glob(name))
    for path in found:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return [path.name for path in found]


def main() -> None:
    """Remove the files and print their names."""
    argparse.ArgumentParser(prog="python -m pipelines.forget", description=__doc__).parse_args()
    try:
        names = forget(data_dir())
    except (PipelineError, OSError) as error:
        exit_with_error(error)
    print(f"removed from {data_dir().resolve()}: {', '.join(names) or 'nothing, no run has used it'}")


if __name__ == "__main__":
    main()
