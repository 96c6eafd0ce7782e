"""For tests of the API: a `ci` platform whose only source is a vendor that sends what a test defines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exactly_once.rest_api.spec import Endpoint
from exactly_once.table_guard import RefusedTable, read_refused
from pipelines import saas
from pipelines.environment import build_pipeline
from tests.support.json_vendor import Vendor, serving
from tests.support.platform import Platform, empty_bucket

ITEMS: dict[str, Any] = {"key": "id", "cursor": "at", "since": "after", "deletes": "none"}


class ApiPlatform(Platform):
    """A platform with its vendor."""

    vendor: Vendor

    def load(self, **settings) -> saas.load.__annotations__.get("return", object):
        return saas.load()

    def refused(self) -> dict[str, RefusedTable]:
        return {one.name: one for one in read_refused(Path(build_pipeline("saas").working_dir))}

    def values(self, column: str, table: str = "saas_items", where: str = "true") -> list:
        """Return a column's values in the order of the key."""
        return [value for (value,) in self.raw(f'select "{column}" from RAW.{table} where {where} order by id')]

    def type(self, column: str, table: str = "saas_items") -> str:
        (found,) = self.raw(f"select column_type from (describe RAW.{table}) where column_name = '{column}'")
        return found[0]


@pytest.fixture
def api(s3_server, tmp_path, monkeypatch) -> Iterator[ApiPlatform]:
    """A platform with two endpoints, items and others; `others` shows that a rejected one does not affect it."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    monkeypatch.setattr(saas, "ENDPOINTS", (endpoint("items"), endpoint("others")))
    with serving() as vendor:
        platform = ApiPlatform(data_dir, "", tmp_path / "none", vendor.url, s3_server)
        platform.vendor = vendor
        empty_bucket(platform)
        platform.write_services()
        yield platform


def endpoint(name: str, **options) -> Endpoint:
    """Return a line of ENDPOINTS."""
    return Endpoint(name, **(ITEMS | options))


def declare(name: str, **options) -> None:
    """Replace a line of ENDPOINTS, or add it; the fixture `api` restores them."""
    saas.ENDPOINTS = (*(one for one in saas.ENDPOINTS if one.name != name), endpoint(name, **options))
