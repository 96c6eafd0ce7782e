"""Earlier history: copies of the first half year, further back in time, as rows of RAW and as objects of the vendor.

A copy has campaigns and messages of its own. Accounts, contacts and lists are the same in every copy, so no contact of
a copy has complained, unsubscribed or bounced for good: nobody would have written to it afterwards. Loads that would
have brought the events are those of a schedule of one load a day.
"""

import json
from contextlib import closing
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from mock_services.company.generator import HISTORY_END
from mock_services.saas import store
from mock_services.saas.content.campaigns import FIRST_DRAFT_ID
from mock_services.saas.content.events import iso, micros

SPACING_DAYS = 181  # from one half year to the next
MOST_DAYS = 4000  # back from 2026: dim_dates begins in 2015
APART = timedelta(hours=13)  # between copies of one half year
IDS_APART = 10_000  # from a campaign to its copy; the mock's campaigns are fewer
TIMES = ("scheduled_at", "sent_at", "created_at", "updated_at")
END = HISTORY_END.date() + timedelta(days=1)  # later events are those of the real loads after the history


@dataclass(frozen=True)
class Copy:
    """One copy of the half year: its number, 0 for the original, which half year back it is, and how much earlier."""

    number: int
    period: int
    earlier: timedelta


@dataclass(frozen=True)
class Size:
    """How large a world is.

    Args:
        events: of the half year, at least; below the mock's number, only its newest campaigns are kept.
        history: half years.
    """

    events: int
    history: int

    def copies(self, original: int) -> list[Copy]:
        """Return all copies of a half year of `original` events."""
        beside = max(1, round(self.events / original))
        spacing = timedelta(days=min(SPACING_DAYS, MOST_DAYS // self.history))
        return [
            Copy(period * beside + number, period, period * spacing + number * APART)
            for period in range(self.history)
            for number in range(beside)
        ]


def multiply(warehouse: Path, objects: Path, size: Size) -> int:
    """Put earlier history into RAW and into the vendor's store, and return the events that RAW has."""
    with duckdb.connect(str(warehouse), config={"memory_limit": "2GB"}) as raw:
        raw.execute("set TimeZone = 'UTC'")
        _take_out(raw, size)
        copies = size.copies(_one(raw, f"select count(*) from real where received_at < '{END}'"))
        raw.execute("create temp table copies (number bigint, period bigint, earlier interval)")
        raw.executemany("insert into copies values (?, ?, ?)", [astuple(copy) for copy in copies])
        for period in range(size.history - 1, -1, -1):
            _write_events(raw, period)
        raw.execute(f"insert into RAW.saas_email_events from real where received_at >= '{END}' order by received_at")
        _write_loads(raw)
        _write_campaigns(raw, objects)
        raw.execute("drop table real")
        raw.execute("checkpoint")
        return _one(raw, "select count(*) from RAW.saas_email_events")


def _take_out(raw: duckdb.DuckDBPyConnection, size: Size) -> None:
    """Move the events out of RAW into `real`, without campaigns that a smaller world does not need."""
    raw.execute(
        f"""
        create temp table real as
        with sizes as (
            select campaign_id, max(received_at) as newest, count(*) as events from RAW.saas_email_events group by 1
        ),
        newest_first as (
            select campaign_id, newest, sum(events) over (order by newest desc, campaign_id) - events as events_after
            from sizes where newest < '{END}'
        )
        select events.* from RAW.saas_email_events as events
        anti join (from newest_first where events_after >= {size.events}) as left_out using (campaign_id)
        """
    )
    raw.execute(
        """
        create temp table signs as
        select distinct message_id from real
        where event_type in ('spam_report', 'unsubscribe') or bounce_type = 'hard'
        """
    )
    raw.execute("truncate RAW.saas_email_events")
    raw.execute("checkpoint")


def _write_events(raw: duckdb.DuckDBPyConnection, period: int) -> None:
    """Write the events of one half year, in the order of their arrival."""
    raw.execute(
        f"""
        insert into RAW.saas_email_events by name
        select
            real.* replace (
                occurred_at - earlier as occurred_at,
                received_at - earlier as received_at,
                if(number = 0, event_id, 'evt_' || left(md5(event_id || ' ' || number), 24)) as event_id,
                format('msg_{{:x}}_{{:x}}', campaign_id + number * {IDS_APART}, contact_id) as message_id,
                campaign_id + number * {IDS_APART} as campaign_id,
                epoch(cast(received_at - earlier as date) + 1)::bigint || '.25' as _dlt_load_id
            )
        from real
        cross join (from copies where period = {period})
        where received_at < '{END}' and (number = 0 or message_id not in (from signs))
        order by received_at - earlier, event_id, number
        """
    )


def _write_loads(raw: duckdb.DuckDBPyConnection) -> None:
    """Give every load that the events name its row in dlt's table, before the rows of the real loads."""
    raw.execute("create temp table real_loads as from RAW._dlt_loads")
    raw.execute("truncate RAW._dlt_loads")
    raw.execute(
        """
        insert into RAW._dlt_loads
        select distinct _dlt_load_id, 'saas', 0, to_timestamp(cast(_dlt_load_id as double)), newest.hash
        from RAW.saas_email_events
        cross join (
            select arg_max(schema_version_hash, inserted_at) as hash from real_loads where schema_name = 'saas'
        ) as newest
        where _dlt_load_id not in (select load_id from real_loads)
        order by 1
        """
    )
    raw.execute("insert into RAW._dlt_loads from real_loads")


def _write_campaigns(raw: duckdb.DuckDBPyConnection, objects: Path) -> None:
    """Give every copy its campaigns: at the product, at the vendor, and in RAW."""
    raw.execute("create temp table sent as select distinct campaign_id from real")
    for table, times in (("saas", TIMES), ("postgres", ("scheduled_local_at", *TIMES[1:]))):
        moved = ", ".join(f"{name} - earlier as {name}" for name in times)
        raw.execute(
            f"""
            insert into RAW.{table}_campaigns by name
            select campaigns.* replace ({moved}, campaign_id + number * {IDS_APART} as campaign_id)
            from RAW.{table}_campaigns as campaigns
            semi join sent using (campaign_id)
            cross join (from copies where number > 0)
            order by updated_at
            """
        )
    rows = raw.execute(f"select * from RAW.saas_campaigns where campaign_id between {IDS_APART} and {FIRST_DRAFT_ID}")
    names = [column[0] for column in rows.description or ()]
    found = [_as_object(dict(zip(names, row, strict=True))) for row in rows.fetchall()]
    with closing(store.connect(objects)) as connection:
        connection.execute("begin")
        connection.executemany("insert into campaigns values (?, ?, ?, ?)", found)
        connection.execute("commit")


def _as_object(row: dict[str, Any]) -> tuple[int, int, int, str]:
    """Return a campaign of RAW as the vendor stores it."""
    body = {name: value for name, value in row.items() if not name.startswith("_") and value is not None}
    body |= {name: json.loads(row[name]) for name in ("settings", "tags")}
    body |= {name: iso(micros(_utc(row[name]))) for name in TIMES}
    return row["campaign_id"], micros(_utc(row["updated_at"])), row["campaign_id"], store.encode(body)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _one(raw: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((found,),) = raw.execute(query).fetchall()
    return found
