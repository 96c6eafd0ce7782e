"""The script for who has an account, run against the offline Snowflake: it ends well and leaves no schema behind."""

import json

import pytest

from tests.snowflake.sides import Snowflake


def test_the_smoke_run_ends_well_and_drops_its_schemas(history, offline, tmp_path):
    settings = dict(history.snowflake.settings)
    services = {
        "postgres_url": settings.pop("SOURCES__POSTGRES__CREDENTIALS"),
        "saas_url": settings.pop("SOURCES__SAAS__BASE_URL"),
        "saas_token": settings.pop("SOURCES__SAAS__API_KEY"),
    }
    (tmp_path / "services.json").write_text(json.dumps(services))
    output = Snowflake("dev", tmp_path, settings).run("python", "tests/snowflake/smoke.py")
    assert "✓ SMOKE_" in output
    assert "✗" not in output
    left = offline.execute("select schema_name from DP_MAILBLAZE_DEMO_DEV_DB.information_schema.schemata")
    assert not [name for (name,) in left if name.startswith("SMOKE_")]


def test_without_an_account_one_line_says_what_to_set(history, tmp_path):
    (tmp_path / "services.json").write_text("{}")
    side = Snowflake("dev", tmp_path, {})
    with pytest.raises(AssertionError, match="✗ set DESTINATION__WAREHOUSE__CREDENTIALS__HOST"):
        side.run("python", "tests/snowflake/smoke.py")
