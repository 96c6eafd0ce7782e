"""The boundaries of a run: the events by which it moves its files or calls a service, seen by an audit hook.

dlt moves every job and every package by a rename, so these events are its steps: extract, normalize, each staged file,
each load job, each merge, the write of the state, the completion. Nothing of the subject is patched.
"""

import os
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "shutil.rmtree", "socket.connect"}
IDS = (  # what differs between runs and between tables
    (re.compile(r"(?<!\w)\d{9,11}\.\d+"), "<load>"),
    (re.compile(r"(?<![\w<])[0-9a-f]{8,}(?![\w>])"), "<id>"),
    (re.compile(r"tmp/\w+(?=/|$)"), "tmp/<tmp>"),
    (re.compile(r"(?<=/)(?!_dlt)\w+(?=\.(<id>|<load>|\w{10})\.)"), "<table>"),
    (re.compile(r"(?<=/)(?!_dlt)\w+(?=/<load>\.<id>)"), "<table>"),
)
PHASES = (  # the first that matches the kind of an event is its phase; an event without a match is in the last phase
    ("normalize", re.compile(r"/load/new/|^(remove|rmdir|rmtree) .*/normalize/extracted|/load$")),
    ("state write", re.compile(r"_dlt_pipeline_state|/state\.json")),
    ("completion", re.compile(r"package_completed|/loaded/<load>")),
    ("merge", re.compile(r"\.sql$")),
    ("load job", re.compile(r"\.reference$|\.insert_values")),
    ("dbt", re.compile(r"/target/|/logs/dbt")),
    ("extract", re.compile(r"/normalize/")),
    ("staged file", re.compile(r"/lake/|/(started|new|completed)_jobs/.*\.(parquet|jsonl|gz)$|_transitions/.*parquet")),
)
PIPELINE, PACKAGE_LOADED = re.compile(r"/pipelines/(\w+)/"), re.compile(r"^rename .*/loaded/<load>$")
KILLED_ITSELF, KILL_REQUESTED = b".", b"!"  # the child's message: it kills itself, or its parent has to


@dataclass(frozen=True)
class KillPoint:
    """Where a run ends: `delay` seconds after the nth event of a kind, by a signal; 0 only notifies the parent."""

    kind: str
    nth: int = 1
    delay: float = 0.0
    signal: int = signal.SIGKILL

    def __str__(self) -> str:
        name = signal.Signals(self.signal).name if self.signal else "fault"
        return f"{name} {self.delay * 1000:.0f} ms after event {self.nth} of `{self.kind}`"


class BoundaryRecorder:
    """An audit hook for one forked process: records the boundaries below `root`, and kills at one of them.

    A kill without delay is done here, before the event's own operation. Otherwise a byte on `pipe` asks the parent,
    which needs no thread in this process and does not wait for its interpreter lock.
    """

    def __init__(self, root: Path, kill_point: KillPoint | None, pipe: int, names: dict[int, str]) -> None:
        self._root, self._kill_point, self._pipe, self._names = f"{root}/", kill_point, pipe, names
        self._counts: Counter[str] = Counter()
        self.seen: list[tuple[str, float]] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in EVENTS:
            return
        kind = self._kind(event, args)
        if kind is None:
            return
        self.seen.append((kind, time.monotonic()))
        self._counts[kind] += 1
        kill_point = self._kill_point
        if kill_point and kind == kill_point.kind and self._counts[kind] == kill_point.nth:
            is_here = kill_point.signal and not kill_point.delay
            if is_here:
                os.kill(os.getpid(), kill_point.signal)
            os.write(self._pipe, KILLED_ITSELF if is_here else KILL_REQUESTED)

    def _kind(self, event: str, args: tuple[Any, ...]) -> str | None:
        if event == "socket.connect":
            port = args[1][1] if isinstance(args[1], tuple) else None
            return f"connect {self._names[port]}" if port in self._names else None
        if event == "open" and not (isinstance(args[1], str) and set(args[1]) & set("wax+")):
            return None
        # A rename is known by where the file goes.
        path = args[1] if event in ("os.rename", "os.link") else args[0]
        if not isinstance(path, str):
            return None
        if not path.startswith("/") and event in ("os.remove", "os.rmdir") and args[1] != -1:
            path = f"{os.readlink(f'/proc/self/fd/{args[1]}')}/{path}"  # noqa: PTH115  inside of a removed tree
        if not path.startswith(self._root):
            return None
        return f"{event.removeprefix('os.').removeprefix('shutil.')} {normalize_path(path[len(self._root) - 1 :])}"


def normalize_path(path: str) -> str:
    """Return a path without what differs from run to run."""
    for pattern, name in IDS:
        path = pattern.sub(name, path)
    return path


def phases_of(kinds: list[str]) -> list[str]:
    """Return the phase of each event of a run, in its order."""
    found, last, done = [], "start", set()
    pipelines = [match and match[1] for match in map(PIPELINE.search, kinds)]
    for kind, pipeline in zip(kinds, pipelines, strict=True):
        last = next((phase for phase, pattern in PHASES if pattern.search(kind)), last)
        if pipeline and PACKAGE_LOADED.search(kind):
            done.add(pipeline)
        is_between = done and done != set(filter(None, pipelines))
        found.append("between pipelines" if is_between else last)
    return found
