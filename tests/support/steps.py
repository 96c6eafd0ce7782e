"""One load in its steps, for tests that stop between two of them."""

from dataclasses import dataclass

from exactly_once.report import LoadReport
from exactly_once.runner import acquire_lease, extract, load_packages
from pipelines.environment import build_pipeline
from pipelines.postgres import opened


@dataclass
class StubLease:
    """A lease's token without the lease, as of a run that does not know yet that another run took it."""

    token: int

    def ensure_held(self) -> None: ...


def extract_only(source=opened) -> LoadReport:
    """Extract from Postgres and load nothing, as a run that is killed in between."""
    pipeline = activated()
    with acquire_lease(pipeline) as lease:
        return extract(pipeline, source, lease)


def land_only(report: LoadReport) -> LoadReport:
    pipeline = activated()
    with acquire_lease(pipeline) as lease:
        return load_packages(pipeline, report, lease)


def activated():
    pipeline = build_pipeline("postgres")
    pipeline.activate()
    return pipeline


def refused(report: LoadReport) -> dict[str, str]:
    """Return the reason for each rejected table, by name."""
    return {one.name: one.line for one in report.refused}


def counts(report: LoadReport, field: str) -> dict[str, int]:
    return {name.removeprefix("postgres_"): getattr(table, field) for name, table in report.tables.items()}
