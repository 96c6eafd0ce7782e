"""How far the data reach, said on every page: complete through, the last good run, and whether that is long ago."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import escape

from dashboard import expected, queries
from dashboard.blocks import Notice
from dashboard.mart import Mart, Row
from dashboard.queries import Filters

EVENTS = "saas_email_events"
OLD = timedelta(days=1)


@dataclass(frozen=True)
class Status:
    """The state of RAW and of the runs that fill it: a row a table, and times in UTC; what there is none of is None.

    `complete_through` is the newest event, `loaded_at` the end of the newest load that brought anything, `ran_at` the
    end of the newest good run that this machine has a record of, `first_day` that of sending. `now` is when all of this
    was read, `max_age` how long ago the last good run may be. Demo data are as old as they are. A static page is read
    later, so it has no ages.
    """

    tables: tuple[Row, ...]
    complete_through: datetime | None
    loaded_at: datetime | None
    now: datetime
    first_day: date | None = None
    is_held: bool = False
    ran_at: datetime | None = None
    is_demo: bool = False
    max_age: timedelta = timedelta(hours=expected.USUAL_HOURS)
    is_static: bool = False

    @property
    def last_day(self) -> date | None:
        """The day on which periods end: that of the newest event."""
        return self.complete_through.date() if self.complete_through else None

    def before(self, filters: Filters) -> str | None:
        """Return the period before in words, or None where it began before the first week of sending."""
        is_whole = self.first_day and filters.before().first_day >= self.first_day - timedelta(days=7)
        return f"the {filters.day_count} days before" if is_whole else None

    @property
    def last_good(self) -> tuple[str, datetime] | None:
        """What ended well last, and when: a run that this machine knows of, or a load that MART knows of."""
        known = [(what, at) for what, at in (("load", self.loaded_at), ("good run", self.ran_at)) if at]
        return max(known, key=lambda one: one[1], default=None)

    def line(self) -> str:
        """Return the sentence that is on every page."""
        if not self.complete_through:
            return "No e-mail event has been loaded yet"
        begin = "Demo data, complete through" if self.is_demo else "Complete through"
        text = f"{begin} {moment(self.complete_through)}"
        if self.last_good:
            what, at = self.last_good
            text += f" · last {what} ended {moment(at)}" + ("" if self.is_static else f", {age(self.now - at)} ago")
        return text

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
        if self.is_demo or not self.last_good:
            return notices
        what, at = self.last_good
        if self.now - at > self.max_age:
            ago = "before this page was written" if self.is_static else "ago"
            notices.append(
                Notice(
                    f"Stale: the last {what} ended {age(self.now - at)} {ago}, on {moment(at)}; more than "
                    f"{age(self.max_age)} is not expected. `make status`, where the platform runs, says why.",
                    "warn",
                )
            )
        behind = at - self.complete_through
        if behind > OLD:
            notices.append(
                Notice(f"Stale: the newest e-mail event is {age(behind)} older than the last {what}.", "warn")
            )
        return notices


def status(mart: Mart) -> Status:
    """Read the state of the data.

    Raises:
        Away: MART cannot be read.
    """
    tables = mart.rows(queries.data_status())
    newest = {row["table_name"]: row["newest_change_at"] for row in tables}
    # A MART of an earlier version has only the load's id, which says when it began.
    ended = [at for row in tables if (at := row.get("source_loaded_at") or loaded_at(row["newest_load_id"]))]
    return Status(
        tuple(tables),
        newest.get(EVENTS),
        max(ended, default=None),
        datetime.now(UTC).replace(tzinfo=None),
        mart.row(queries.first_day())["first_day"],
        mart.is_held,
        expected.last_good_run(),
        expected.is_demo(),
        expected.max_age(),
    )


def loaded_at(load_id: str | None) -> datetime | None:
    """Return when a load began: its id is its Unix time."""
    try:
        return datetime.fromtimestamp(float(load_id or ""), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def moment(at: datetime) -> str:
    """Return a UTC time for a person, to the minute."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def age(length: timedelta) -> str:
    """Return a length of time in whole hours, or days: a page that says it is made again when it changes."""
    hours = length // timedelta(hours=1)
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return "an hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"
