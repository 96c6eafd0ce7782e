"""`python pipelines/lease_repair.py <pipeline>`: replace an object that is no lease by one that is released.

Whoever held the lease writes it anew every third of its time and stops when it cannot: an object that is no lease, and
that nobody has written for that long, belongs to no run.
"""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.interrupts import watch

    watch()

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import dlt

from exactly_once.cli import exit_with_error
from exactly_once.errors import PipelineError
from exactly_once.lease.lease import Lease
from exactly_once.lease.owner import this_process
from exactly_once.lease.record import LeaseRecord, isoformat_ms
from exactly_once.lease.store import VersionConflict
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.pending import read_last_attempt
from exactly_once.runner import acquire_lease
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline, data_dir
from pipelines.replay import PIPELINES
from pipelines.runs import flow_lease


def repair(name: str) -> str:
    """Repair the lease of a pipeline or of the flow, and return what was done.

    The new one goes on with the highest token that RAW or the lake has seen, since tokens may never fall.

    Raises:
        PipelineError: the object is a lease, or was written so lately that a run may still hold it.
    """
    pipeline = None if name == flow_lease.NAME else build_pipeline(name, data_dir() / "lease_repair")
    lease = acquire_lease(pipeline) if pipeline else flow_lease.flow_lease()
    stored = lease.store.read()
    if stored is None and name not in (known := (*PIPELINES, flow_lease.NAME)):
        raise PipelineError(f"There is no lease of {name}: type {' or '.join(known)}.")
    if stored is None:
        return f"{lease.url} is not there: the next run makes it"
    try:
        found = LeaseRecord.parse(stored.body)
    except ValueError:
        found = None
    if found:
        raise PipelineError(f"{lease.url} is a lease (of {found.holder}): there is nothing to repair.")
    wait = lease.ttl + lease.store.tolerance - stored.age
    if wait > 0:
        raise PipelineError(
            f"{lease.url} was written {stored.age:.0f} s ago: a run may hold it; again in {wait:.0f} s."
        )
    token = _last_token(pipeline) if pipeline else 0  # nothing remembers a flow's
    _write(lease, token, stored.version)
    return f"{lease.url} is a lease again, released, with token {token}"


def _last_token(pipeline: dlt.Pipeline) -> int:
    landing = read_last_attempt(pipeline)
    tokens = [record.token for record in ManifestStore(pipeline).all()]
    return max([landing.token if landing else 0, *tokens])


def _write(lease: Lease, token: int, version: str) -> None:
    record = LeaseRecord.now(token, this_process(), lease.ttl, isoformat_ms(datetime.now(UTC)), is_released=True)
    try:
        lease.store.write(record.text(), version)
    except VersionConflict as error:
        raise PipelineError(f"{lease.url} was written by another process just now: look again.") from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Repair the lease of the pipeline that is named; exit as `exit_with_line` does."""
    parser = argparse.ArgumentParser(description="Replace an object that is no lease by one that is released.")
    parser.add_argument("pipeline", help=f"a pipeline's name, or {flow_lease.NAME}")
    name = parser.parse_args(arguments).pipeline
    try:
        prepare()
        print(repair(name))
    except Exception as error:  # noqa: BLE001  the one place at which every error becomes a line or a traceback
        exit_with_error(error)


if __name__ == "__main__":
    from exactly_once.interrupts import body

    with body():
        main(sys.argv[1:])
