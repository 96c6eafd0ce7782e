"""The status of the data on every page: complete through, the last good run, and whether they are stale."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import escape

from dashboard import freshness, queries
from dashboard.mart import Mart, Row
from dashboard.queries import Filters
from dashboard.rendering.components import Notice
from dashboard.rendering.formatting import format_age, format_utc

EVENTS_TABLE = "saas_email_events"
MAX_LAG = timedelta(days=1)  # of the newest event behind the last run


@dataclass(frozen=True)
class DataStatus:
    """The state of RAW and of the runs that fill it; times are UTC, and None if there is none.

    `tables` has a row for each table of RAW. `complete_through` is the newest event, `loaded_at` the end of the newest
    load with rows, `ran_at` the end of the newest good run in this machine's records, `first_day` the first day
    of sending. `now` is when all of this was read, `max_age` how old the last good run may be. Demo data are
    never stale. A static page shows no ages, because it is read later.
    """

    tables: tuple[Row, ...]
    complete_through: datetime | None
    loaded_at: datetime | None
    now: datetime
    first_day: date | None = None
    is_locked: bool = False
    ran_at: datetime | None = None
    is_demo: bool = False
    max_age: timedelta = timedelta(hours=freshness.DEFAULT_MAX_AGE_HOURS)
    is_static: bool = False

    @property
    def last_day(self) -> date | None:
        """The day of the newest event, on which periods end."""
        return self.complete_through.date() if self.complete_through else None

    def previous_period(self, filters: Filters) -> str | None:
        """Return the name of the previous period, or None if it begins before the first week of sending."""
        is_complete = self.first_day and filters.previous().first_day >= self.first_day - timedelta(days=7)
        return f"the previous {filters.day_count} days" if is_complete else None

    @property
    def last_good(self) -> tuple[str, datetime] | None:
        """What ended well last, and when: a run in this machine's records, or a load that MART has."""
        known = [(kind, at) for kind, at in (("load", self.loaded_at), ("good run", self.ran_at)) if at]
        return max(known, key=lambda one: one[1], default=None)

    def summary(self) -> str:
        """Return the sentence that is on every page."""
        if not self.complete_through:
            return "No e-mail event has been loaded yet"
        prefix = "Demo data, complete through" if self.is_demo else "Complete through"
        text = f"{prefix} {format_utc(self.complete_through)}"
        if self.last_good:
            kind, at = self.last_good
            text += f" · last {kind} ended {format_utc(at)}"
            text += "" if self.is_static else f", {format_age(self.now - at)} ago"
        return text

    def html(self) -> str:
        """Return the sentence as HTML."""
        return f'<p class="status">{escape(self.summary())}</p>'

    def notices(self) -> list[Notice]:
        """Return the notices above the figures of every page."""
        if not self.complete_through:
            text = "The warehouse is empty: no e-mail event has been loaded yet. `make run` loads them."
            return [Notice(text, "warn")]
        notices = [Notice("A load is running; these figures are from before it.")] if self.is_locked else []
        if not self.is_demo and self.last_good:
            notices += self._stale_notices(*self.last_good, self.complete_through)
        return notices

    def _stale_notices(self, kind: str, at: datetime, complete_through: datetime) -> list[Notice]:
        notices = []
        if self.now - at > self.max_age:
            since = "before this page was written" if self.is_static else "ago"
            text = (
                f"Stale: the last {kind} ended {format_age(self.now - at)} {since}, on {format_utc(at)}; the limit is "
                f"{format_age(self.max_age)}. `make status` on the platform's machine shows the cause."
            )
            notices.append(Notice(text, "warn"))
        if at - complete_through > MAX_LAG:
            lag = format_age(at - complete_through)
            notices.append(Notice(f"Stale: the newest e-mail event is {lag} older than the last {kind}.", "warn"))
        return notices


def read_status(mart: Mart) -> DataStatus:
    """Read the status of the data.

    Raises:
        MartUnavailable: MART cannot be read.
    """
    tables = mart.rows(queries.data_status())
    newest = {row["table_name"]: row["newest_change_at"] for row in tables}
    # A MART of an earlier version has only the id of the load, which is its start.
    ended = [at for row in tables if (at := row.get("source_loaded_at") or load_started_at(row["newest_load_id"]))]
    return DataStatus(
        tuple(tables),
        newest.get(EVENTS_TABLE),
        max(ended, default=None),
        datetime.now(UTC).replace(tzinfo=None),
        mart.row(queries.first_day())["first_day"],
        mart.is_locked,
        freshness.last_good_run(),
        freshness.is_demo(),
        freshness.max_age(),
    )


def load_started_at(load_id: str | None) -> datetime | None:
    """Return the start of a load (UTC), which is its id as Unix time; None for any other id."""
    try:
        return datetime.fromtimestamp(float(load_id or ""), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
