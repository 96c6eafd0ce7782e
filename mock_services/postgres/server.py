"""Run a Postgres server whose files are in one folder: TCP on 127.0.0.1, passwords, logical WAL, no Docker."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql

from mock_services.errors import ServiceError
from mock_services.postgres import runtime
from mock_services.postgres.queries import fetch_row
from mock_services.system import processes
from mock_services.system.ports import free_port, is_held_by

SETTINGS = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "timezone": "UTC", "log_timezone": "UTC",
    "wal_level": "logical", "max_wal_senders": "4", "max_replication_slots": "4", "logging_collector": "off",
    "max_prepared_transactions": "4",  # an extraction by cursor must handle prepared transactions
    "fsync": "off", "full_page_writes": "off",  # the data can be generated again; commits survive a killed server
    "max_wal_size": "2GB", "password_encryption": "scram-sha-256",
}  # fmt: skip
MAX_STARTS = 4  # another program may take the port after it was found to be free


class PortTaken(Exception):
    """Another program has taken the port since it was found to be free."""


class EmbeddedPostgres:
    """A Postgres server with its cluster in `data_dir`; runs as root (as an unprivileged user) and as a normal user.

    An `ephemeral` server ends with the process that started it, even if that is killed, and its folder is removed when
    its context ends. Any other server outlives the process.
    """

    def __init__(
        self, data_dir: Path, *, preferred_port: int | None = None, ephemeral: bool = False, log: Path | None = None
    ):
        self.data_dir = Path(data_dir).absolute()
        self.record = processes.ProcessRecord(self.data_dir / "process.json")
        self.log = log or self.data_dir / "server.log"
        self._port: int | None = None
        self._preferred_port, self._ephemeral = preferred_port, ephemeral
        self._watcher: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port of the running server, or of the next start."""
        if self._port is None:
            self._port = self.record.port or free_port(self._preferred_port)
        return self._port

    @property
    def password(self) -> str:
        """The password of `postgres` and `mailblaze`, generated on first use, in a file with mode 0600."""
        path = self.data_dir / "password"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            processes.write_atomically(path, f"mock-{secrets.token_urlsafe(24)}")
        return path.read_text()

    def url(self, database: str = "mailblaze", user: str = "mailblaze") -> str:
        """Return the connection URL of a database."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self, seconds: float = 30) -> "EmbeddedPostgres":
        """Start the server, create the database and its owner; return when it answers. A running server stays.

        Raises:
            ServiceError: the server does not answer within `seconds`.
        """
        if self.record.pid():
            self._port = self.record.port
            self._wait(seconds)
            return self
        base = runtime.prepare_runtime(self.data_dir)
        if not (base.cluster / "complete").exists():
            self._initialize(base)
        self._end_orphan(base.cluster)
        is_fixed = self._port is not None
        self._port = self._port or free_port(self.record.port or self._preferred_port)
        for start in range(MAX_STARTS):
            try:
                self._run(base, seconds)
                break
            except PortTaken as error:
                if is_fixed or start == MAX_STARTS - 1:
                    raise ServiceError(
                        f"Postgres did not start: another program has taken port {self._port}"
                    ) from error
                self._port = free_port()
        self._create_database()
        return self

    def identifier(self) -> str:
        """Return the system identifier, which is unique to the cluster."""
        with closing(psycopg2.connect(self.url("postgres", "postgres"))) as connection, connection.cursor() as cursor:
            cursor.execute("select system_identifier::text from pg_control_system()")
            return fetch_row(cursor)[0]

    def _run(self, base: runtime.Runtime, seconds: float) -> None:
        options = [
            part for name, value in {**SETTINGS, "port": self._port}.items() for part in ("-c", f"{name}={value}")
        ]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(base.binaries / "postgres"), "-D", str(base.cluster), *options], cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **base.run_as)  # fmt: skip
        self.record.write(process.pid, self.port)
        if self._ephemeral:
            self._watch(process.pid)
        self._wait(seconds)

    def stop(self, how: signal.Signals = signal.SIGINT) -> bool:
        """Shut the server down with signal `how`, then SIGKILL; return whether it ran."""
        was_running = self.record.stop(how, 15, whole_group=False)
        # If the folder was removed, the record is gone and nothing was stopped: the watcher then ends the server.
        if was_running or self.data_dir.exists():
            self._unwatch()
        return was_running

    def restart(self, mode: str = "fast") -> "EmbeddedPostgres":
        """Restart with the same port and password; `mode` is "fast" or "immediate" (as after a crash)."""
        _ = self.port  # fixes the port
        self.stop({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
        return self.start()

    def destroy(self) -> None:
        """Stop the server and remove its folder and its relocated files."""
        self.stop()
        runtime.remove_data(self.data_dir)

    def _watch(self, pid: int) -> None:
        """Start a process that waits for the end of this one (its pipe closes) and then ends the server."""
        # Not PR_SET_PDEATHSIG: it is bound to a thread, is lost when the user changes, and macOS lacks it.
        self._unwatch()
        script = "trap '' INT TERM HUP; read -r _; kill -INT $0; while kill -0 $0; do sleep 0.1; done; rm -rf \"$@\""
        place = runtime.relocated_folder(self.data_dir)
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", script, str(pid), *([str(place)] if place else [])],
            cwd="/",
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _unwatch(self) -> None:
        if self._watcher:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None

    def _initialize(self, base: runtime.Runtime) -> None:
        shutil.rmtree(base.cluster, ignore_errors=True)  # left by an interrupted initdb
        base.cluster.mkdir(mode=0o700)
        handle, path = tempfile.mkstemp(dir=runtime.temporary_folder(base.run_as))
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self.password)
            if base.run_as:
                for owned in (base.cluster, path):
                    os.chown(owned, base.run_as["user"], base.run_as["group"])
            base.run("initdb", "-D", str(base.cluster), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={path}",
                     "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip
        finally:
            Path(path).unlink()
        (base.cluster / "complete").touch()

    def _end_orphan(self, cluster: Path) -> None:
        """End a server that lost its record, and remove the lock of a killed one: both would block the next start."""
        lock = cluster / "postmaster.pid"
        if not lock.exists():
            return
        text = lock.read_text().split("\n", 1)[0].strip()
        pid = int(text) if text.isdecimal() else 0
        command = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
        # The lock file of a copied folder names the server of the original.
        if pid and f" -D {cluster} -c " in command:
            processes.terminate(pid, signal.SIGINT, 15, whole_group=False)
        else:
            lock.unlink(missing_ok=True)

    def _wait(self, seconds: float) -> None:
        """Return when this server answers.

        Raises:
            PortTaken: the server ended, and another program listens on its port.
            ServiceError: the server ended, or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                # The server of a copied folder may answer on this port and accept the password.
                psycopg2.connect(self.url("postgres", "postgres"), connect_timeout=5).close()
                reason = "another program answers on its port"
                if is_held_by(self.port, self.record.members()):
                    return
            except psycopg2.OperationalError as error:
                reason = str(error).strip().splitlines()[-1]
            is_gone = not self.record.pid()
            if is_gone and free_port(self.port) != self.port:
                raise PortTaken
            if is_gone or time.monotonic() > deadline:
                self.stop()
                raise ServiceError(f"Postgres did not start ({reason}): read {self.log}")
            time.sleep(0.03)

    def _create_database(self) -> None:
        connection = psycopg2.connect(self.url("postgres", "postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select (select count(*) from pg_roles where rolname = 'mailblaze'),"
                           " (select count(*) from pg_database where datname = 'mailblaze')")  # fmt: skip
            has_role, has_database = fetch_row(cursor)
            if not has_role:
                cursor.execute(
                    sql.SQL("create role mailblaze login replication password {}").format(sql.Literal(self.password))
                )
            # A reader by cursor must see which transactions are open.
            cursor.execute("grant pg_read_all_stats to mailblaze")
            if not has_database:
                cursor.execute("create database mailblaze owner mailblaze")
        connection.close()

    def __enter__(self) -> "EmbeddedPostgres":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._ephemeral:
            self.destroy()
        else:
            self.stop()
