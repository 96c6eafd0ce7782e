"""Privileges as a table of roles and schemas, read from the plan."""

import pytest

from tests.terraform.terraform_copy import resources

SCHEMAS = ("RAW", "RAW_STAGING", "STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS", "METERING")
MAKES_TABLES = {"USAGE", "CREATE TABLE"}
MAKES_VIEWS = {"USAGE", "CREATE TABLE", "CREATE VIEW"}
READS = {"USAGE", "SELECT TABLES", "SELECT FUTURE TABLES", "SELECT VIEWS", "SELECT FUTURE VIEWS"}
NONE: set[str] = set()
# Privileges of a role in a schema. The creator of a table owns it, and so reads and changes it.
TABLE = {
    "LOADER": (MAKES_TABLES, MAKES_TABLES, NONE, NONE, NONE, NONE, NONE),
    "TRANSFORMER": (READS, NONE, MAKES_VIEWS, MAKES_VIEWS, MAKES_VIEWS, MAKES_VIEWS, READS),
    "REPORTER": (NONE, NONE, NONE, NONE, READS, NONE, NONE),
}
# Who makes schemas of its own in an environment's database: where smoke runs are allowed, and nowhere else.
MAKES_SCHEMAS = {"dev": {"LOADER", "TRANSFORMER"}, "prod": NONE}
# Roles that widen what REPORTER sees have no privilege of their own: policies ask for them.
WIDENING = {"PERSONAL_DATA", "REGION_ALL", "REGION_APAC", "REGION_EU", "REGION_LATAM", "REGION_US"}
GRANT = "snowflake_grant_privileges_to_account_role"


def planned(applied, kind: str) -> list[dict]:
    return [found["values"] for found in resources(applied.plan["planned_values"]) if found["type"] == kind]


def granted(applied) -> dict[tuple[str, str], set[str]]:
    """Return the privileges of each role on each schema, and on each of what an account holds."""
    found: dict[tuple[str, str], set[str]] = {}
    for grant in planned(applied, GRANT):
        role = grant["account_role_name"]
        for on in grant["on_schema"]:
            found.setdefault((role, schema_of(on["schema_name"])), set()).update(grant["privileges"])
        for on in grant["on_schema_object"]:
            for word, every in (("", on["all"]), ("FUTURE ", on["future"])):
                for which in every:
                    named = {f"{privilege} {word}{which['object_type_plural']}" for privilege in grant["privileges"]}
                    found.setdefault((role, schema_of(which["in_schema"])), set()).update(named)
            if on.get("object_type"):
                found.setdefault((role, on["object_type"]), set()).update(grant["privileges"])
        for on in grant["on_account_object"]:
            found.setdefault((role, f"{on['object_type']} {on['object_name']}"), set()).update(grant["privileges"])
    return found


def schema_of(name: str) -> str:
    return name.rpartition(".")[2].strip('"')


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("role", TABLE)
def test_what_a_role_may_in_a_schema(applied, role, schema):
    assert granted(applied).get((role, schema), NONE) == TABLE[role][SCHEMAS.index(schema)]


def test_nothing_beside_the_table_is_granted(applied):
    database = f"DATABASE DP_MAILBLAZE_DEMO_{applied.name.upper()}_DB"
    rest = {place: may for place, may in granted(applied).items() if place[1] not in SCHEMAS}
    assert rest == {
        **{(role, database): {"USAGE"} for role in TABLE},
        **{(role, database): {"USAGE", "CREATE SCHEMA"} for role in MAKES_SCHEMAS[applied.name]},
        ("LOADER", "WAREHOUSE LOAD_WH"): {"USAGE"},
        ("TRANSFORMER", "WAREHOUSE TRANSFORM_WH"): {"USAGE"},
        ("REPORTER", "WAREHOUSE REPORT_WH"): {"USAGE"},
        ("LOADER", "STAGE"): {"USAGE"},
        ("LOADER", "FILE FORMAT"): {"USAGE"},
        ("TRANSFORMER", "ROW ACCESS POLICY"): {"APPLY"},
        ("TRANSFORMER", "TAG"): {"APPLY"},
        ("TRANSFORMER", "MASKING POLICY"): {"APPLY"},
        ("SYSADMIN", f"INTEGRATION DP_MAILBLAZE_DEMO_{applied.name.upper()}_S3_INT"): {"USAGE"},
    }


def test_every_role_is_granted_to_sysadmin_alone(applied):
    grants = planned(applied, "snowflake_grant_account_role")
    above = {grant["role_name"]: grant["parent_role_name"] for grant in grants if grant["parent_role_name"]}
    assert above == dict.fromkeys(set(TABLE) | WIDENING, "SYSADMIN")


def test_a_service_has_its_role_and_no_other_but_the_regions_that_are_shown(applied):
    grants = planned(applied, "snowflake_grant_account_role")
    granted_to = {(grant["user_name"], grant["role_name"]) for grant in grants if grant["user_name"]}
    roles = {(f"{role}_SVC", role) for role in TABLE}
    shown = {role for role in WIDENING if role.startswith("REGION_")} if applied.name == "dev" else {"REGION_ALL"}
    assert granted_to == roles | {("REPORTER_SVC", role) for role in shown}
    assert {user["name"]: user["default_role"] for user in planned(applied, "snowflake_service_user")} == dict(roles)


def test_the_meter_shows_our_warehouses_and_no_text(applied):
    """ACCOUNT_USAGE covers the whole account and holds the text of every statement."""
    views = {view["name"]: view["statement"] for view in planned(applied, "snowflake_view")}
    assert set(views) == {"QUERY_HISTORY", "WAREHOUSE_METERING_HISTORY", "COPY_HISTORY"}
    for name, statement in views.items():
        assert f"FROM SNOWFLAKE.ACCOUNT_USAGE.{name}\nWHERE " in statement
        assert "QUERY_TEXT" not in statement
        assert "*" not in statement
    assert "WAREHOUSE_NAME IN ('LOAD_WH', 'REPORT_WH', 'TRANSFORM_WH')" in views["QUERY_HISTORY"]
    assert f"TABLE_CATALOG_NAME = 'DP_MAILBLAZE_DEMO_{applied.name.upper()}_DB'" in views["COPY_HISTORY"]


def test_schemas_are_these_and_their_owner_grants(applied):
    schemas = planned(applied, "snowflake_schema")
    assert {schema["name"] for schema in schemas} == set(SCHEMAS)
    assert all(schema["with_managed_access"] == "true" for schema in schemas)
