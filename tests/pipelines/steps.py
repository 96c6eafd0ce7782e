"""One load in its steps, for tests that stop between two of them."""

from dataclasses import dataclass

from pipelines.load import LoadReport, extract, held_lease, land
from pipelines.postgres import opened
from pipelines.warehouse import raw_pipeline


@dataclass
class Turn:
    """A lease's token, without the lease: as a run has it that does not know yet that its lease has passed on."""

    token: int

    def check(self) -> None: ...


def extract_only(source=opened) -> LoadReport:
    """Extract from Postgres and land nothing, as a run that is killed in between."""
    pipeline = activated()
    with held_lease(pipeline) as lease:
        return extract(pipeline, source, lease)


def land_only(report: LoadReport) -> LoadReport:
    pipeline = activated()
    with held_lease(pipeline) as lease:
        return land(pipeline, report, lease)


def activated():
    pipeline = raw_pipeline("postgres")
    pipeline.activate()
    return pipeline


def refused(report: LoadReport) -> dict[str, str]:
    """Return why each table was refused, by its name."""
    return {one.name: one.line for one in report.refused}


def counts(report: LoadReport, field: str) -> dict[str, int]:
    return {name.removeprefix("postgres_"): getattr(table, field) for name, table in report.tables.items()}
