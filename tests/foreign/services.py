"""Postgres and an S3 API for one worker: `python -m tests.foreign.services FOLDER` prints their addresses as JSON.

The end of standard input ends both. A process of its own, because a worker that forks has no threads.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

from mock_services.postgres.server import EmbeddedPostgres
from tests.support.platform import AtomicPuts

DATABASE = "world"


@contextmanager
def started(folder: Path) -> Iterator[dict[str, str]]:
    """Start both, yield postgres_url, superuser_url, admin_url and s3_url, and end both."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.foreign.services", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(60)


def main(folder: Path) -> None:
    """Serve until standard input ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with EmbeddedPostgres(folder / "postgres", ephemeral=True) as postgres:
        s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        s3.start()
        s3._server.app = AtomicPuts(s3._server.app)
        host, port = s3.get_host_and_port()
        addresses = {
            "postgres_url": postgres.url(DATABASE),
            "superuser_url": postgres.url(DATABASE, "postgres"),
            "admin_url": postgres.url("postgres", "postgres"),
            "s3_url": f"http://{host}:{port}",
        }
        print(json.dumps(addresses), flush=True)
        sys.stdin.read()
        s3.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
