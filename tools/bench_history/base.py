"""The company's first half year and one day more, loaded from the mock's sources by the real pipelines."""

import contextlib
import io
import shutil
import sys
from pathlib import Path

from mock_services import commands
from mock_services.saas import store
from mock_services.service_manager import PORTS
from mock_services.system.ports import free_port
from tools.bench.process import ROOT, run

WAREHOUSE = "dp_mailblaze_demo_local_db.duckdb"
STORE = Path("saas") / "store.db"
# What a load leaves on this machine: the warehouse, the lake, dlt's working folder; and the vendor's objects.
PARTS = (WAREHOUSE, "lake", "dlt", "saas")


def make(folder: Path) -> None:
    """Load both sources into `folder`, then the vendor's first day after the history, and stop the sources.

    The second load is there because the first one after the history adds a column: the measured one adds none.
    """
    ports = {name: free_port() for name in PORTS}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            commands.up(folder, only=("postgres", "saas"), ports=ports)
        for source in ("postgres", "saas"):
            load(folder, source)
        store.simulate_day(folder / STORE)
        load(folder, "saas")
    finally:
        with contextlib.redirect_stdout(io.StringIO()):
            commands.down(folder)
            commands.ServiceManager(folder).postgres.destroy()


def load(folder: Path, source: str) -> None:
    """Load one source as a person does."""
    run([sys.executable, f"pipelines/{source}.py"], settings(folder), cwd=ROOT)


def settings(folder: Path) -> dict[str, str]:
    """Return the variables of a process that works in `folder`."""
    return {
        "MAILBLAZE_DATA_DIR": str(folder),
        "MAILBLAZE_ENV": "local",
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def copy(origin: Path, folder: Path) -> None:
    """Copy what loads and builds have left in `origin` to a new folder."""
    folder.mkdir(mode=0o700)
    for name in (*PARTS, "target"):
        part = origin / name
        if part.is_dir():
            shutil.copytree(part, folder / name, ignore=shutil.ignore_patterns("process.json", "compiled", "run"))
        elif part.exists():
            shutil.copy(part, folder / name)
