"""What a person does with all services together: start them side by side, seed them, look at them, end them."""

import json
import shutil
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mock_services.errors import ServiceError
from mock_services.postgres import seed, traffic, trouble
from mock_services.processes import write_atomically
from mock_services.saas import store
from mock_services.saas.faults import read_script, seeded
from mock_services.stack import PORTS, Services


def up(
    data_dir: Path,
    scale: int | None = None,
    only: tuple[str, ...] = tuple(PORTS),
    no_wait: tuple[str, ...] = (),
    ports: Mapping[str, int] = MappingProxyType(PORTS),
) -> None:
    """Start and seed the services that do not run and return when they answer.

    Args:
        data_dir: their folder.
        scale: of the seed, 1 unless told.
        only: the services to start.
        no_wait: those of them that may answer later.
        ports: preferred ones.
    """
    services, began = Services(data_dir, ports), time.monotonic()
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
        services.announce()
    if "prefect" in only and "prefect" not in no_wait and services.wait("prefect"):
        with services.locked():
            services.announce()
    for name in only:
        shown = "will be at" if name in no_wait else "ready at"
        print(f"{name:<11} {shown} {_hidden(services.url(name))}", flush=True)
    print(f"up in {time.monotonic() - began:.1f} s; addresses and passwords: {services.data_dir / 'services.json'}")


def prefect_settings(data_dir: Path) -> dict[str, str]:
    """Return all settings of Prefect's server: those of the shell and of profiles are not read."""
    home = str(data_dir / "prefect")
    return {
        "PREFECT_HOME": home,
        "PREFECT_PROFILES_PATH": f"{home}/profiles.toml",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:///prefect.db",  # in the folder that it runs in
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def down(data_dir: Path, only: tuple[str, ...] = tuple(PORTS)) -> None:
    """Stop services, every one unless told, and all of their children; what does not run is fine."""
    if not (Path(data_dir) / "lock").exists():  # no command has used the folder
        print("nothing runs")
        return
    services = Services(data_dir)
    with services.locked():
        file = services.data_dir / "services.json"
        was_announced = file.exists()
        file.unlink(missing_ok=True)  # before the first one ends: nobody is sent to a service that is going
        stopped = [name for name in ("prefect", "saas") if name in only and services.records[name].stop()]
        stopped += ["postgres"] if "postgres" in only and services.postgres.stop() else []
        if was_announced and any(record.pid() for record in services.records.values()):
            services.announce()
    print(f"stopped {', '.join(stopped)}" if stopped else "nothing runs")


def status(data_dir: Path) -> bool:
    """Print what runs and where; tell whether all of it does."""
    services, is_all = Services(data_dir), True
    for name, record in services.records.items():
        pid = record.pid()
        is_ready = pid and (name == "postgres" or services.is_ready(name))
        is_all = is_all and bool(is_ready)
        shown = f"{'ready' if is_ready else 'starting'} at {_hidden(services.url(name))}, process {pid}"
        print(f"{name:<11} {shown if pid else 'is down: type `python -m mock_services up`'}")
    return is_all


def live_day(data_dir: Path, day: int | None = None) -> int:
    """Live one business day in Postgres and in the API, print what changed, and return its number."""
    services = Services(data_dir)
    if not services.url("postgres") or not services.store.exists():
        raise ServiceError("the services are down: type `python -m mock_services up`")
    with services.locked():
        url = services.postgres.url()
        if day is None:  # one that was cut off between the two is finished first
            day = min(traffic.last_day(url), store.last_day(services.store)[0]) + 1
        is_new = day > min(traffic.last_day(url), store.last_day(services.store)[0])
        traffic.live_day(url, day)
        store.live_day(services.store, day)
    print(f"day {day}" + ("" if is_new else " was lived before: nothing changed"))
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
    """Put a script of faults into the running API, from a file or made up; without either, print what is left of it."""
    chosen = read_script(script) if script else None if seed is None else seeded(seed, count)
    url = Services(data_dir).url("saas")
    if not url:
        raise ServiceError("the API is down: type `python -m mock_services up`")
    request = urllib.request.Request(f"{url}/mock/faults")  # noqa: S310  our own API on 127.0.0.1
    if chosen is not None:
        request.data, request.method = json.dumps(chosen).encode(), "PUT"
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        found = json.load(answer)
    for kind, those in found.items():
        print(f"{kind:<6} {len(those)}")
        for fault in those:
            print(f"  {json.dumps(fault)}")


def make_trouble(data_dir: Path, *asked: float | None) -> None:
    """Let writers write to Postgres as `trouble.make_trouble` says."""
    url = Services(data_dir).url("postgres")
    if not url:
        raise ServiceError("Postgres is down: type `python -m mock_services up`")
    trouble.make_trouble(url, *asked)


def clean(data_dir: Path) -> None:
    """Stop everything and remove what the services keep; other files of the folder stay."""
    if not (Path(data_dir) / "lock").exists():
        print("nothing runs")
        return
    down(data_dir)
    services = Services(data_dir)
    services.postgres.destroy()
    for name in ("saas", "prefect", "logs"):
        shutil.rmtree(services.data_dir / name, ignore_errors=True)
    for name in ("lock", "cluster_identifier"):
        (services.data_dir / name).unlink(missing_ok=True)


def _start_postgres(services: Services, scale: int) -> None:
    postgres, began = services.postgres, time.monotonic()
    if not services.records["postgres"].pid():
        print("postgres    starting", flush=True)
    postgres.start()
    is_seeded_now = seed.seed(postgres.url(), scale)
    if is_seeded_now:
        rows = sum(counts["new"] for counts in traffic.read_changes(postgres.url(), 0).values())
        print(f"postgres    seeded {rows:,} rows, {time.monotonic() - began:.1f} s after its start", flush=True)
    _say_if_new(services, is_seeded_now)


def _say_if_new(services: Services, is_seeded_now: bool) -> None:
    """Say so where the cluster is another one than that of the last start, and what was read from that one is left."""
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
    """Tell whether a load has brought rows of a Postgres into this folder's lake, or elsewhere as the records say."""
    if any((data_dir / "lake" / "postgres").rglob("*.parquet")):
        return True
    return any(_has_loaded(path) for path in (data_dir / "runs").glob("*/*.json"))


def _has_loaded(record: Path) -> bool:
    try:
        outcomes = json.loads(record.read_text(encoding="utf-8"))["outcomes"]
        return any((one["part"], one["result"]) == ("postgres", "ok") for one in outcomes)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_scale(services: Services, scale: int | None) -> None:
    if scale and services.store.exists() and (found := store.seeded_scale(services.store)) and found != scale:
        raise ServiceError(f"{services.data_dir} was seeded at scale {found}, not {scale}: leave SCALE out, or type"
                           " `python -m mock_services clean` first")  # fmt: skip


def _hidden(url: str | None) -> str:
    """Return an address without its password."""
    head, _, tail = (url or "-").rpartition("@")
    return f"{head.rsplit(':', 1)[0]}@{tail}" if head else tail
