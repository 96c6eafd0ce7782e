"""Start, seed, inspect, change and stop all services together: a function for each command."""

import json
import shutil
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mock_services.errors import ServiceError
from mock_services.postgres import seed, traffic
from mock_services.postgres.workload import writers
from mock_services.saas import store
from mock_services.saas.faults import random_faults, read_script
from mock_services.service_manager import PORTS, ServiceManager
from mock_services.system.processes import write_atomically


def up(
    data_dir: Path,
    scale: int | None = None,
    only: tuple[str, ...] = tuple(PORTS),
    no_wait: tuple[str, ...] = (),
    ports: Mapping[str, int] = MappingProxyType(PORTS),
) -> None:
    """Start and seed the services that do not run, and return when they answer.

    Args:
        data_dir: the folder that holds their files.
        scale: the size of the seed (1).
        only: the services to start.
        no_wait: services that may answer later.
        ports: preferred ports; other free ones replace those that are taken.

    Raises:
        ServiceError: a service does not start, or the folder was seeded at another scale.
    """
    services, began = ServiceManager(data_dir, ports), time.monotonic()
    with services.locked():
        _check_scale(services, scale)
        if "prefect" in only and services.start(
            "prefect", ["prefect", "server", "start", "--host", "127.0.0.1"], prefect_settings(services.data_dir)
        ):
            print("prefect     starting (its first start migrates its database)", flush=True)
        serve = ["mock_services.saas", "--store", str(services.store), "--scale", str(scale or 1)]
        if "saas" in only and services.start("saas", serve, {"MOCK_SAAS_TOKEN": services.token}):
            print("saas        starting", flush=True)
        if "postgres" in only:
            _start_postgres(services, scale or 1)
        if "saas" in only and "saas" not in no_wait:
            services.wait("saas")
        services.write_services_file()
    if "prefect" in only and "prefect" not in no_wait and services.wait("prefect"):
        with services.locked():
            services.write_services_file()
    _print_addresses(services, only, no_wait)
    print(f"up in {time.monotonic() - began:.1f} s; addresses and passwords: {services.data_dir / 'services.json'}")


def prefect_settings(data_dir: Path) -> dict[str, str]:
    """Return all settings of the Prefect server; it reads none from the shell or from profiles."""
    home = str(data_dir / "prefect")
    return {
        "PREFECT_HOME": home,
        "PREFECT_PROFILES_PATH": f"{home}/profiles.toml",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:///prefect.db",  # in its working folder
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def down(data_dir: Path, only: tuple[str, ...] = tuple(PORTS)) -> None:
    """Stop services (all) and their child processes; services that do not run are skipped."""
    if not (Path(data_dir) / "lock").exists():  # the folder was never used
        print("nothing runs")
        return
    services = ServiceManager(data_dir)
    with services.locked():
        file = services.data_dir / "services.json"
        had_file = file.exists()
        file.unlink(missing_ok=True)  # first, so that no reader finds the address of a service that is stopping
        stopped: list[str] = [name for name in ("prefect", "saas") if name in only and services.records[name].stop()]
        stopped += ["postgres"] if "postgres" in only and services.postgres.stop() else []
        if had_file and any(record.pid() for record in services.records.values()):
            services.write_services_file()
    print(f"stopped {', '.join(stopped)}" if stopped else "nothing runs")


def status(data_dir: Path) -> bool:
    """Print which services run and where; return whether all of them answer."""
    services, is_all = ServiceManager(data_dir), True
    for name, record in services.records.items():
        pid = record.pid()
        is_ready = pid and (name == "postgres" or services.is_ready(name))
        is_all = is_all and bool(is_ready)
        shown = f"{'ready' if is_ready else 'starting'} at {_without_password(services.url(name))}, process {pid}"
        print(f"{name:<11} {shown if pid else 'is down: type `python -m mock_services up`'}")
    return is_all


def simulate_day(data_dir: Path, day: int | None = None) -> int:
    """Simulate one business day in Postgres and in the API, print the changes, and return its number.

    Raises:
        ServiceError: the services do not run, or the day is later than the next one.
    """
    services = ServiceManager(data_dir)
    if not services.url("postgres") or not services.store.exists():
        raise ServiceError("the services are down: type `python -m mock_services up`")
    with services.locked():
        url = services.postgres.url()
        if day is None:  # a day that was interrupted between the two sources is finished first
            day = min(traffic.last_day(url), store.last_day(services.store)[0]) + 1
        is_new = day > min(traffic.last_day(url), store.last_day(services.store)[0])
        traffic.simulate_day(url, day)
        store.simulate_day(services.store, day)
    print(f"day {day}" + ("" if is_new else " was simulated before: nothing changed"))
    if not is_new:
        return day
    for origin, changes in (
        ("postgres", traffic.read_changes(url, day)),
        ("saas", store.read_changes(services.store, day)),
    ):
        for table, counts in changes.items():
            shown = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "unchanged"
            print(f"  {origin:<9} {table:<17} {shown}")
    return day


def faults(data_dir: Path, script: Path | None = None, seed: int | None = None, count: int = 10) -> None:
    """Set the faults of the running API, from a file or generated from a seed; without either, print what is left.

    Raises:
        ServiceError: the API does not run, or the script is invalid.
    """
    new = read_script(script) if script else None if seed is None else random_faults(seed, count)
    url = ServiceManager(data_dir).url("saas")
    if not url:
        raise ServiceError("the API is down: type `python -m mock_services up`")
    request = urllib.request.Request(f"{url}/mock/faults")  # noqa: S310  the mock on 127.0.0.1
    if new is not None:
        request.data, request.method = json.dumps(new).encode(), "PUT"
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        found = json.load(answer)
    for kind, listed in found.items():
        print(f"{kind:<6} {len(listed)}")
        for fault in listed:
            print(f"  {json.dumps(fault)}")


def run_workload(
    data_dir: Path, seed: int, seconds: float, transactions: int | None = None, kill_every: float | None = None
) -> None:
    """Run concurrent writers on Postgres; the options are those of `writers.run_workload`.

    Raises:
        ServiceError: Postgres does not run.
    """
    url = ServiceManager(data_dir).url("postgres")
    if not url:
        raise ServiceError("Postgres is down: type `python -m mock_services up`")
    writers.run_workload(url, seed, seconds, transactions, kill_every)


def clean(data_dir: Path) -> None:
    """Stop all services and remove their files; other files of the folder stay."""
    if not (Path(data_dir) / "lock").exists():
        print("nothing runs")
        return
    down(data_dir)
    services = ServiceManager(data_dir)
    services.postgres.destroy()
    for name in ("saas", "prefect", "logs"):
        shutil.rmtree(services.data_dir / name, ignore_errors=True)
    for name in ("lock", "cluster_identifier"):
        (services.data_dir / name).unlink(missing_ok=True)


def _print_addresses(services: ServiceManager, names: tuple[str, ...], no_wait: tuple[str, ...]) -> None:
    for name in names:
        shown = "will be at" if name in no_wait else "ready at"
        print(f"{name:<11} {shown} {_without_password(services.url(name))}", flush=True)


def _start_postgres(services: ServiceManager, scale: int) -> None:
    postgres, began = services.postgres, time.monotonic()
    if not services.records["postgres"].pid():
        print("postgres    starting", flush=True)
    postgres.start()
    is_seeded_now = seed.seed(postgres.url(), scale)
    if is_seeded_now:
        rows = sum(counts["new"] for counts in traffic.read_changes(postgres.url(), 0).values())
        print(f"postgres    seeded {rows:,} rows, {time.monotonic() - began:.1f} s after its start", flush=True)
    _warn_if_replaced(services, is_seeded_now)


def _warn_if_replaced(services: ServiceManager, is_seeded_now: bool) -> None:
    """Warn if the cluster is not that of the last start, and rows of the earlier one were loaded."""
    kept, found = services.data_dir / "cluster_identifier", services.postgres.identifier()
    known = kept.read_text() if kept.exists() else None
    if _was_loaded(services.data_dir) and (is_seeded_now if known is None else known != found):
        print(
            f"postgres    is a new database, and {services.data_dir} holds what was loaded from an earlier one: type "
            "`make clean run` to begin again with both",
            flush=True,
        )
    if known != found:
        write_atomically(kept, found)


def _was_loaded(data_dir: Path) -> bool:
    """Return whether rows of Postgres were loaded: into this folder's lake, or elsewhere by the records of runs."""
    if any((data_dir / "lake" / "postgres").rglob("*.parquet")):
        return True
    return any(_has_loaded(path) for path in (data_dir / "runs").glob("*/*.json"))


def _has_loaded(record: Path) -> bool:
    try:
        outcomes = json.loads(record.read_text(encoding="utf-8"))["outcomes"]
        return any((one["part"], one["result"]) == ("postgres", "ok") for one in outcomes)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_scale(services: ServiceManager, scale: int | None) -> None:
    if scale and services.store.exists() and (found := store.seeded_scale(services.store)) and found != scale:
        raise ServiceError(f"{services.data_dir} was seeded at scale {found}, not {scale}: leave SCALE out, or type"
                           " `python -m mock_services clean` first")  # fmt: skip


def _without_password(url: str | None) -> str:
    """Return a URL without its password."""
    head, _, tail = (url or "-").rpartition("@")
    return f"{head.rsplit(':', 1)[0]}@{tail}" if head else tail
