"""What a month costs, line by line: pure functions of prices, measurements and assumptions."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.cost.assumptions import Assumptions

BUILDS = ("hourly build", "daily build")  # of tests/tools/statements.py
PRICES = Path(__file__).resolve().parents[2] / "dbt" / "seeds" / "prices.csv"
MEASURED = Path(__file__).with_name("measured.json")
# Credits an hour; each size is taken to be as much faster as it is dearer.
SIZES = {"XS": 1, "S": 2, "M": 4, "L": 8, "XL": 16, "2XL": 32, "3XL": 64, "4XL": 128, "5XL": 256, "6XL": 512}
KB, MB, GB, TB = 1024, 1e6, 1e9, 1e12
Measured = Mapping[str, Any]


class MissingPrice(Exception):
    """The message says which line dbt/seeds/prices.csv lacks."""


class Prices(dict[str, float]):
    """US dollars by name."""

    def __missing__(self, name: str) -> float:
        raise MissingPrice(f"dbt/seeds/prices.csv has no price {name}: add its line.")


def read_prices(path: Path = PRICES) -> Prices:
    """Return the declared prices."""
    with path.open(newline="") as file:
        return Prices({row["price_name"]: float(Decimal(row["usd"])) for row in csv.DictReader(file)})


@dataclass(frozen=True)
class Seconds:
    """What one run takes of an XS: `load` on LOAD_WH, `build` on TRANSFORM_WH."""

    load: float
    build: float

    def times(self, factor: float) -> "Seconds":
        """Return a build and its tests, multiplied."""
        return Seconds(self.load * factor, self.build * factor)


@dataclass(frozen=True)
class Line:
    """A line of the bill: what it is for, what it is counted from, US dollars a month."""

    name: str
    quantity: str
    usd: float


@dataclass(frozen=True)
class Bill:
    """One month; `reading` and `seconds` are those of a run; a size is None where none is fast enough."""

    lines: list[Line]
    seconds: Seconds
    reading: float
    credits: float
    load_size: str | None
    build_size: str | None
    vcpu: float

    @property
    def usd(self) -> float:
        """The sum of all lines."""
        return sum(line.usd for line in self.lines)


@dataclass(frozen=True)
class Volume:
    """What `events` a month come to in the platform's month number `month`, from 1; bytes are those of one run."""

    events: float
    month: int
    assumptions: Assumptions
    measured: Measured

    def under(self, **other: float) -> "Volume":
        """Return the same volume under other assumptions."""
        return replace(self, assumptions=replace(self.assumptions, **other))

    @cached_property
    def runs(self) -> float:
        """Runs a month."""
        return self.assumptions.loads_per_day * self.assumptions.days

    @cached_property
    def new_events(self) -> float:
        """Events of one run."""
        return self.events / self.runs

    @cached_property
    def stored_events(self) -> float:
        """Events in RAW, on the average of the month."""
        return self.events * (self.month - 0.5)

    @cached_property
    def largest(self) -> Measured:
        """The measurement of the most rows."""
        return max(self._scales, key=lambda scale: scale["first"]["events"])

    @cached_property
    def day(self) -> Measured:
        """The measured day that brought, in proportion, the number of events nearest to a run's."""
        return min(
            (scale["day"] for scale in self._scales), key=lambda day: abs(math.log(day["events"] / self.new_events))
        )

    @cached_property
    def messages_per_event(self) -> float:
        """Messages of all events."""
        return self.largest["tables"]["messages"]["rows"] / self.largest["tables"]["raw"]["rows"]

    @cached_property
    def contacts(self) -> float:
        """Contacts that the messages go to."""
        return self.events * self.messages_per_event / self.assumptions.messages_per_contact

    @cached_property
    def base_bytes(self) -> float:
        """All tables of Postgres, with so many contacts."""
        return self.largest["first"]["postgres"]["bytes"] / self._measured_contacts * self.contacts

    @cached_property
    def base_rows(self) -> float:
        """Rows that one look at contacts or memberships reads."""
        rows = self.largest["postgres_rows"]
        return (
            (rows["postgres_contacts"] + rows["postgres_list_memberships"])
            / 2
            / self._measured_contacts
            * self.contacts
        )

    @cached_property
    def keys(self) -> float:
        """Keys that delete detection compares in one run, on the average of those that compare and those that do not.

        Nearly all are of two tables: contacts and memberships.
        """
        keys = sum(self.largest["postgres_rows"].values()) / self._measured_contacts * self.contacts
        hours = keys / 2 / self.assumptions.keys_hourly
        runs = min(24, hours) * self.assumptions.loads_per_day / 24 if hours > 1 else 1
        return keys / max(1, runs)

    @cached_property
    def changed_rows(self) -> float:
        """Rows of Postgres that one run brings."""
        return self.day["postgres"]["rows"] / self.day["events"] * self.new_events

    @cached_property
    def event_bytes(self) -> float:
        """Files of events."""
        return self.day["saas"]["event_bytes"] / self.day["events"] * self.new_events

    @cached_property
    def other_bytes(self) -> float:
        """All other files, which are many and small."""
        saas, postgres = self.day["saas"], self.day["postgres"]
        return (saas["bytes"] - saas["event_bytes"] + postgres["bytes"]) / self.day["events"] * self.new_events

    @cached_property
    def event_files(self) -> int:
        """Files of events of one run."""
        return max(1, math.ceil(self.event_bytes / (self.assumptions.file_mb * MB)))

    @cached_property
    def moves(self) -> bool:
        """Whether the files of events reach the 128 KiB below which S3 leaves an object where it is."""
        return self.event_bytes / self.event_files >= 128 * KB

    @property
    def _scales(self) -> list[Measured]:
        return [part for name, part in self.measured.items() if name.startswith("scale_")]

    @property
    def _measured_contacts(self) -> int:
        return self.largest["postgres_rows"]["postgres_contacts"]


def seconds_of(v: Volume) -> Seconds:
    """Return the assumed seconds of one run on an XS: its statements, its new rows, its whole reads of tables."""
    a, sent = v.assumptions, v.measured["statements"]
    loads = ("news postgres", "news saas")
    statements = sum(sent[step]["warehouse"] for step in loads) * a.statement_seconds / a.load_parallel
    load = statements + v.new_events / a.copied_rows + sum(read_seconds(v, step) for step in loads)
    # One build of a day runs every test, of a week where tables are large; the others those that read no whole table.
    share = 1 / max(a.loads_per_day, 1) / (1 if v.stored_events <= a.whole_rows else 7)
    hourly, daily = (build_seconds(v, step) for step in BUILDS)
    return Seconds(load, v.new_events / a.built_rows + hourly + (daily - hourly) * share)


def read_seconds(v: Volume, step: str) -> float:
    """Return what a step's reads of the tables that grow are assumed to take of an XS."""
    a = v.assumptions
    days = min(v.stored_events, v.events / a.days * a.touched_days)
    rows = {
        "events": v.stored_events,
        "messages": v.stored_events * v.messages_per_event,
        "event_days": days,
        "message_days": days * v.messages_per_event,
        "new": v.new_events,
        "base": v.base_rows,
    }
    return sum(times * rows[kind] for kind, times in v.measured["statements"][step]["reads"].items()) / a.read_rows


def build_seconds(v: Volume, step: str) -> float:
    """Return what a build is assumed to take of an XS beside its new rows."""
    a = v.assumptions
    # Behind a build the flow reads the month's budget: one statement more, while the warehouse is awake.
    sent = v.measured["statements"][step]["warehouse"] + 1
    return sent * a.statement_seconds / a.build_parallel + read_seconds(v, step)


def size_for(seconds: float, most: float) -> str | None:
    """Return the smallest size that does an XS's `seconds` of work within `most` seconds; None: none does."""
    return next((size for size, speed in SIZES.items() if seconds / speed <= most), None)


def credits_of(runs: float, seconds: float, suspend: float, size: str | None) -> float:
    """Return the credits of runs that each start a warehouse, take an XS's `seconds`, and leave it to suspend itself.

    A start costs 60 seconds at least. Where no size is fast enough the largest is billed.
    """
    speed = SIZES[size or "6XL"]
    return runs * max(60, seconds / speed + suspend) / 3600 * speed


def tier_months(month: int, start: float, end: float) -> float:
    """Return how many months' worth of bytes are `start` to `end` months old, on the average of a month."""
    return min(max(month - 0.5 - start, 0), end - start)


def bill(v: Volume, prices: Prices, seconds: Seconds | None = None) -> Bill:
    """Return the month's bill; `seconds` of a run on an XS, where they are known better than assumed."""
    a, interval = v.assumptions, 86400 / v.assumptions.loads_per_day
    seconds, vcpu = seconds or seconds_of(v), a.vcpu
    work = v.new_events / a.read_events + v.keys / a.swept_keys
    while work / vcpu > interval / 2 and vcpu < 16:  # Fargate's largest task
        vcpu *= 2
    reading = work / vcpu
    # A run ends before the next is due; what reading leaves is halved between load and build.
    most = max(interval - reading, 0) / 2
    sizes = size_for(seconds.load, most), size_for(seconds.build, most)
    used = {
        # LOAD_WH is asked before the reading and after it: in between it stays up, or suspends once more.
        "LOAD_WH": credits_of(v.runs, seconds.load, a.suspend + min(reading, a.suspend), sizes[0]),
        "TRANSFORM_WH": credits_of(v.runs, seconds.build, a.suspend, sizes[1]),
        "REPORT_WH": credits_of(a.reports, a.report_seconds, a.suspend, "XS"),
    }
    sent = sum(v.measured["statements"][step]["sent"] for step in ("news postgres", "news saas", BUILDS[0]))
    used["cloud services"] = max(0, v.runs * sent * a.services_credits - sum(used.values()) / 10)
    named = dict(zip(("LOAD_WH", "TRANSFORM_WH"), sizes, strict=True)) | {"REPORT_WH": "XS", "cloud services": ""}
    warehouses = [
        Line(name, f"{credits:,.1f} credits {named[name] or ''}".strip(), credits * prices["snowflake_credit"])
        for name, credits in used.items()
    ]
    lines = [*_lake(v, prices, reading), *_worker(v, prices, vcpu), *warehouses, *_tables(v, prices)]
    return Bill(lines, seconds, reading, sum(used.values()), *sizes, vcpu)


def _lake(v: Volume, prices: Prices, reading: float) -> list[Line]:
    a = v.assumptions
    moving = v.event_bytes * v.runs if v.moves else 0
    staying = (v.event_bytes + v.other_bytes) * v.runs - moving
    puts, gets = requests(v, reading)
    gb = {
        "s3_standard_gb_month": moving * tier_months(v.month, 0, a.access_months) + staying * (v.month - 0.5)
        + v.base_bytes + (puts + gets) * a.access_log_bytes * tier_months(v.month, 0, 3),
        "s3_standard_ia_gb_month": moving * tier_months(v.month, a.access_months, a.glacier_months),
        "s3_glacier_ir_gb_month": moving * tier_months(v.month, a.glacier_months, math.inf),
    }  # fmt: skip
    moved = v.event_files * v.runs * v.moves
    to_access, to_glacier = moved * (v.month > a.access_months), moved * (v.month > a.glacier_months)
    asked = (puts + gets) * a.kms_share
    return [
        Line(
            "S3 storage",
            " + ".join(f"{size / GB:,.1f}" for size in gb.values()) + " GB",
            sum(size / GB * prices[name] for name, size in gb.items()),
        ),
        Line(
            "S3 requests",
            f"{puts:,.0f} PUT, {gets:,.0f} GET",
            puts / 1000 * prices["s3_put_1000"] + gets / 1000 * prices["s3_get_1000"],
        ),
        Line(
            "S3 lifecycle",
            f"{to_access + to_glacier:,.0f} objects moved",
            to_access / 1000 * prices["s3_transition_ia_1000"]
            + to_glacier / 1000 * prices["s3_transition_glacier_ir_1000"],
        ),
        Line(
            "KMS",
            f"1 key, {asked:,.0f} requests",
            prices["kms_key_month"] + asked / 10000 * prices["kms_request_10000"],
        ),
    ]


def requests(v: Volume, reading: float) -> tuple[float, float]:
    """Return a month's requests that S3 bills as PUT and as GET: a measured load's, and more for files in parts."""
    a, counted = v.assumptions, [v.day[name]["requests"] for name in ("postgres", "saas")]
    puts = sum(one.get(kind, 0) for one in counted for kind in ("PUT", "LEASE", "LIST"))
    gets = sum(one.get(kind, 0) for one in counted for kind in ("GET", "HEAD"))
    puts += len(counted) * reading / 20  # the lease is renewed every 20 s
    return (puts + v.event_bytes / (a.part_mb * MB)) * v.runs, (gets + v.event_bytes / (a.piece_mb * MB)) * v.runs


def _worker(v: Volume, prices: Prices, vcpu: float) -> list[Line]:
    a = v.assumptions
    memory, log_gb = vcpu / a.vcpu * a.memory_gb, v.runs * a.log_mb * MB / GB
    hourly = vcpu * prices["fargate_vcpu_hour"] + memory * prices["fargate_gb_hour"]
    kept = prices["cloudwatch_log_gb"] + a.log_months * prices["cloudwatch_log_gb_month"]
    watched = log_gb * kept + a.metrics * prices["cloudwatch_metric_month"]
    return [
        Line("Fargate", f"{a.worker_hours:,.1f} h of {vcpu:g} vCPU, {memory:g} GB", a.worker_hours * hourly),
        Line("CloudWatch", f"{log_gb:,.2f} GB, {a.metrics:g} metrics", watched),
        Line("ECR", f"{a.image_gb:g} GB", a.image_gb * prices["ecr_gb_month"]),
        Line("secrets", f"{a.secrets:g} secrets", a.secrets * prices["secret_month"]),
        Line("budget", "1, which mails", prices["budget_month"]),
    ]


def _tables(v: Volume, prices: Prices) -> list[Line]:
    a, tables = v.assumptions, v.largest["tables"]
    per_event = {name: table["bytes"] / tables["raw"]["rows"] * a.compression for name, table in tables.items()}
    base, kept_runs = v.base_bytes * a.compression, a.loads_per_day * a.history_days
    partitions = max(base / (a.partition_mb * MB), 1)
    late_months = min(a.late_days / a.days, v.month - 0.5)
    live = v.stored_events * sum(per_event.values()) + base * (1 + a.dimensions)
    old = {
        "partitions of RAW with a changed row": base * (1 - math.exp(-v.changed_rows / partitions)) * kept_runs,
        # RAW_STAGING keeps nothing. dbt's transient tables have a day of time travel and no fail-safe.
        "dimensions": base * a.dimensions * a.loads_per_day,
        "messages": v.events * per_event["messages"] * late_months * a.loads_per_day,
    }
    return [
        Line("Snowflake tables", f"{live / GB:,.1f} GB", live / TB * prices["snowflake_storage_tb_month"]),
        Line(
            "time travel, fail-safe",
            f"{sum(old.values()) / GB:,.1f} GB",
            sum(old.values()) / TB * prices["snowflake_storage_tb_month"],
        ),
    ]


def with_every_test(measured: Measured) -> Measured:
    """Return the measurements as if every run's build ran every test."""
    hourly, daily = BUILDS
    statements = measured["statements"]
    return {**measured, "statements": {**statements, hourly: statements[daily]}}
