"""One invocation of dbt in this process, with its progress."""

import threading
from collections.abc import Sequence
from multiprocessing import util
from pathlib import Path
from typing import Any

from exactly_once.errors import PipelineError
from exactly_once.process import interrupts
from exactly_once.process.progress import speaker, ticking
from flows.dbt_build.results import FAILED_STATUSES, short_reason

NAME_LENGTH = 40  # characters of a node's name in a line of progress
NAMED_NODES = 2  # running nodes that a line of progress names


class BuildProgress:
    """The progress of a build, counted from dbt's events."""

    def __init__(self) -> None:
        self._running: dict[str, str] = {}
        self._done = self._total = self._failed = 0
        self._lock = threading.Lock()
        self._log = speaker()

    def observe(self, event: Any) -> None:
        """Count an event; a callback of dbt's runner."""
        name = event.info.name
        if name == "LogStartLine":
            self._total = event.data.total
        elif name == "NodeStart":
            node = event.data.node_info
            with self._lock:
                self._running[node.unique_id] = node.node_name
        elif name == "NodeFinished":
            self._finish(event.data.node_info)

    def _finish(self, node: Any) -> None:
        with self._lock:
            self._running.pop(node.unique_id, None)
            self._done += 1
            self._failed += node.node_status in FAILED_STATUSES
        if node.node_status in FAILED_STATUSES:
            self._log(f"dbt: {node.resource_type.replace('_', ' ')} {node.node_name} failed; the others go on")

    def text(self) -> str:
        """Return the current line of progress."""
        if not self._total:
            return "dbt: reading the project"
        with self._lock:
            running = list(self._running.values())
        names = ", ".join(_shortened(name) for name in running[:NAMED_NODES])
        more = f" and {len(running) - NAMED_NODES} more" if len(running) > NAMED_NODES else ""
        failed = f", {self._failed} failed" if self._failed else ""
        at = f": {names}{more}" if running else ""
        return f"dbt: {self._done} of {self._total} nodes done{failed}{at}"


def invoke_dbt(command: Sequence[str], project: Path, node_tasks: bool) -> list[Any]:
    """Run a command of dbt and return its results, one for each node.

    Args:
        command: e.g. ["build", "--project-dir", "dbt", "--profiles-dir", "dbt"].
        project: dbt's folder, which holds profiles.yml, too.
        node_tasks: give each node a task run of its own.

    Raises:
        PipelineError: dbt ended before it ran a node.
    """
    build = BuildProgress()
    # Without it Python reports dbt's semaphores as leaked, on standard error; it has no public name.
    interrupts.do_at_last(util._exit_function)  # type: ignore[attr-defined]  # noqa: SLF001
    with ticking(build.text):
        done = _invoke_with_tasks(build, command, project) if node_tasks else _invoke(build, command)
    error = done.exception
    if error is not None and not isinstance(error, Exception):
        raise error  # a signal's
    interrupts.check()
    if error is not None or done.result is None:
        reason = short_reason(str(error or "it ended without a result"))
        raise PipelineError(f"dbt: {reason}. Nothing was built.") from error
    return done.result.results


def close_duckdb() -> None:
    """Close the adapter's connections to DuckDB, which else hold the file until the process ends."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def _shortened(name: str) -> str:
    return f"{name[:NAME_LENGTH]}…" if len(name) > NAME_LENGTH else name


def _invoke(build: BuildProgress, command: Sequence[str]) -> Any:
    # Imported here: dbt takes seconds to import, and loads need not wait for it.
    from dbt.cli.main import dbtRunner

    quiet = ["--log-level", "none", "--log-level-file", "error"]
    return dbtRunner(callbacks=[build.observe]).invoke([*command, *quiet])


def _invoke_with_tasks(build: BuildProgress, command: Sequence[str], project: Path) -> Any:
    from prefect_dbt import PrefectDbtRunner, PrefectDbtSettings

    class Runner(PrefectDbtRunner):
        """Prefect's runner, which has no parameter for callbacks."""

        def _create_unified_callback(self, *arguments: Any, **named: Any) -> Any:
            own_callback = super()._create_unified_callback(*arguments, **named)

            def call_both(event: Any) -> None:
                build.observe(event)
                own_callback(event)

            return call_both

    settings = PrefectDbtSettings(project_dir=project, profiles_dir=project, log_level="error")
    done = Runner(settings=settings, raise_on_failure=False).invoke(list(command))
    for thread in threading.enumerate():
        if thread.name.endswith("(run_task)"):  # the runner returns before its last task runs have ended
            thread.join()
    return done
