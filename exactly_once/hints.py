"""The commands that messages of the engine offer; an application names its own by `use_hints`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hints:
    """What a person types next.

    Args:
        load: loads one pipeline; `{pipeline}` is its name.
        replay: rebuilds RAW from the lake; `{arguments}` follow.
        repair_lease: replaces a damaged lease of `{name}`.
        doctor: checks settings, network and rights.
        new_data_dir: how a person starts with an empty warehouse.
        status: lists the runs in progress; "": there is no such command.
        end_run: ends the run that holds a lease; `{pid}` and `{host}` are its process's. "": a person waits.
    """

    load: str = "the load of {pipeline} again"
    replay: str = "a replay of the lake {arguments}"
    repair_lease: str = "exactly_once.repair_lease(<pipeline {name}>)"
    doctor: str = "the checks of exactly_once.diagnostics"
    new_data_dir: str = "load into a new dataset"
    status: str = ""
    end_run: str = ""


_hints = Hints()


def use_hints(hints: Hints) -> None:
    """Name the application's own commands for this process."""
    global _hints
    _hints = hints


def load(pipeline: str) -> str:
    """Return the command that loads a pipeline."""
    return _hints.load.format(pipeline=pipeline)


def load_command(pipeline: str) -> str:
    """Return the command that loads a pipeline and takes options; "": the application has named none."""
    return "" if _hints.load == Hints.load else load(pipeline)


def replay(*arguments: str) -> str:
    """Return the command that rebuilds RAW from the lake."""
    return _hints.replay.format(arguments=" ".join(arguments)).rstrip()


def repair_lease(name: str) -> str:
    """Return the command that replaces a damaged lease."""
    return _hints.repair_lease.format(name=name)


def doctor() -> str:
    """Return the command that checks settings, network and rights."""
    return _hints.doctor


def new_data_dir() -> str:
    """Return how a person starts with an empty warehouse."""
    return _hints.new_data_dir


def status() -> str:
    """Return the command that lists the runs in progress, in brackets after a blank; "": there is none."""
    return f" (`{_hints.status}`)" if _hints.status else ""


def end_run(pid: int, host: str) -> str:
    """Return how a person ends a run, after a comma and "or"; "": the application offers no way."""
    return f", or {_hints.end_run.format(pid=pid, host=host)}" if _hints.end_run else ""
