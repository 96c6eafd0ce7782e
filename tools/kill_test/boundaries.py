"""The boundaries of a run: each event by which it moves its own files or calls a service, seen by an audit hook.

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
IDS = (  # what differs from run to run, and from table to table
    (re.compile(r"(?<!\w)\d{9,11}\.\d+"), "<load>"),
    (re.compile(r"(?<![\w<])[0-9a-f]{8,}(?![\w>])"), "<id>"),
    (re.compile(r"tmp/\w+(?=/|$)"), "tmp/<tmp>"),
    (re.compile(r"(?<=/)(?!_dlt)\w+(?=\.(<id>|<load>|\w{10})\.)"), "<table>"),
    (re.compile(r"(?<=/)(?!_dlt)\w+(?=/<load>\.<id>)"), "<table>"),
)
PHASES = (  # the first that is found in the kind of an event names its phase; an event without one stays in the last
    ("normalize", re.compile(r"/load/new/|^(remove|rmdir|rmtree) .*/normalize/extracted|/load$")),
    ("state write", re.compile(r"_dlt_pipeline_state|/state\.json")),
    ("completion", re.compile(r"package_completed|/loaded/<load>")),
    ("merge", re.compile(r"\.sql$")),
    ("load job", re.compile(r"\.reference$|\.insert_values")),
    ("dbt", re.compile(r"/target/|/logs/dbt")),
    ("extract", re.compile(r"/normalize/")),
    ("staged file", re.compile(r"/lake/|/(started|new|completed)_jobs/.*\.(parquet|jsonl|gz)$|_transitions/.*parquet")),
)
PIPELINE, LANDED = re.compile(r"/pipelines/(\w+)/"), re.compile(r"^rename .*/loaded/<load>$")
DONE, WANTED = b".", b"!"  # what the child tells its parent: it struck itself, the parent shall


@dataclass(frozen=True)
class Strike:
    """What ends a run: the nth event of a kind, then `delay` seconds, then a signal; signal 0 only tells the parent."""

    kind: str
    nth: int = 1
    delay: float = 0.0
    signal: int = signal.SIGKILL

    def __str__(self) -> str:
        name = signal.Signals(self.signal).name if self.signal else "fault"
        return f"{name} {self.delay * 1000:.0f} ms after event {self.nth} of `{self.kind}`"


class Watch:
    """An audit hook for one forked process: writes down the boundaries below `root` and strikes at the one it is told.

    A strike without delay is done here, before the event's own operation; otherwise a byte on `pipe` asks the parent,
    which needs no thread in this process and does not wait for its interpreter lock.
    """

    def __init__(self, root: Path, strike: Strike | None, pipe: int, names: dict[int, str]) -> None:
        self._root, self._strike, self._pipe, self._names = f"{root}/", strike, pipe, names
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
        strike = self._strike
        if strike and kind == strike.kind and self._counts[kind] == strike.nth:
            is_here = strike.signal and not strike.delay
            if is_here:
                os.kill(os.getpid(), strike.signal)
            os.write(self._pipe, DONE if is_here else WANTED)

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
        return f"{event.removeprefix('os.').removeprefix('shutil.')} {normalised(path[len(self._root) - 1 :])}"


def normalised(path: str) -> str:
    """Return a path without what differs from run to run."""
    for pattern, name in IDS:
        path = pattern.sub(name, path)
    return path


def phases(kinds: list[str]) -> list[str]:
    """Return the phase of each event of a run, in its order."""
    found, last, done = [], "start", set()
    pipelines = [match and match[1] for match in map(PIPELINE.search, kinds)]
    for kind, pipeline in zip(kinds, pipelines, strict=True):
        last = next((phase for phase, pattern in PHASES if pattern.search(kind)), last)
        if pipeline and LANDED.search(kind):
            done.add(pipeline)
        is_between = done and done != set(filter(None, pipelines))
        found.append("between pipelines" if is_between else last)
    return found
