"""Somebody else's machine: a clone in an odd folder, a normal user, foreign variables, and a port that records."""

import os
import pwd
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = """-My Projects é #1 100% [x] it's "q" $HOME & ; \\n *{y}"""
USER = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # a normal user, where the tests run as root
# What package installers and TLS need from the machine under test; everything else is the stranger's.
KEPT = ("PATH", "LANG", "SSL_", "PIP_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "UV_", "COVERAGE")


class Recorder:
    """A port of 127.0.0.1 that takes every connection, keeps its first bytes and closes it: nothing may come."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.5)
                try:
                    self.received.append(connection.recv(4096))
                except OSError:
                    self.received.append(b"")

    def close(self) -> None:
        self._socket.close()


def foreign_variables(port: int, home: Path) -> dict[str, str]:
    """Return variables that other programs use and none of ours may; all that name a host name the recorder's port."""
    url = f"http://127.0.0.1:{port}"
    return {
        # bare names, as dlt would take them
        "BASE_URL": url, "API_KEY": "foreign", "SWEEP": "[]", "BUCKET_URL": f"{home}/foreign", "SCHEMA": "foreign",
        "CREDENTIALS": f"postgresql://127.0.0.1:{port}/foreign", "DATABASE": "foreign", "HOST": "foreign",
        "USERNAME": "foreign", "PASSWORD": "foreign", "DESTINATION": "foreign", "DATASET_NAME": "foreign",
        "WORKERS": "7",
        # Postgres's client
        "PGHOST": "127.0.0.1", "PGHOSTADDR": "127.0.0.1", "PGPORT": str(port), "PGSERVICE": "foreign",
        "PGSSLMODE": "verify-full", "PGUSER": "foreign", "PGPASSWORD": "foreign", "PGDATABASE": "foreign",
        "PGOPTIONS": "-c search_path=foreign",
        # proxies
        "HTTP_PROXY": url, "HTTPS_PROXY": url, "ALL_PROXY": f"socks5://127.0.0.1:{port}", "http_proxy": url,
        "https_proxy": url, "all_proxy": f"socks5://127.0.0.1:{port}",
        # dbt
        "DBT_TARGET": "ci", "DBT_ENGINE_TARGET": "ci", "DBT_EMPTY": "true", "DBT_FULL_REFRESH": "true",
        "DBT_RESOURCE_TYPES": "seed", "DBT_PROFILES_DIR": str(home), "DBT_PROJECT_DIR": str(home),
        "DBT_PROFILE": "foreign",
        # AWS
        "AWS_PROFILE": "foreign", "AWS_ENDPOINT_URL": url, "AWS_ENDPOINT_URL_S3": url, "AWS_ACCESS_KEY_ID": "foreign",
        "AWS_SECRET_ACCESS_KEY": "foreign",
        # Prefect: a profile beside these (see `Machine`) names the recorder, too
        "PREFECT_PROFILE": "foreign",
    }  # fmt: skip


@dataclass
class Machine:
    """A clone of this working tree in a stranger's folder, and the commands that its user types there.

    `environment` is what his shell exports; `run` and `start` add what a single test sets. Where the tests run as root
    all of it belongs to a normal user, and every command runs as that user.
    """

    home: Path
    recorder: Recorder
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clone = self.home / FOLDER / "data platform"
        kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
        # A normal user has no way into another one's folders.
        kept["PATH"] = ":".join(p for p in kept["PATH"].split(":") if not p.startswith(("/root", str(ROOT))))
        self.environment = kept | {"HOME": str(self.home)} | self.environment

    @property
    def user(self) -> dict:
        """Return what subprocess needs to run as the normal user."""
        return {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []} if USER else {}

    def own(self, path: Path) -> None:
        """Give a file or folder to the normal user."""
        if USER:
            subprocess.run(["chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", path], check=True)

    def make_clone(self, place: Path | None = None) -> Path:
        """Clone this working tree with its uncommitted changes; return the folder."""
        place = place or self.clone
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, place], check=True)
        changed = subprocess.run(
            ["git", "ls-files", "-m", "-o", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True
        ).stdout.split(b"\0")
        for name in filter(None, changed):
            source, target = ROOT / os.fsdecode(name), place / os.fsdecode(name)
            if source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
            else:
                target.unlink(missing_ok=True)
        self.own(self.home)
        return place

    def run(self, *command: str, cwd: Path | None = None, timeout: float = 600, **variables: str | None):
        """Run a command in the clone, `variables` set (None: unset); return its CompletedProcess, with text."""
        return subprocess.run(
            command, cwd=cwd or self.clone, env=self._shell(variables), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=timeout, **self.user,
        )  # fmt: skip

    def start(self, *command: str, cwd: Path | None = None, **variables: str | None) -> subprocess.Popen:
        """Start a command in the clone in a session of its own; its output is text in a pipe."""
        return subprocess.Popen(
            command, cwd=cwd or self.clone, env=self._shell(variables), stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, **self.user,
        )  # fmt: skip

    def python(self, *arguments: str, **options):
        """Run the clone's Python, e.g. python("pipelines/postgres.py")."""
        return self.run(str(self.clone / ".venv/bin/python"), *arguments, **options)

    def _shell(self, variables: dict[str, str | None]) -> dict[str, str]:
        shell = self.environment | {name: value for name, value in variables.items() if value is not None}
        return {name: value for name, value in shell.items() if name not in variables or variables[name] is not None}
