"""The smoke run for accounts, against the offline Snowflake: it succeeds and leaves no schema."""

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.snowflake.offline import OfflineSnowflake
from tests.snowflake.statements import sent_by
from tests.snowflake.warehouses import BUCKET, DATABASE, Snowflake
from tests.support.platform import objects
from tools.snowflake_smoke.account_probes import QUESTIONS
from tools.snowflake_smoke.reporter import unmasked
from tools.snowflake_smoke.smoke import LEASE, MAKES, SCRATCH, drop_left

SENDER = {"LOADER": "dlt", "TRANSFORMER": "dbt"}


@pytest.fixture(scope="module")
def tried(history, offline, s3_server, tmp_path_factory) -> dict:
    """One run of the script: what it printed, the statements that arrived, the lake's new keys."""
    tmp_path = tmp_path_factory.mktemp("smoke")
    first, before = len(offline.statements()), set(objects(s3_server, BUCKET))
    settings = dict(history.snowflake.settings)
    settings["SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH"] = settings["SNOWFLAKE_PRIVATE_KEY_PATH"]
    services = {
        "postgres_url": settings.pop("SOURCES__POSTGRES__CREDENTIALS"),
        "saas_url": settings.pop("SOURCES__SAAS__BASE_URL"),
        "saas_token": settings.pop("SOURCES__SAAS__API_KEY"),
    }
    (tmp_path / "services.json").write_text(json.dumps(services))
    return {
        "output": Snowflake("dev", tmp_path, settings).run("python", "tools/snowflake_smoke/smoke.py"),
        "sent": list(sent_by(offline.statements()[first:])),
        "keys": set(objects(s3_server, BUCKET)) - before,
    }


def test_the_smoke_run_ends_well_and_drops_its_schemas(tried, offline):
    assert "✓ SMOKE_" in tried["output"]
    assert "✗" not in tried["output"]
    left = offline.execute(f"select schema_name from {DATABASE}.information_schema.schemata")
    assert not [name for (name,) in left if name.startswith(SCRATCH)]


def test_mart_is_built_under_the_real_policies_and_looked_at_as_reporter(tried):
    assert re.search(r"✓ SMOKE_\w+_MART: REPORTER sees no address and no name", tried["output"])
    made = [sql for _, sql in tried["sent"] if re.search(rf"transient table {DATABASE}\.{SCRATCH}\w+_MART\.", sql)]
    assert len(made) > 20
    policies = {name for sql in made for name in re.findall(r"(?:tag \(|row access policy )(\S+)", sql)}
    kinds = ("PERSONAL_DATA_PERSON", "PERSONAL_DATA_ID", "PERSONAL_DATA_TEXT", "ROWS_OF_REGION")
    assert policies == {f"{DATABASE}.MART.{kind}" for kind in kinds}
    roles = [sql for _, sql in tried["sent"] if sql.startswith("USE ")]
    assert roles == ["USE ROLE REPORTER", *(f"USE SECONDARY ROLES {beside}" for beside in ("ALL", "REGION_EU", "NONE"))]


MART = f"{DATABASE}.MART"
EMAIL = f"alter table {MART}.dim_contacts modify column email"
SUBJECT = f"alter table {MART}.dim_campaigns modify column subject_line"


@pytest.mark.parametrize(
    ("off", "on", "findings"),
    [
        (f"{EMAIL} unset tag {MART}.PERSONAL_DATA_PERSON", f"{EMAIL} set tag {MART}.PERSONAL_DATA_PERSON = 'masked'",
         [r"dim_contacts\.email: [\d,]+ of [\d,]+ values show a person"]),
        (f"alter table {MART}.dim_contacts drop row access policy {MART}.ROWS_OF_REGION",
         f"alter table {MART}.dim_contacts add row access policy {MART}.ROWS_OF_REGION on (region)",
         [r"dim_contacts: [\d,]+ rows of other regions are seen with the role of eu",
          r"dim_contacts: [\d,]+ rows are seen without a role for their region"]),
    ],
)  # fmt: skip
def test_a_mask_or_a_policy_that_is_off_is_a_failure(history, offline, off, on, findings):
    manifest = json.loads((history.snowflake.folder / "target" / "manifest.json").read_text())
    with offline.connect(database=DATABASE) as connection:
        assert unmasked(connection, MART, manifest) == []
    offline.execute(off)
    try:
        with offline.connect(database=DATABASE) as connection:
            found = unmasked(connection, MART, manifest)
    finally:
        offline.execute(on)
    assert len(found) == len(findings)
    assert all(re.fullmatch(finding, line) for finding, line in zip(findings, found, strict=True))


def test_a_server_that_masks_nothing_is_a_failure(s3_server, tmp_path):
    """It fails on an account without policies and on a server that ignores roles."""
    columns = {"contact_id": "bigint", "region": "varchar", "email": "VARCHAR(40)", "note": "varchar"}
    model = {
        **{"name": "dim_contacts", "resource_type": "model", "fqn": ["mailblaze", "marts", "core", "dim_contacts"]},
        "config": {"row_access_policy": "ROWS_OF_REGION on (region)"},
        "columns": {
            name: {"data_type": kind, "config": {"meta": {"contains_pii": True} if name == "email" else {}}}
            for name, kind in columns.items()
        },
    }
    made = "select 1 as contact_id, 'eu' as region, 'Ann' as email, 'of ann@mail.example' as note"

    def look(folder: str, *without: str, rows: str = "") -> list[str]:
        with OfflineSnowflake(tmp_path / folder, s3_server, without=without) as server:
            server.execute(f"create database {DATABASE}", f"create schema {MART}")
            server.execute(f"create table {MART}.dim_contacts as {made} {rows}", database=DATABASE)
            server.execute(
                *(f"GRANT ROLE {role} TO USER REPORTER_SVC" for role in ("REPORTER", "REGION_ALL", "REGION_EU"))
            )
            with server.connect(database=DATABASE) as connection:
                return unmasked(connection, MART, {"nodes": {"m": model}})

    assert look("no policies") == [
        "dim_contacts.email: 1 of 1 values show a person",
        "dim_contacts.note: 1 of 1 values show a person",
        "dim_contacts: 1 rows are seen without a role for their region",
    ]
    assert look("no row", rows="where false")[0].startswith("dim_contacts: REPORTER_SVC sees no row as it signs in")
    with pytest.raises(ProgrammingError):  # which the smoke run prints as a failure
        look("no roles", "policies")


def test_it_asks_what_only_an_account_can_tell_and_prints_a_table(tried):
    """The offline server answers a few; what it cannot answer gets no ✓, and questions for a person stay open."""
    lines = [line for line in tried["output"].splitlines() if " | wanted: " in line]
    assert len(lines) == len(QUESTIONS)
    marks = {one.name: line[0] for one, line in zip(QUESTIONS, lines, strict=True)}
    assert {name for name, mark in marks.items() if mark == "✓"} == {one.name for one in QUESTIONS if one.is_offline}
    assert all(line.endswith(("only an account", "a person looks")) for line in lines if line[0] == "?")
    assert marks["detached_transaction"] == "✓"


def test_each_role_drops_what_it_made(tried):
    """The server has no owners: the test sees which role sends the statement."""
    dropped: dict[str, set[str]] = {}
    for sender, sql in tried["sent"]:
        for name in re.findall(rf"DROP SCHEMA IF EXISTS {DATABASE}\.{SCRATCH}[0-9A-F]+_(\w+)", sql):
            dropped.setdefault(sender, set()).add(name)
    assert dropped == {SENDER[role]: set(schemas) for role, schemas in MAKES.items()}
    made = {sender: sql for sender, sql in tried["sent"] if re.match(r"\s*(/\*.*\*/)?\s*create schema", sql, re.I)}
    assert set(made) == set(SENDER.values())


class Left:
    """An account with interrupted runs."""

    database = DATABASE
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __init__(self):
        self.dropped: dict[str, list[str]] = {}

    @contextmanager
    def session(self, role: str):
        self.role = role
        yield self

    def shown(self, sql: str) -> list[dict]:
        assert sql == f"SHOW SCHEMAS LIKE 'SMOKE_%' IN DATABASE {DATABASE}"
        names = ["RAW", "RAW_STAGING", "STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS"]
        old, new = self.now - timedelta(hours=25), self.now - timedelta(hours=2)
        schemas = {f"SMOKE_0123ABCD_{name}": old for name in names} | {f"SMOKE_89ABCDEF_{name}": new for name in names}
        schemas |= {"SMOKE_SIGNALS_MART": old, "SMOKERS": old, "SMOKE_0123ABCD_OTHER": old}
        return [{"name": name, "created_on": at} for name, at in schemas.items()]

    def rows(self, sql: str) -> list[tuple]:
        if sql.endswith("_SNAPSHOTS CASCADE"):
            raise ProgrammingError("no right")
        self.dropped.setdefault(self.role, []).append(sql)
        return []


def test_what_a_run_that_was_cut_off_left_is_dropped_by_those_who_made_it(capsys):
    account = Left()
    drop_left(account, account.now)
    drop = f"DROP SCHEMA IF EXISTS {DATABASE}.SMOKE_0123ABCD_{{}} CASCADE"
    assert account.dropped == {
        "LOADER": [drop.format(name) for name in ("RAW", "RAW_STAGING")],
        "TRANSFORMER": [drop.format(name) for name in ("INTERMEDIATE", "MART", "STAGING")],
    }
    assert "_SNAPSHOTS, which an earlier run left, stays: no right" in capsys.readouterr().err


def test_the_loader_lets_dbt_read_before_it_builds(tried):
    grants = [
        number for number, (_, sql) in enumerate(tried["sent"])
        if re.match(rf"GRANT SELECT ON ALL TABLES IN SCHEMA {DATABASE}\.{SCRATCH}\w+_RAW ", sql)
    ]  # fmt: skip
    built = [
        number for number, (sender, sql) in enumerate(tried["sent"])
        if sender == "dbt" and re.search(rf"from\s+{DATABASE}\.{SCRATCH}\w+_RAW\.", sql, re.I)
    ]  # fmt: skip
    assert len(grants) == 2
    assert {tried["sent"][number][0] for number in grants} == {"dlt"}
    assert grants[0] < min(built)


def test_it_writes_what_its_role_in_aws_may_write(tried):
    """Terraform's policy (modules/smoke) allows these prefixes and no other."""
    assert {key.split("/")[0] for key in tried["keys"]} == {"postgres", "saas"}
    assert not [key for key in tried["keys"] if not re.match(rf"\w+/({re.escape(LEASE)})?{SCRATCH}", key)]
    assert [key for key in tried["keys"] if LEASE in key]


def test_without_an_account_one_line_says_what_to_set(history, tmp_path):
    (tmp_path / "services.json").write_text("{}")
    side = Snowflake("dev", tmp_path, {})
    with pytest.raises(AssertionError, match="✗ set DESTINATION__WAREHOUSE__CREDENTIALS__HOST"):
        side.run("python", "tools/snowflake_smoke/smoke.py")
