"""How far the data reach, said on every page: complete through, the last load, and whether that is old."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import escape

from dashboard import queries
from dashboard.blocks import Notice
from dashboard.mart import Mart, Row
from dashboard.queries import Filters

EVENTS = "saas_email_events"
OLD = timedelta(days=1)


@dataclass(frozen=True)
class Status:
    """The state of RAW: a row a table, the newest event and the newest load (UTC), and the first day of sending.

    What there is none of is None.
    """

    tables: tuple[Row, ...]
    complete_through: datetime | None
    loaded_at: datetime | None
    first_day: date | None = None
    is_held: bool = False

    @property
    def last_day(self) -> date | None:
        """The day on which periods end: that of the newest event."""
        return self.complete_through.date() if self.complete_through else None

    def before(self, filters: Filters) -> str | None:
        """Return the period before in words, or None where it began before the first week of sending."""
        is_whole = self.first_day and filters.before().first_day >= self.first_day - timedelta(days=7)
        return f"the {filters.day_count} days before" if is_whole else None

    def line(self) -> str:
        """Return the sentence that stands on every page."""
        if not self.complete_through:
            return "No e-mail event has been loaded yet"
        loaded = f" · last load {moment(self.loaded_at)}" if self.loaded_at else ""
        return f"Complete through {moment(self.complete_through)}{loaded}"

    def html(self) -> str:
        return f'<p class="status">{escape(self.line())}</p>'

    def notices(self) -> list[Notice]:
        """Return what a reader has to know before any figure."""
        if not self.complete_through:
            return [
                Notice("The warehouse is empty: no e-mail event has been loaded yet. `make run` loads them.", "warn")
            ]
        notices = []
        if self.is_held:
            notices.append(Notice("A load is writing; these are the figures from before it."))
        age = self.loaded_at - self.complete_through if self.loaded_at else timedelta(0)
        if age > OLD:
            days = "a day" if age.days == 1 else f"{age.days} days"
            notices.append(Notice(f"Stale: the newest e-mail event is {days} older than the last load.", "warn"))
        return notices


def status(mart: Mart) -> Status:
    """Read the state of the data.

    Raises:
        Away: MART cannot be read.
    """
    tables = mart.rows(queries.data_status())
    newest = {row["table_name"]: row["newest_change_at"] for row in tables}
    loads = [loaded for row in tables if (loaded := loaded_at(row["newest_load_id"]))]
    first_day = mart.row(queries.first_day())["first_day"]
    return Status(tuple(tables), newest.get(EVENTS), max(loads, default=None), first_day, mart.is_held)


def loaded_at(load_id: str | None) -> datetime | None:
    """Return when a load began: its id is its Unix time."""
    try:
        return datetime.fromtimestamp(float(load_id or ""), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def moment(at: datetime) -> str:
    """Return a UTC time for a person, to the minute."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"
