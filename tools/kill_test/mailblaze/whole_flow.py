"""The whole chain as subjects: the flow (killed between its pipelines and during dbt) and `dbt build` alone."""

import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb

from pipelines import postgres, saas
from tools.kill_test.mailblaze.services import Services
from tools.kill_test.mailblaze.world import World
from tools.kill_test.subject import Subject

ROOT = Path(__file__).parents[3]
BUILD = ["build", "--quiet", "--project-dir", str(ROOT / "dbt_subject"), "--profiles-dir", str(ROOT / "dbt_subject")]


def flow_subject(services: Services, sources: list[Subject], kills: int) -> Subject:
    """Both sources and dbt, as `python flows/elt.py` runs them against a Prefect server."""
    at = partial(World, env_name="local", addresses=services.addresses)

    def load() -> None:
        from flows.elt import main  # imported by the run: Prefect starts threads

        main([])

    def prepare(path: Path, turn: int) -> None:
        wait_for(services.addresses["prefect_url"])
        if turn:
            at(path).change_postgres(turn)
            at(path).change_saas(turn)
        else:
            at(path).begin()

    def check(path: Path) -> Iterator[tuple]:
        for source in sources:
            yield from source.check(path)
        yield from compare_mart(at(path))

    def examine(path: Path) -> Iterator[str]:
        for source in sources:
            yield from source.examine(path)

    return Subject(
        "flow/local", load, check, prepare, examine, sources[0].cursors, sources[0].environment,
        within=("between pipelines", "dbt", "merge"), kills_per_scenario=kills, max_scenarios=1,
    )  # fmt: skip


def dbt_subject(services: Services, kills: int) -> Subject:
    """`dbt build` over a RAW that has just been loaded."""
    at = partial(World, env_name="local", addresses=services.addresses)

    def load() -> None:
        from dbt.cli.main import dbtRunner  # imported by the run: dbt starts threads

        if not dbtRunner().invoke(BUILD).success:
            sys.exit("✗ dbt build failed")

    def prepare(path: Path, turn: int) -> None:
        if not turn:
            at(path).begin()
        elif turn % 10:
            return  # only loads change what dbt reads
        else:
            at(path).change_postgres(turn)
            at(path).change_saas(turn)
        postgres.load()
        saas.load()

    return Subject(
        "dbt/local", load, lambda path: compare_mart(at(path)), prepare,
        environment=lambda path: at(path).environment(), within=("dbt",), kills_per_scenario=kills, max_scenarios=1,
    )  # fmt: skip


def compare_mart(world: World) -> Iterator[tuple]:
    """Yield each table of MART as built from a copy of RAW without a kill, and as it is."""
    beside = World(world.path / "beside", world.env_name, world.addresses)
    shutil.rmtree(beside.path, ignore_errors=True)
    beside.path.mkdir()
    shutil.copy(world.warehouse, beside.warehouse)
    with duckdb.connect(str(beside.warehouse)) as connection:
        for schema in ("MART", "INTERMEDIATE", "STAGING"):
            connection.execute(f"drop schema if exists {schema} cascade")
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *BUILD],
        env={**world.environment(), **beside.environment(), "PATH": "", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    yield "dbt build without a kill", [("ends with", 0)], [("ends with", done.returncode)]
    for (table,) in beside.raw("select table_name from duckdb_tables() where schema_name = 'MART' order by 1"):
        yield f"MART.{table}", *(_counted(side.raw(f"select * from MART.{table}")) for side in (beside, world))
    shutil.rmtree(beside.path)


def wait_for(url: str) -> None:
    """Wait until the Prefect server answers."""
    for _ in range(600):
        try:
            return urllib.request.urlopen(f"{url}/health", timeout=10).close()  # noqa: S310  on loopback
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


def _counted(rows: list[tuple]) -> list[tuple]:
    """Return rows without a key as pairs whose key is the row and its number."""
    seen: Counter[tuple] = Counter()
    pairs = []
    for row in rows:
        seen[row] += 1
        pairs.append(((row, seen[row]), row))
    return pairs
