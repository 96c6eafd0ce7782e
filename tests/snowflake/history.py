"""The history that the tests of this folder share: a load, a day of traffic, a second load, on both warehouses."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import boto3
import pytest

from mock_services.postgres.traffic import simulate_day
from mock_services.saas import store
from mock_services.saas.app import create_app
from tests.snowflake.digest import digest
from tests.snowflake.metering import meter
from tests.snowflake.warehouses import OURS, DuckDb, Snowflake, Warehouse, write_key
from tests.support.platform import KEYS, TOKEN, clone, query, serve

MRR = "select month_starts_on, closing_mrr_usd from MART.rpt_mrr"


@dataclass
class History:
    """Both warehouses after a first load, a day of traffic and a second load, with what was recorded meanwhile."""

    snowflake: Snowflake
    duckdb: DuckDb
    postgres_url: str
    saas_store: Path
    secrets: dict[str, str]
    digests: list[dict[str, tuple[int, str]]] = field(default_factory=list)
    statements: list[dict] = field(default_factory=list)
    months: dict[date, Decimal] = field(default_factory=dict)  # MRR by month as the first build reported it

    def source(self, sql: str) -> list[tuple]:
        """Run SQL in the source Postgres and return the selected rows."""
        return query(self.postgres_url, sql)


@pytest.fixture(scope="session")
def history(offline, postgres_server, small_database, small_store, s3_server, tmp_path_factory) -> Iterator[History]:
    """Load, simulate a day, load again: into Snowflake and DuckDB, from the same sources, in parallel."""
    folder = tmp_path_factory.mktemp("history")
    clone(postgres_server, small_database, "history")
    url = postgres_server.url("history")
    saas_store = folder / "store.sqlite"
    shutil.copy(small_store, saas_store)
    key = write_key(folder)
    secrets = {"SaaS token": TOKEN, "Postgres password": postgres_server.password, "S3 key": "aws-secret-for-tests"}
    secrets["private key"] = key.read_text().splitlines()[3]
    with serve(create_app(saas_store, TOKEN)) as api:
        sources = {
            "SOURCES__POSTGRES__CREDENTIALS": url,
            "SOURCES__SAAS__BASE_URL": api,
            "SOURCES__SAAS__API_KEY": TOKEN,
            "DESTINATION__LAKE__CREDENTIALS__AWS_ACCESS_KEY_ID": "test",
            "DESTINATION__LAKE__CREDENTIALS__AWS_SECRET_ACCESS_KEY": secrets["S3 key"],
            "DESTINATION__LAKE__CREDENTIALS__REGION_NAME": "us-east-1",
            "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": s3_server,
        }
        snowflake = Snowflake("dev", folder / "dev", sources | snowflake_settings(offline.port, key))
        snowflake.server = offline
        duck = DuckDb("ci", folder / "ci", sources)
        (folder / "ci").mkdir()
        (folder / "ci" / "services.json").write_text('{"settings": "stand in the shell"}')
        first = len(offline.statements())
        make_bucket(s3_server, "dp-mailblaze-demo-ci-raw")
        history = History(snowflake, duck, url, saas_store, secrets)
        both(history, lambda warehouse: (warehouse.load(), meter(warehouse, day=1), warehouse.dbt("build")))
        history.months.update(snowflake.rows(MRR)[1])
        simulate_day(url)
        store.simulate_day(saas_store, 1)
        both(history, lambda warehouse: (warehouse.load(), meter(warehouse, day=2), warehouse.dbt("build")))
        history.digests.append(digests(snowflake, "MART"))
        snowflake.dbt("build")
        history.digests.append(digests(snowflake, "MART"))
        history.statements += offline.statements()[first:]
        yield history


def both(history: History, act: Callable[[Warehouse], object]) -> None:
    """Run a function on both warehouses in parallel."""
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(act, warehouse) for warehouse in (history.snowflake, history.duckdb)]:
            future.result()


def digests(warehouse: Warehouse, schema: str) -> dict[str, tuple[int, str]]:
    """Return each table's row count and digest, without the columns that depend on the load."""
    found = {}
    for table in warehouse.tables(schema):
        names, rows = warehouse.rows(f"select * from {schema}.{table}")
        kept = [index for index, name in enumerate(names) if name not in OURS]
        found[table] = digest([names[index] for index in kept], ([row[index] for index in kept] for row in rows))
    return found


def snowflake_settings(port: int, key: Path) -> dict[str, str]:
    """Return the settings of an account, and the address of this server."""
    place = {"host": "127.0.0.1", "port": port, "protocol": "http", "network_timeout": 15, "login_timeout": 15}
    return {
        "DESTINATION__WAREHOUSE__CREDENTIALS__HOST": "acct",
        "DESTINATION__WAREHOUSE__CREDENTIALS__USERNAME": "LOADER_SVC",
        "DESTINATION__WAREHOUSE__CREDENTIALS__PRIVATE_KEY_PATH": str(key),
        "DESTINATION__WAREHOUSE__CREDENTIALS__QUERY": json.dumps(place),
        "SNOWFLAKE_ACCOUNT": "acct",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(key),
    }


def make_bucket(s3_url: str, name: str) -> None:
    """Create an empty bucket."""
    boto3.client("s3", endpoint_url=s3_url, **KEYS).create_bucket(Bucket=name)
