"""dbt alone: `dbt build` over the seeded sources, the first time and again with nothing changed."""

import shutil
import sys
from pathlib import Path

from tools.bench.context import BenchContext, Figures
from tools.bench.platform_runs import WAREHOUSE
from tools.bench.process import ROOT, run


def measure(context: BenchContext) -> Figures:
    """Measure both builds, the second with the first one's state; every round builds on a copy of the same RAW."""
    if "loaded" not in context.kept:
        context.kept["loaded"] = _load(context)
    place = context.fresh("dbt")
    shutil.copy(context.kept["loaded"], place / WAREHOUSE)
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "build", "--project-dir", "dbt", "--profiles-dir", "dbt"]
    settings = {
        "MAILBLAZE_DATA_DIR": str(place),
        "MAILBLAZE_ENV": "local",
        "DBT_TARGET_PATH": str(place / "target"),
        "DBT_LOG_PATH": str(place / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    found = {}
    for name in ("dbt_full", "dbt_unchanged"):
        done = run(command, settings)
        found[name] = {"seconds": done.seconds, "peak_mb": done.peak_mb}
    context.remove(place)
    return found


def _load(context: BenchContext) -> Path:
    """Start the two sources, seed them as `make up` does, load both and return the DuckDB file."""
    data_dir, kept = context.fresh("sources"), context.fresh("loaded")
    services = [sys.executable, "-m", "mock_services", "--data-dir", str(data_dir)]
    try:
        run([*services, "up", "--only", "postgres,saas"])
        for source in ("postgres", "saas"):
            pipeline = ROOT / "pipelines" / f"{source}.py"
            run([sys.executable, pipeline], {"MAILBLAZE_DATA_DIR": str(data_dir), "MAILBLAZE_ENV": "local"})
        return Path(shutil.move(data_dir / WAREHOUSE, kept))
    finally:
        run([*services, "clean"])
