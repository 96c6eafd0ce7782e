"""What a run shows while it works: on the terminal, and in the run's logs, which Prefect's UI shows."""

import logging
from functools import partial
from uuid import UUID

from prefect import get_client, get_run_logger
from prefect.context import FlowRunContext
from prefect.logging.handlers import PrefectConsoleHandler
from prefect.states import Cancelled, Crashed

from exactly_once import interrupts, progress
from exactly_once.progress import say

__all__ = ["begin_run", "hear", "say"]


LINE = "✗ Interrupted: nothing is half-loaded; the next run goes on."


def begin_run() -> None:
    """Have the flow run that has begun show its lines in its logs, and in its state how a signal ended it."""
    interrupts.watch(LINE, replace_handlers=False)  # in a worker's process; a command watches already
    progress.speak()
    hear()
    context = FlowRunContext.get()
    if context and context.flow_run:
        interrupts.do_at_last(partial(_report_end, context.flow_run.id))
        interrupts.do_at_first(partial(_log_end, get_run_logger()))


def hear() -> None:
    """Have what this flow or task run says from now on in its logs, and printed unless Prefect prints those."""
    handlers = logging.getLogger().handlers + logging.getLogger("prefect").handlers
    is_shown = any(isinstance(one, PrefectConsoleHandler) and one.level <= logging.INFO for one in handlers)
    progress.heard_by(get_run_logger().info, is_printed=not is_shown)


def _log_end(logger: logging.LoggerAdapter) -> None:
    logger.warning(interrupts.message().removeprefix("✗ "))


def _report_end(flow_run_id: UUID) -> None:
    """Put the line of an interrupted run into its state; Prefect's own says only that it was a signal."""
    kind = Cancelled if interrupts.received() == 2 else Crashed
    with get_client(sync_client=True) as client:
        state = kind(message=interrupts.message().removeprefix("✗ "))
        client.set_flow_run_state(flow_run_id, state, force=True)
