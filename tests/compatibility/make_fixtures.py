"""Make the archives of earlier/ with the code of an earlier commit; README.md has the command.

It is run in a checkout of that commit, whose modules it imports and whose commands it runs. The two sources are those
of its mock services with most rows removed, so that the archives stay small.
"""

import io
import json
import logging
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tomllib
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path.cwd()
sys.path.insert(0, str(CHECKOUT))

import psycopg2  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

from mock_services.postgres import traffic  # noqa: E402
from mock_services.postgres.seed import seed  # noqa: E402
from mock_services.postgres.server import EmbeddedPostgres  # noqa: E402
from mock_services.saas import store  # noqa: E402
from mock_services.saas.app import create_app  # noqa: E402
from mock_services.services import down, up  # noqa: E402
from tests.conftest import BUCKET, TOKEN, Platform, empty_bucket, objects, serve  # noqa: E402

TABLES = [
    "plans",
    "accounts",
    "users",
    "subscriptions",
    "invoices",
    "lists",
    "contacts",
    "list_memberships",
    "campaigns",
]
FIRST_OID = 20_000
DATA = CHECKOUT / ".data"
COMMANDS = (
    "pipelines/postgres.py",
    "pipelines/saas.py",
    "pipelines/replay.py",
    "pipelines/doctor.py",
    "pipelines/lease_repair.py",
    "flows/elt.py",
    "flows/status.py",
)
TRIM = """
delete from contacts where contact_id % 250 <> 0;
delete from invoices where invoice_id % 20 <> 0;
delete from users where account_id % 10 <> 0 and user_role <> 'owner';
"""
TRIM_STORE = """
delete from email_events where sequence % 200 <> 0;
delete from suppressions where sequence % 10 <> 0;
"""
# Killed between extraction and load: the package is ready, the lease is held, the record of the run has no end.
KILLED = """
import os, signal, sys
from pipelines import load, {source}
from pipelines.command import run
load.land = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
run("{source}", {source}.load, ["--quiet"])
"""
LEFT_OUT = ("services.json", "dashboard.html")  # addresses with passwords; a page that each flow writes again


def main(output: Path) -> None:
    """Write the archives to a folder."""
    if DATA.exists():
        sys.exit(f"{DATA} exists: the fixtures begin with an empty data folder")
    with TemporaryDirectory() as work, EmbeddedPostgres(Path(work) / "postgres", ephemeral=True) as postgres:
        os.environ |= {
            "MAILBLAZE_ENV": "ci",
            "DBT_TARGET_PATH": f"{work}/target",
            "DBT_LOG_PATH": f"{work}/logs",
            "LEASE__TTL": "2",  # a test does not wait for a minute until the lease of the killed run has expired
        }
        saas_store = Path(work) / "store.sqlite"
        url = postgres.url()
        skip_oids(postgres)
        seed(url)
        store.seed(saas_store, 1)
        trim(url, saas_store)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        s3.start()
        host, port = s3.get_host_and_port()
        services = Path(work) / "services"
        up(services, only=("prefect",), ports={})
        prefect = json.loads((services / "services.json").read_text())["prefect_api_url"]
        DATA.mkdir()
        with serve(create_app(saas_store, TOKEN)) as api:
            platform = Platform(DATA, url, saas_store, api, f"http://{host}:{port}")
            empty_bucket(platform)
            platform.write_services(prefect_api_url=prefect)
            make(platform, output)
        down(services)
        s3.stop()
        postgres.destroy()


def skip_oids(postgres: EmbeddedPostgres) -> None:
    """Use up object ids to a round number, as the tests do before they create the tables: RAW's state has their ids."""
    with closing(psycopg2.connect(postgres.url())) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select lo_creat(-1)")
        (at,) = cursor.fetchone()
        cursor.execute("select max(lo_creat(-1)) from generate_series(1, %s)", (FIRST_OID - 1 - at,))
        assert cursor.fetchone() == (FIRST_OID - 1,)


def make(platform: Platform, output: Path) -> None:
    """Load twice with dbt, load a third time without end, and write what is there."""
    flow()
    change(platform, 1)
    flow()
    archive(output / "data.tar.xz", folder_files(DATA))
    change(platform, 2)
    warehouse = platform.warehouse.read_bytes()
    for source in ("postgres", "saas"):
        done = subprocess.run([sys.executable, "-c", KILLED.format(source=source)], env=shell(), check=False)
        assert done.returncode == -signal.SIGKILL, done.returncode
    assert platform.warehouse.read_bytes() == warehouse, "a killed run has loaded"
    changed = {name: body for name, body in folder_files(DATA).items() if not name.endswith(".duckdb")}
    archive(output / "killed.tar.xz", changed)
    client = platform.s3()
    keys = objects(platform.s3_url, BUCKET)
    archive(output / "lake.tar.xz", {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys})
    archive(output / "source.tar.xz", source_files(platform))
    (output / "words.json").write_text(json.dumps(words(), indent=1) + "\n")


def flow() -> None:
    """Run both loads and dbt."""
    subprocess.run([sys.executable, "flows/elt.py"], env=shell(), check=True)


def shell() -> dict[str, str]:
    """Return the environment of a command that is typed in the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def change(platform: Platform, day: int) -> None:
    """Let a business day pass in both sources, and delete contacts, which the mock's day rarely hits here."""
    traffic.live_day(platform.postgres_url, day)
    store.live_day(platform.saas_store, day)
    trim(platform.postgres_url, platform.saas_store)
    with closing(psycopg2.connect(platform.postgres_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("delete from contacts where contact_id in (%s, %s)", (day * 250, day * 2500))
        cursor.execute("update contacts set first_name = %s where contact_id %% 1000 = 0", (f"day {day}",))


def trim(url: str, saas_store: Path) -> None:
    """Remove most rows of both sources."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(TRIM)
    with closing(sqlite3.connect(saas_store)) as connection:
        connection.executescript(TRIM_STORE)
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")


def folder_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a data folder by their paths in it, without those that name services."""
    found = sorted(path for path in folder.rglob("*") if path.name not in LEFT_OUT)
    return {
        path.relative_to(folder).as_posix() + "/" * path.is_dir(): b"" if path.is_dir() else path.read_bytes()
        for path in found
    }


def source_files(platform: Platform) -> dict[str, bytes]:
    """Return the API's store, the database's schema, and each table as COPY writes it."""
    found = {"schema.sql": (CHECKOUT / "mock_services/postgres/schema.sql").read_bytes()}
    with closing(psycopg2.connect(platform.postgres_url)) as connection, connection, connection.cursor() as cursor:
        for table in TABLES:
            body = io.BytesIO()
            cursor.copy_expert(f"copy (select * from {table} order by 1, 2) to stdout", body)
            found[f"{table}.copy"] = body.getvalue()
        cursor.execute("select relname, oid::int from pg_class where relname = any(%s)", ([*TABLES],))
        found["oids.json"] = json.dumps(dict(cursor.fetchall())).encode()
    return found | {"store.sqlite": platform.saas_store.read_bytes()}


def words() -> dict[str, dict]:
    """Return what people type: settings of the sources with their defaults, options of commands, variables."""
    from dlt.common.configuration.inject import get_fun_spec

    from pipelines import postgres, saas

    specs = {
        "postgres": postgres.postgres.ref.SPEC,
        "postgres.snapshot": get_fun_spec(postgres.snapshot),
        "saas": saas.saas.ref.SPEC,
    }
    settings = {
        name: {field: str(getattr(spec(), field)) for field in spec.get_resolvable_fields()}
        for name, spec in specs.items()
    }
    options = {}
    for command in COMMANDS:
        text = subprocess.run(
            [sys.executable, *command.split(), "--help"], env=shell(), check=True, capture_output=True, text=True
        ).stdout
        options[command] = sorted(set(re.findall(r"--[a-z-]+", text)))
    sources = [path for folder in ("pipelines", "flows", "dbt", "dashboard") for path in (CHECKOUT / folder).rglob("*")]
    texts = [path.read_text() for path in sources if path.suffix in (".py", ".sh", ".yml", ".sql")]
    variables = set(re.findall(r"\bMAILBLAZE_(?!DEMO)[A-Z_]*[A-Z]\b", "\n".join(texts)))
    config = tomllib.loads((CHECKOUT / ".dlt/config.toml").read_text())
    return {"settings": settings, "options": options, "variables": sorted(variables), "config": config}


def archive(path: Path, files: dict[str, bytes]) -> None:
    """Write files into a compressed archive, without owners and times."""
    with tarfile.open(path, "w:xz", preset=9) as written:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            entry.type, entry.mode = (tarfile.DIRTYPE, 0o755) if name.endswith("/") else (tarfile.REGTYPE, 0o644)
            written.addfile(entry, io.BytesIO(body))
    print(f"{path.name}: {len(files)} files, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
