"""Progress of a run on the terminal and in the run's logs, which Prefect's UI shows."""

import logging
from functools import partial
from typing import Any
from uuid import UUID

from prefect import get_client, get_run_logger
from prefect.context import FlowRunContext
from prefect.logging.handlers import PrefectConsoleHandler
from prefect.states import Cancelled, Crashed, State

from exactly_once.process import interrupts, progress

INTERRUPTED = "✗ Interrupted: nothing is half-loaded; the next run goes on."
SIGINT = 2


def log_progress(line: str) -> None:
    """Show a line of progress on the terminal and in the run's logs."""
    progress.say(line)


def begin_run() -> None:
    """Stream progress of the flow run that has begun, and prepare the state that it has if a signal ends it."""
    interrupts.watch(INTERRUPTED, replace_handlers=False)  # for a worker's process; a command watches already
    progress.speak()
    stream_progress()
    context = FlowRunContext.get()
    if context and context.flow_run:
        interrupts.do_at_last(partial(_report_end, context.flow_run.id))
        interrupts.do_at_first(partial(_log_end, get_run_logger()))


def stream_progress() -> None:
    """Send the progress of this flow or task run to its logs, and to the terminal unless Prefect prints the logs."""
    is_printed_by_prefect = any(handler.level <= logging.INFO for handler in console_handlers())
    progress.heard_by(get_run_logger().info, is_printed=not is_printed_by_prefect)


def silence_console() -> None:
    """Keep Prefect's and dbt's own lines off the terminal; Prefect's UI has them."""
    for handler in console_handlers():
        handler.setLevel(logging.CRITICAL)


def console_handlers() -> list[logging.Handler]:
    """Return Prefect's handlers that print to the terminal."""
    handlers = logging.getLogger().handlers + logging.getLogger("prefect").handlers
    return [handler for handler in handlers if isinstance(handler, PrefectConsoleHandler)]


def _log_end(logger: logging.Logger | logging.LoggerAdapter[Any]) -> None:
    logger.warning(interrupts.message().removeprefix("✗ "))


def _report_end(flow_run_id: UUID) -> None:
    """Set the state of an interrupted run with our line; Prefect's own line only names the signal."""
    kind = Cancelled if interrupts.received() == SIGINT else Crashed
    with get_client(sync_client=True) as client:
        state: State = kind(message=interrupts.message().removeprefix("✗ "))
        client.set_flow_run_state(flow_run_id, state, force=True)
