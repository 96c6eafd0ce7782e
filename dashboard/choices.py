"""What one may choose: a region, an account, a campaign and a period, and how an address asks for them."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dashboard import queries
from dashboard.mart import Away, mart
from dashboard.queries import Filters
from dashboard.status import status

PARAMETERS = ("region", "account", "period")
ALL_REGIONS, ALL_ACCOUNTS, USUAL_PERIOD = "All regions", "All accounts", "Last 90 days"
PERIODS = {"Last 7 days": 7, "Last 30 days": 30, USUAL_PERIOD: 90, "Last 180 days": 180, "Last 365 days": 365}


@dataclass(frozen=True)
class Asked:
    """The filters that an address asks for, as in `/?region=eu#/lists`; what it does not ask for is as usual."""

    region: str
    account: str
    period: str


def tidy(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return an address's parameters without foreign and empty ones; of each name one, if possible a valid one.

    A single value stays, valid or not: the warehouse may not know it yet.
    """
    several = {name: [value for key, value in given if key == name and value] for name, _ in given}
    ours = asked(several)
    return [
        (name, values[0] if len(values) == 1 or getattr(ours, name) not in values else getattr(ours, name))
        for name, values in several.items()
        if name in PARAMETERS and values
    ]


def asked(address: dict[str, Any]) -> Asked:
    """Return what the query of an address asks for: of each name the first value that is offered.

    A name may come several times, empty, or with what nobody offers; then it is as if it were not there.
    """
    return Asked(
        _first(address.get("region"), regions(), ALL_REGIONS),
        _first(address.get("account"), accounts(None), ALL_ACCOUNTS),
        _first(address.get("period"), PERIODS, USUAL_PERIOD),
    )


def _first(values: Any, offered: Container[str], usual: str) -> str:
    several = values if isinstance(values, list | tuple) else [values]
    return next((value for value in several if isinstance(value, str) and value in offered), usual)


def regions() -> dict[str, str | None]:
    """Return the picker's words for regions, and what they mean."""
    return {ALL_REGIONS: None} | {row["region"]: row["region"] for row in _rows(queries.regions())}


def accounts(region: str | None) -> dict[str, int | None]:
    """Return the picker's words for accounts of a region; two with one name are told apart by their ids."""
    rows = _rows(queries.accounts(region))
    names = [row["account_name"] for row in rows]
    offered = {
        name if names.count(name) == 1 else f"{name} ({row['account_id']})": row["account_id"]
        for name, row in zip(names, rows, strict=True)
    }
    return {ALL_ACCOUNTS: None} | offered


def campaigns(filters: Filters) -> dict[str, int]:
    """Return the picker's words for the campaigns of a period, the newest first."""
    return {
        f"{row['campaign_name']} · {row['account_name']} · {row['sent_at']:%Y-%m-%d}": row["campaign_id"]
        for row in _rows(queries.campaigns(filters))
    }


def filters(region: str | None, account_id: int | None, days: int) -> Filters:
    """Return the filters of a period that ends on the newest day of the data."""
    try:
        last = status(mart()).last_day
    except Away:
        last = None
    last = last or date.today()
    return Filters(last - timedelta(days=days - 1), last, region, account_id)


def _rows(query: queries.Query) -> list[dict[str, Any]]:
    try:
        return mart().rows(query)
    except Away:
        return []
