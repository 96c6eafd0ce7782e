"""A seeded Postgres of its own, and readers that run repeatedly while its writers write."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mock_services.postgres.seed import seed
from mock_services.postgres.server import EmbeddedPostgres
from tests.support.platform import execute

ROOT = Path(__file__).parents[2]


@contextmanager
def small_postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    """Start a server with every account and a twentieth of the contacts, which loads quickly."""
    with EmbeddedPostgres(folder, ephemeral=True) as server:
        seed(server.url())
        execute(server.url(), "delete from contacts where contact_id % 20 <> 0")
        yield server


class Reader:
    """A reader's process; `runs` has the results of its runs, errors included."""

    def __init__(self, folder: Path, name: str, *arguments: str, url: str | None = None):
        self.name, self.folder = name, folder / name
        self.runs: list[dict[str, Any]] = []
        self.folder.mkdir()
        if url:
            (self.folder / "services.json").write_text(json.dumps({"postgres_url": url}))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MAILBLAZE")}
        environment |= {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": str(self.folder), "PYTHONPATH": str(ROOT)}
        environment |= {"RUNTIME__LOG_LEVEL": "CRITICAL", "RUNTIME__DLTHUB_TELEMETRY": "false"}
        self._log = (self.folder / "reader.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tools/late_commits/reader.py"), name, *arguments],
            cwd=ROOT if url else self.folder,  # stock dlt must not see how our rows travel
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        assert self._process.stdin, "a pipe"
        assert self._process.stdout, "a pipe"
        self._requests, self._results = self._process.stdin, self._process.stdout
        self._ending, self._thread = threading.Event(), threading.Thread(target=self._read_on, daemon=True)

    def run(self) -> dict[str, Any]:
        """Run once, and return the rows read or the error, and the seconds."""
        self._requests.write("\n")
        self._requests.flush()
        while not (line := self._results.readline()).startswith("{"):
            if not line:
                self._log.seek(0)
                logged = self._log.read().strip().splitlines() or ["no output"]
                raise ChildProcessError(f"the reader {self.name} ended: {logged[-1]}")
        self.runs.append(json.loads(line))
        return self.runs[-1]

    def run_well(self, times: int, most: int = 20) -> None:
        """Run until that many consecutive runs succeeded."""
        good = 0
        for _ in range(most):
            good = 0 if "error" in self.run() else good + 1
            if good == times:
                return
        raise RuntimeError(f"the reader {self.name} does not recover: {self.runs[-1]['error']}")

    @contextmanager
    def reading_on(self) -> Iterator[None]:
        """Run repeatedly while the `with` lasts."""
        self._thread.start()
        try:
            yield
        finally:
            self._ending.set()
            self._thread.join()

    def _read_on(self) -> None:
        while not self._ending.is_set():
            self.run()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.close()
        self._process.wait(60)
        self._log.close()
