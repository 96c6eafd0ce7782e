"""One invocation of dbt in this process: what it is at while it works, and which node failed, where and why."""

import re
import threading
from collections.abc import Sequence
from multiprocessing import util
from pathlib import Path
from typing import Any

from exactly_once import interrupts
from exactly_once.errors import PipelineError
from exactly_once.progress import speaker, ticking

NAME = 40  # characters of a node's name in a line of progress
SHOWN = 3  # failed nodes with their reasons
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# Lines of dbt's messages that name the kind of error, the node or a file: the line has these from the node itself.
FRAME = re.compile(r"^(\w+ Error( in .*)?|compiled code at .*|> in .*|called by .*|LINE \d+:.*|\^+)$")
RAN = ("error", "fail")


class Build:
    """What dbt is at, from its events; `hear` is a callback of dbt's runner."""

    def __init__(self) -> None:
        self._running: dict[str, str] = {}
        self._done = self._total = self._failed = 0
        self._lock = threading.Lock()
        self._say = speaker()

    def hear(self, event: Any) -> None:
        """Take note of an event."""
        name = event.info.name
        if name == "LogStartLine":
            self._total = event.data.total
        elif name in ("NodeStart", "NodeFinished"):
            node = event.data.node_info
            with self._lock:
                if name == "NodeStart":
                    self._running[node.unique_id] = node.node_name
                    return
                self._running.pop(node.unique_id, None)
                self._done += 1
            if node.node_status in RAN:
                self._failed += 1
                self._say(f"dbt: {node.resource_type.replace('_', ' ')} {node.node_name} failed; the others go on")

    def text(self) -> str:
        """Return the line of this moment."""
        if not self._total:
            return "dbt: reading the project"
        with self._lock:
            running = [f"{name[:NAME]}{'…' if len(name) > NAME else ''}" for name in self._running.values()]
        failed = f", {self._failed} failed" if self._failed else ""
        more = f" and {len(running) - 2} more" if len(running) > 2 else ""
        at = f": {', '.join(running[:2])}{more}" if running else ""
        return f"dbt: {self._done} of {self._total} nodes done{failed}{at}"


def invoke(command: Sequence[str], project: Path, node_tasks: bool) -> list[Any]:
    """Run a command of dbt and return its results, one for each node.

    Args:
        command: e.g. ["build", "--project-dir", "dbt", "--profiles-dir", "dbt"].
        project: dbt's folder, which has profiles.yml, too.
        node_tasks: give each node a task run of its own.

    Raises:
        PipelineError: dbt did not come so far as to run a node.
    """
    build = Build()
    interrupts.do_at_last(util._exit_function)  # else dbt's semaphores are named as leaked, on standard error
    with ticking(build.text):
        done = _with_tasks(build, command, project) if node_tasks else _alone(build, command)
    error = done.exception
    if error is not None and not isinstance(error, Exception):
        raise error  # by a signal
    interrupts.check()
    if error is not None or done.result is None:
        raise PipelineError(f"dbt: {reason(str(error or 'it ended without a result'))}. Nothing was built.") from error
    return done.result.results


def _alone(build: Build, command: Sequence[str]) -> Any:
    # Imported here: dbt takes seconds to import, and the sources need not wait for it.
    from dbt.cli.main import dbtRunner

    quiet = ["--log-level", "none", "--log-level-file", "error"]
    return dbtRunner(callbacks=[build.hear]).invoke([*command, *quiet])


def _with_tasks(build: Build, command: Sequence[str], project: Path) -> Any:
    from prefect_dbt import PrefectDbtRunner, PrefectDbtSettings

    class Runner(PrefectDbtRunner):
        """Prefect's, which takes no callback of ours."""

        def _create_unified_callback(self, *arguments: Any, **named: Any) -> Any:
            its_own = super()._create_unified_callback(*arguments, **named)

            def both(event: Any) -> None:
                build.hear(event)
                its_own(event)

            return both

    settings = PrefectDbtSettings(project_dir=project, profiles_dir=project, log_level="error")
    done = Runner(settings=settings, raise_on_failure=False).invoke(list(command))
    for thread in threading.enumerate():
        if thread.name.endswith("(run_task)"):  # the runner returns before its last task runs have ended
            thread.join()
    return done


def failure(results: Sequence[Any]) -> str:
    """Return the line of a build in which nodes failed: each with its reason and file, and what to type next."""
    broken = [result for result in results if result.status in RAN]
    skipped = sum(result.status == "skipped" for result in results)
    counts = f"{len(broken)} of {len(results)} nodes failed" + (f", {skipped} skipped" if skipped else "")
    shown = "; ".join(f"{one.node.name} ({_file(one.node)}): {reason(str(one.message))}" for one in broken[:SHOWN])
    more = f"; and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
    names = " ".join(one.node.name for one in broken[:SHOWN])
    return f"dbt: {counts}: {shown}{more}. Type dbt build --select {names} --project-dir dbt --profiles-dir dbt"


def reason(message: str) -> str:
    """Return the first meaningful lines of a message of dbt or of the database, without colours, as one line."""
    lines = [" ".join(COLOURS.sub("", line).split()) for line in message.splitlines()]
    meant = [line for line in lines if line and not FRAME.match(line)]
    return " ".join((meant or [line for line in lines if line] or ["no reason given"])[:2]).rstrip(". ")[:400]


def _file(node: Any) -> str:
    return str(getattr(node, "compiled_path", None) or node.original_file_path)
