"""Other tools on the same table: dlt's own backends and Sling, installed in `.venv-bench`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb

from tools.bench.checksum import RowsDiffer
from tools.bench.context import BenchContext, Figures, LeftOut
from tools.bench.process import ROOT, run

VENV = ROOT / ".venv-bench"


def dlt(backend: str, table: str = "events") -> Callable[[BenchContext], Figures]:
    """Return the part that measures stock dlt with one of its backends.

    Where `table` is not the main table, `seconds` are scaled to all rows: start-up once, the rest by the rows;
    `measured_seconds` and `measured_rows` say what was seen.
    """
    name = "dlt_default" if backend == "sqlalchemy" else f"dlt_{backend}"

    def measure(context: BenchContext) -> Figures:
        rows, folder = context.need(table), context.fresh(name)
        file = folder / "stock.duckdb"
        # In a folder of its own: dlt would read our .dlt/ otherwise.
        done = run(
            [_python(), "-P", ROOT / "tools" / "bench" / "stock_dlt.py", backend, context.url, table, file],
            {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder / "dlt")},
            cwd=folder,
        )
        _count(file, f"raw.{table}", rows)
        context.remove(folder)
        figure = {"seconds": done.seconds, "peak_mb": done.peak_mb, "rows": rows}
        if table != "events":
            run_seconds = done.result["run_seconds"]
            figure = {
                "seconds": done.seconds - run_seconds + run_seconds * context.rows / rows,
                "rows": context.rows,
                "measured_seconds": done.seconds,
                "measured_rows": rows,
            }
        return {name: figure}

    return measure


def engines(context: BenchContext) -> Figures:
    """Measure three ways to bring the table's rows from Postgres into Parquet files, and no further."""
    rows, found = context.need("events"), {}
    for name in ("adbc", "connectorx", "duckdb"):
        folder = context.fresh(name)
        done = run(
            [_python(), "-P", ROOT / "tools" / "bench" / "engine.py", name, context.url, "events", folder], cwd=folder
        )
        with duckdb.connect() as connection:
            ((read,),) = connection.execute(f"select count(*) from '{folder}/*.parquet'").fetchall()
        if read != rows:
            raise RowsDiffer(f"{name} wrote {read:,} rows, the source has {rows:,}")
        size = sum(file.stat().st_size for file in folder.glob("*.parquet"))
        context.remove(folder)
        figure = {"seconds": done.seconds, "peak_mb": done.peak_mb, "rows": rows, "parquet_mb": size / 1e6}
        found[f"engine_{name}"] = figure
    return found


def sling(context: BenchContext) -> Figures:
    """Measure Sling's full refresh into a DuckDB file.

    Raises:
        LeftOut: Sling is not installed.
    """
    rows, home = context.need("events"), context.fresh("sling")
    binary, settings = _sling(home)
    file = home / "sling.duckdb"
    done = run(
        [binary, "run", "--src-conn", "SOURCE", "--src-stream", "public.events", "--tgt-conn", "TARGET",
         "--tgt-object", "main.events", "--mode", "full-refresh"],
        {"SOURCE": f"{context.url}?sslmode=disable", "TARGET": f"duckdb://{file}", **settings},
        cwd=home,
    )  # fmt: skip
    _count(file, "main.events", rows)
    context.remove(home)
    return {"sling": {"seconds": done.seconds, "peak_mb": done.peak_mb, "rows": rows}}


def _sling(home: Path) -> tuple[Path, dict[str, str]]:
    """Return Sling's binary and its settings: it finds DuckDB's command and extensions here and downloads neither."""
    settings = {"HOME": str(home), "SLING_HOME_DIR": str(home / ".sling"), "SLING_DISABLE_TELEMETRY": "true"}
    wheel = next(VENV.glob("lib/*/site-packages/sling_*/bin/sling-*"), None)
    if wheel:
        for extension in VENV.glob("lib/*/site-packages/duckdb_extension_*/extensions/*/*"):
            place = home / ".duckdb" / "extensions" / extension.parent.name / "linux_amd64"
            place.mkdir(parents=True, exist_ok=True)
            (place / extension.name).symlink_to(extension)
        return wheel, settings | {"DUCKDB_PATH": str(VENV / "bin" / "duckdb")}
    on_path = shutil.which("sling")
    if not on_path:
        raise LeftOut("no Sling here: its wheel is for Linux on x86_64, and there is none on the PATH")
    return Path(on_path), {"SLING_DISABLE_TELEMETRY": "true"}


def _python() -> Path:
    python = VENV / "bin" / "python"
    if not python.exists():
        raise LeftOut("there is no .venv-bench: `make bench` makes it")
    return python


def _count(file: Path, table: str, rows: int) -> None:
    with duckdb.connect(str(file), read_only=True) as connection:
        ((found,),) = connection.execute(f"select count(*) from {table}").fetchall()
    if found != rows:
        raise RowsDiffer(f"{table} in {file.name} has {found:,} rows, the source {rows:,}")
