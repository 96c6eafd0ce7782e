"""Failures as Prefect shows them: the state of a task or flow says our line, and its log has no traceback of it."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from prefect.runtime import deployment, flow_run
from prefect.states import Failed, State

from exactly_once.errors import PipelineError, exit_code, is_transient, user_message
from pipelines.runs.run_record import hidden, recorded


class LoadsFailed(PipelineError):
    """More than one source failed.

    Args:
        failures: by source, why.
    """

    def __init__(self, failures: dict[str, BaseException]) -> None:
        self.lines = [f"{source}: {user_message(error) or repr(error)}" for source, error in failures.items()]
        super().__init__(" ".join(self.lines))
        codes = [exit_code(error) for error in failures.values()]
        # That another run is at work says least.
        self.exit_code = next((code for code in codes if code != 75), codes[0])


class Failure(PipelineError):
    """An error in one line; the error itself, whose text may be long, is its cause."""

    def __init__(self, line: str, error: BaseException) -> None:
        super().__init__(line)
        self.exit_code, self.is_transient, self.__cause__ = exit_code(error), is_transient(error), error


def said(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a task's function end in a failed state with one line where a person can fix what is wrong.

    The error is the state's result, so that whoever waits for the task gets it. A bug stays an exception.
    """

    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:
            state = failed(error)
            if state is None:
                raise
            return state

    return run


def recorded_flow(sources: Iterable[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a flow's function a recorded run, which ends as `said` has it.

    Args:
        sources: that the flow loads.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*arguments: Any, **named: Any) -> Any:
            # Outside of a worker the command has begun the record.
            command = f"{deployment.name or 'elt'} of a worker, flow run {flow_run.name}"
            with recorded("flow", command, list(sources)) as record:
                record.note(flow_run=flow_run.name or "")
                result = function(*arguments, **named)
                if isinstance(result, State) and isinstance(result.data, BaseException):
                    record.fail(result.data)
                return result

        return said(run)

    return decorate


def failed(error: BaseException) -> State | None:
    """Return the failed state that says an error's line; None: no line fits, and its traceback is needed."""
    line = user_message(error)
    if line is None:
        return None
    line = hidden(line)
    # Prefect writes the error's text into the run's log.
    return Failed(message=line, data=error if isinstance(error, PipelineError) else Failure(line, error))


def result_of(state: State) -> Any:
    """Return what a task returned.

    Raises:
        Exception: that it failed with.
    """
    return state.result(raise_on_failure=True)
