"""The services of one worker: Postgres, the vendor's API, S3.

`python -m tools.kill_test.mailblaze.services FOLDER` prints their addresses as JSON. The line "restart" restarts
Postgres; the end of standard input ends all. It is a process of its own, because a worker that forks has no threads.
"""

import fcntl
import json
import logging
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import IO

from moto.server import ThreadedMotoServer

from mock_services.commands import down, up
from mock_services.postgres.seed import seed as seed_postgres
from mock_services.postgres.server import EmbeddedPostgres
from mock_services.saas import store
from mock_services.saas.app import create_app
from tests.support.platform import TOKEN, AtomicPuts, clone, execute, serve

# Few rows, so that a run takes a second; every table has some.
TRIM = "delete from contacts where contact_id % 200 <> 0; delete from invoices where invoice_id % 20 <> 0"
TRIM_EVENTS = "delete from email_events where sequence % 400 <> 0"


class Services:
    """The running services; `addresses` has postgres_url, admin_url, saas_url, s3_url, store, seeded_store."""

    def __init__(self, commands: IO[str], answers: IO[str]) -> None:
        self._commands, self._answers = commands, answers
        self.addresses: dict[str, str] = json.loads(answers.readline())

    def restart_postgres(self) -> None:
        """Restart Postgres as after a crash, without waiting for connections."""
        self._commands.write("restart\n")
        self._commands.flush()
        self._answers.readline()


@contextmanager
def started(folder: Path, with_prefect: bool = False) -> Iterator[Services]:
    """Start the services in a folder and end them."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tools.kill_test.mailblaze.services", str(folder), *["prefect"] * with_prefect]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin, "a pipe"
        assert process.stdout, "a pipe"
        yield Services(process.stdin, process.stdout)
        process.stdin.close()
        process.wait(60)


def seeded_store(folder: Path) -> Path:
    """Return a small seeded store of the API, made once for all workers."""
    path = folder.parents[1] / "seeded.sqlite"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            made = folder / "made.sqlite"
            store.seed(made, 1)
            with sqlite3.connect(made) as connection:
                connection.execute(TRIM_EVENTS)
            connection.execute("vacuum")
            connection.execute("pragma journal_mode = delete")
            connection.close()
            made.rename(path)
    return path


def main(folder: Path, with_prefect: bool) -> None:
    """Serve until standard input ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    if with_prefect:
        with redirect_stdout(sys.stderr):
            up(folder.parents[1] / "prefect", only=("prefect",), no_wait=("prefect",), ports={})
    with EmbeddedPostgres(folder / "postgres", ephemeral=True) as postgres:
        seed_postgres(postgres.url())
        execute(postgres.url(), TRIM)
        clone(postgres, "mailblaze", "small")
        seeded = seeded_store(folder)
        shutil.copy(seeded, folder / "store.sqlite")
        s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        s3.start()
        assert s3._server, "start() has waited for it"
        s3._server.app = AtomicPuts(s3._server.app)
        host, port = s3.get_host_and_port()
        with serve(create_app(folder / "store.sqlite", TOKEN, requests_per_second=10_000)) as saas_url:
            addresses = {
                "postgres_url": postgres.url("world"),
                "admin_url": postgres.url("postgres", "postgres"),
                "saas_url": saas_url,
                "s3_url": f"http://{host}:{port}",
                "store": str(folder / "store.sqlite"),
                "seeded_store": str(seeded),
            }
            if with_prefect:
                found = json.loads((folder.parents[1] / "prefect" / "services.json").read_text())
                addresses["prefect_url"] = found["prefect_api_url"]
            print(json.dumps(addresses), flush=True)
            for _ in sys.stdin:
                postgres.stop()
                postgres.start()
                print("restarted", flush=True)
        s3.stop()
    if with_prefect:
        with redirect_stdout(sys.stderr):
            down(folder.parents[1] / "prefect")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "prefect" in sys.argv[2:])
