"""The script for who has an account, run against the offline Snowflake: it ends well and leaves no schema behind."""

import json
import re

import pytest

from tests.conftest import objects
from tests.snowflake.sides import BUCKET, DATABASE, Snowflake
from tests.snowflake.smoke import LEASE, MAKES, SCRATCH
from tests.snowflake.statements import sent_by

SENDER = {"LOADER": "dlt", "TRANSFORMER": "dbt"}


@pytest.fixture(scope="module")
def tried(history, offline, s3_server, tmp_path_factory) -> dict:
    """One run of the script: what it printed, the statements that arrived, the lake's new keys."""
    tmp_path = tmp_path_factory.mktemp("smoke")
    first, before = len(offline.statements()), set(objects(s3_server, BUCKET))
    settings = dict(history.snowflake.settings)
    services = {
        "postgres_url": settings.pop("SOURCES__POSTGRES__CREDENTIALS"),
        "saas_url": settings.pop("SOURCES__SAAS__BASE_URL"),
        "saas_token": settings.pop("SOURCES__SAAS__API_KEY"),
    }
    (tmp_path / "services.json").write_text(json.dumps(services))
    return {
        "output": Snowflake("dev", tmp_path, settings).run("python", "tests/snowflake/smoke.py"),
        "sent": list(sent_by(offline.statements()[first:])),
        "keys": set(objects(s3_server, BUCKET)) - before,
    }


def test_the_smoke_run_ends_well_and_drops_its_schemas(tried, offline):
    assert "✓ SMOKE_" in tried["output"]
    assert "✗" not in tried["output"]
    left = offline.execute(f"select schema_name from {DATABASE}.information_schema.schemata")
    assert not [name for (name,) in left if name.startswith(SCRATCH)]


def test_each_role_drops_what_it_made(tried):
    """The server knows no owner: who says it is what can be seen."""
    dropped: dict[str, set[str]] = {}
    for sender, sql in tried["sent"]:
        for name in re.findall(rf"DROP SCHEMA IF EXISTS {DATABASE}\.{SCRATCH}[0-9A-F]+_(\w+)", sql):
            dropped.setdefault(sender, set()).add(name)
    assert dropped == {SENDER[role]: set(schemas) for role, schemas in MAKES.items()}
    made = {sender: sql for sender, sql in tried["sent"] if re.match(r"\s*(/\*.*\*/)?\s*create schema", sql, re.I)}
    assert set(made) == set(SENDER.values())


def test_the_loader_lets_dbt_read_before_it_builds(tried):
    grants = [number for number, (_, sql) in enumerate(tried["sent"]) if sql.startswith("GRANT SELECT ON ALL TABLES")]
    built = [
        number for number, (sender, sql) in enumerate(tried["sent"])
        if sender == "dbt" and re.search(rf"from\s+{DATABASE}\.{SCRATCH}\w+_RAW\.", sql, re.I)
    ]  # fmt: skip
    assert len(grants) == 2
    assert {tried["sent"][number][0] for number in grants} == {"dlt"}
    assert grants[0] < min(built)


def test_it_writes_what_its_role_in_aws_may_write(tried):
    """Terraform's policy (modules/smoke) allows these beginnings and no other."""
    assert {key.split("/")[0] for key in tried["keys"]} == {"postgres", "saas"}
    assert not [key for key in tried["keys"] if not re.match(rf"\w+/({re.escape(LEASE)})?{SCRATCH}", key)]
    assert [key for key in tried["keys"] if LEASE in key]


def test_without_an_account_one_line_says_what_to_set(history, tmp_path):
    (tmp_path / "services.json").write_text("{}")
    side = Snowflake("dev", tmp_path, {})
    with pytest.raises(AssertionError, match="✗ set DESTINATION__WAREHOUSE__CREDENTIALS__HOST"):
        side.run("python", "tests/snowflake/smoke.py")
