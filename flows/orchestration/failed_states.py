"""Failures as Prefect shows them: the state of a task or flow has one line, and the run's log no traceback for it."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from prefect.runtime import deployment, flow_run
from prefect.states import Failed, State

from exactly_once.errors import PipelineError, exit_code, is_transient, user_message
from pipelines.runs.redaction import redact_secrets
from pipelines.runs.run_writer import recorded

LEASE_HELD = 75  # exit code

P = ParamSpec("P")
R = TypeVar("R")


class LoadsFailed(PipelineError):
    """More than one source failed.

    Args:
        failures: the error of each source.
    """

    def __init__(self, failures: dict[str, BaseException]) -> None:
        self.lines = [f"{source}: {user_message(error) or repr(error)}" for source, error in failures.items()]
        super().__init__(" ".join(self.lines))
        codes = [exit_code(error) for error in failures.values()]
        # "The lease is held" is the least important reason.
        self.exit_code = next((code for code in codes if code != LEASE_HELD), codes[0])


class TablesRefused(PipelineError):
    """A run loaded and built what it could, except the tables that a load refused.

    Args:
        lines: the reason for each table.
        code: the exit code: 3 if deletes were refused, else 4.
    """

    def __init__(self, lines: Sequence[str], code: int) -> None:
        super().__init__(" ".join(lines))
        self.lines = list(lines)
        self.exit_code = code


class OneLineError(PipelineError):
    """An error in one line; its cause is the error itself, whose text may be long."""

    def __init__(self, line: str, error: BaseException) -> None:
        super().__init__(line)
        self.exit_code, self.is_transient, self.__cause__ = exit_code(error), is_transient(error), error


def fail_in_one_line(function: Callable[P, R]) -> Callable[P, R]:
    """Let a task's function end in a failed state with one line for what a person can fix; bugs stay exceptions.

    The error is the state's result, so that whoever waits for the task gets it.
    """

    @wraps(function)
    def run(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            return function(*arguments, **named)
        except Exception as error:
            state = failed_state(error)
            if state is None:
                raise
            return cast(R, state)  # Prefect ends the run in it

    return run


def record_flow(sources: Iterable[str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Record the runs of a flow's function, which end as those of `fail_in_one_line` do.

    Args:
        sources: the flow's.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def run(*arguments: P.args, **named: P.kwargs) -> R:
            # `python flows/elt.py` has begun a record already, which this run then belongs to; a worker has not.
            command = f"{deployment.name or 'elt'} of a worker, flow run {flow_run.name}"
            with recorded("flow", command, list(sources)) as record:
                record.note(flow_run=flow_run.name or "")
                result = function(*arguments, **named)
                if isinstance(result, State) and isinstance(result.data, BaseException):
                    record.fail(result.data)
                return result

        return fail_in_one_line(run)

    return decorate


def failed_state(error: BaseException) -> State | None:
    """Return a failed state with an error's line; None: the error is a bug and needs its traceback."""
    line = user_message(error)
    if line is None:
        return None
    line = redact_secrets(line)
    # Prefect writes the text of `data` into the run's log.
    return Failed(message=line, data=error if isinstance(error, PipelineError) else OneLineError(line, error))


def result_of(state: State[R]) -> R:
    """Return what a task returned.

    Raises:
        Exception: the task failed with it.
    """
    return state.result(raise_on_failure=True)
