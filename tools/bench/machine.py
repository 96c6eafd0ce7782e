"""The machine that the figures were measured on."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tools.bench import competitors, source
from tools.bench.process import ROOT

OURS = ("dlt", "duckdb", "pyarrow", "psycopg2-binary", "adbc-driver-postgresql", "sqlalchemy", "dbt-core")
THEIRS = ("dlt", "duckdb", "connectorx", "sling-linux-amd64", "duckdb-cli")


def describe() -> dict[str, Any]:
    """Return processor, cores, memory in GB, system and the load averages of 1, 5 and 15 minutes."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def versions(url: str) -> dict[str, Any]:
    """Return the versions of the libraries; `peers` are those of `.venv-bench`."""
    known = library_versions()
    return {"python": known.pop("python"), "postgres": source.version(url), **known, "peers": _peers()}


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries of this environment."""
    return {"python": platform.python_version()} | {name: known for name in OURS if (known := _version(name))}


def commit() -> str | None:
    """Return the measured commit, with `+` behind it if files differ from it."""
    try:
        text = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return text.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _peers() -> dict[str, str]:
    found = {}
    for folder in competitors.VENV.glob("lib/*/site-packages/*.dist-info"):
        name, _, number = folder.name.removesuffix(".dist-info").rpartition("-")
        if name.replace("_", "-") in THEIRS:
            found[name.replace("_", "-")] = number
    return dict(sorted(found.items()))


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
