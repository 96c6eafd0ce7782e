"""Manage the processes, ports and addresses of the services that keep their files in one folder."""

import errno
import fcntl
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from mock_services.errors import ServiceError
from mock_services.postgres.server import EmbeddedPostgres
from mock_services.system.ports import free_port, is_held_by
from mock_services.system.private_files import restrict_permissions
from mock_services.system.processes import ProcessRecord, folder_identity, write_atomically

PORTS = {"prefect": 4200, "saas": 8025, "postgres": 54329}
HEALTH = {"prefect": "/api/health", "saas": "/healthz"}
START_TIMEOUTS = {"prefect": 120, "saas": 600}  # seconds; the API is seeded before it answers
MAX_STARTS = 4  # another program may take the port after it was found to be free


class ServiceManager:
    """The services of one folder; `ports` are preferred, and free ones replace those that are taken."""

    def __init__(self, data_dir: Path, ports: Mapping[str, int] = MappingProxyType(PORTS)):
        self.data_dir = Path(data_dir).absolute()
        self.ports = ports
        self._started: dict[str, tuple[list[str], dict[str, str]]] = {}
        self.records = {name: ProcessRecord(self.data_dir / name / "process.json") for name in PORTS}
        self.postgres = EmbeddedPostgres(self.data_dir / "postgres", preferred_port=ports.get("postgres"),
                                         log=self._log("postgres"))  # fmt: skip
        self.store = self.data_dir / "saas" / "store.db"

    def _log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    @property
    def token(self) -> str:
        """The token of the API, generated on first use, in a file with mode 0600."""
        path = self.data_dir / "saas" / "token"
        if not path.exists():
            write_atomically(path, f"mock-{secrets.token_urlsafe(24)}")
        return path.read_text()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder: one command at a time.

        Raises:
            ServiceError: the folder cannot be written to.
        """
        try:
            for folder in ("", "logs", *PORTS):
                (self.data_dir / folder).mkdir(parents=True, exist_ok=True)
            restrict_permissions(self.data_dir)
            lock = (self.data_dir / "lock").open("w")
        except OSError as error:
            raise _not_writable(self.data_dir, error) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("another command uses these services; waiting for it", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT):
                    raise
                raise _not_writable(self.data_dir, error) from error

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> bool:
        """Start an HTTP service in the background; return False if it runs already."""
        record = self.records[name]
        if record.pid():
            return False
        self._started[name] = command, environment
        self._run(name, free_port(record.port or self.ports.get(name)))
        return True

    def _run(self, name: str, port: int) -> None:
        command, environment = self._started[name]
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command, "--port", str(port)],
                # SQLAlchemy ends a database's path at a `?`: Prefect's path is relative to its working folder.
                cwd=self.data_dir / name if name == "prefect" else Path(__file__).parents[1],
                # Prefect's UI in the browser calls this server, whatever its port.
                env={**inherited, **environment, "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api"},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.records[name].write(process.pid, port)
        except OSError:  # without a record, no command could stop it
            process.kill()
            raise

    def wait(self, name: str) -> bool:
        """Wait until an HTTP service answers; return whether its port has changed since `start`.

        If another program has taken its port, the service is started again on another port.

        Raises:
            ServiceError: the service ended, or does not answer in time; it is stopped.
        """
        record, deadline, port = self.records[name], time.monotonic() + START_TIMEOUTS[name], self.records[name].port
        starts = 1
        while not self.is_ready(name):
            if (
                not record.pid()
                and name in self._started
                and starts < MAX_STARTS
                and free_port(record.port) != record.port
            ):
                starts += 1
                self._run(name, free_port())
            elif not record.pid() or time.monotonic() > deadline:
                record.stop()
                raise ServiceError(f"{name} did not start: read {self._log(name)}")
            time.sleep(0.05)
        return record.port != port

    def is_ready(self, name: str) -> bool:
        """Return whether an HTTP service answers, and not another program on its port."""
        record = self.records[name]
        port = record.port
        if not port or not record.pid():
            return False
        return is_healthy(port, HEALTH[name]) and is_held_by(port, record.members())

    def url(self, name: str) -> str | None:
        """Return the URL of a service, or None if it does not run."""
        if not self.records[name].pid():
            return None
        if name == "postgres":
            return self.postgres.url()
        return f"http://127.0.0.1:{self.records[name].port}" + ("/api" if name == "prefect" else "")

    def write_services_file(self) -> None:
        """Write services.json, the addresses for readers; null for a service that does not run."""
        found = {"postgres_url": self.url("postgres"), "saas_url": self.url("saas"), "saas_token": self.token,
                 "prefect_api_url": self.url("prefect"), "folder": folder_identity(self.data_dir)}  # fmt: skip
        write_atomically(self.data_dir / "services.json", json.dumps(found, indent=2) + "\n")


def is_healthy(port: int, path: str) -> bool:
    """Return whether a service answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _not_writable(data_dir: Path, error: OSError) -> ServiceError:
    return ServiceError(
        f"{data_dir} cannot be written to ({error.strerror}): free space there, or name another folder with --data-dir"
    )
