"""`python pipelines/lease_repair.py <pipeline>`: replace a damaged lease object with a released lease."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.process.interrupts import watch

    watch()

import argparse
import sys
from collections.abc import Sequence

from exactly_once.cli import exit_with_error
from exactly_once.errors import PipelineError
from exactly_once.lease import repair as lease_repair
from exactly_once.runner import acquire_lease, repair_lease
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline, data_dir
from pipelines.replay import PIPELINES
from pipelines.runs import flow_lease


def repair(name: str) -> str:
    """Repair the lease of a pipeline or of the flow, and return what was done.

    Raises:
        PipelineError: the object is a valid lease, or was written so recently that a run may still own it.
    """
    if name == flow_lease.NAME:
        return lease_repair.repair(flow_lease.flow_lease(), lambda: 0)  # the warehouse has no token of a flow
    pipeline = build_pipeline(name, data_dir() / "lease_repair")
    lease = acquire_lease(pipeline)
    known = (*PIPELINES, flow_lease.NAME)
    if name not in known and lease.store.read() is None:
        raise PipelineError(f"There is no lease of {name}: type {' or '.join(known)}.")
    return repair_lease(pipeline)


def main(arguments: Sequence[str] | None = None) -> None:
    """Repair the lease of the named pipeline; errors end the process as in `exit_with_error`."""
    parser = argparse.ArgumentParser(description="Replace a damaged lease object with a released lease.")
    parser.add_argument("pipeline", help=f"a pipeline's name, or {flow_lease.NAME}")
    name = parser.parse_args(arguments).pipeline
    try:
        prepare()
        print(repair(name))
    except Exception as error:  # noqa: BLE001  every error of the command becomes a line or a traceback here
        exit_with_error(error)


if __name__ == "__main__":
    from exactly_once.process.interrupts import body

    with body():
        main(sys.argv[1:])
