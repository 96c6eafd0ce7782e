"""The options of the filters (region, account, campaign, period), and the filters that an address requests."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard import queries
from dashboard.mart import MartUnavailable, current_mart
from dashboard.queries import Filters
from dashboard.status import read_status

PARAMETERS = ("region", "account", "period")
ALL_REGIONS, ALL_ACCOUNTS, DEFAULT_PERIOD = "All regions", "All accounts", "Last 90 days"
PERIODS = {"Last 7 days": 7, "Last 30 days": 30, DEFAULT_PERIOD: 90, "Last 180 days": 180, "Last 365 days": 365}


@dataclass(frozen=True)
class RequestedFilters:
    """The filters that an address requests, as in `/?region=eu#/lists`, with defaults for the rest."""

    region: str
    account: str
    period: str


def normalize_parameters(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the parameters of an address without unknown, empty and repeated ones.

    Of repeated ones the first valid value stays. A single value stays even if it is not valid: the warehouse may not
    have it yet.
    """
    values_of = {name: [value for key, value in given if key == name and value] for name, _ in given}
    requested = read_address(values_of)
    return [
        (name, values[0] if len(values) == 1 or getattr(requested, name) not in values else getattr(requested, name))
        for name, values in values_of.items()
        if name in PARAMETERS and values
    ]


def read_address(address: dict[str, Any]) -> RequestedFilters:
    """Return the filters of an address: for each parameter the first value that is an option, else the default."""
    return RequestedFilters(
        _first(address.get("region"), region_options(), ALL_REGIONS),
        _first(address.get("account"), account_options(None), ALL_ACCOUNTS),
        _first(address.get("period"), PERIODS, DEFAULT_PERIOD),
    )


def _first(values: Any, options: Container[str], default: str) -> str:
    candidates = values if isinstance(values, list | tuple) else [values]
    return next((value for value in candidates if isinstance(value, str) and value in options), default)


def region_options() -> dict[str, str | None]:
    """Return the regions by label; None means all."""
    return {ALL_REGIONS: None} | {row["region"]: row["region"] for row in _rows(queries.regions())}


def account_options(region: str | None) -> dict[str, int | None]:
    """Return the account ids of a region by label; None means all. Labels of equal names have the id."""
    rows = _rows(queries.accounts(region))
    names = [row["account_name"] for row in rows]
    options = {
        name if names.count(name) == 1 else f"{name} ({row['account_id']})": row["account_id"]
        for name, row in zip(names, rows, strict=True)
    }
    return {ALL_ACCOUNTS: None} | options


def campaign_options(filters: Filters) -> dict[str, int]:
    """Return the campaign ids of a period by label, the newest first."""
    return {
        f"{row['campaign_name']} · {row['account_name']} · {row['sent_at']:%Y-%m-%d}": row["campaign_id"]
        for row in _rows(queries.campaigns(filters))
    }


def build_filters(region: str | None, account_id: int | None, days: int) -> Filters:
    """Return the filters for the last `days` of the data; today ends the period if MART cannot be read."""
    try:
        last = read_status(current_mart()).last_day
    except MartUnavailable:
        last = None
    last = last or datetime.now(UTC).astimezone().date()
    return Filters(last - timedelta(days=days - 1), last, region, account_id)


def _rows(query: queries.Query) -> list[dict[str, Any]]:
    try:
        return current_mart().rows(query)
    except MartUnavailable:
        return []
