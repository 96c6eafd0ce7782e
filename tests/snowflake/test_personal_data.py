"""What REPORTER sees of people: the inventory of dbt is whole, dbt makes its columns masked, and the mask hides them.

Snowflake would apply policies by itself; the stand-in has none. So the policies' own SQL, from terraform/, is evaluated
here over every text column of MART with the tags that dbt really sent. That Snowflake does so, only an account shows.
"""

import json
import re

import pytest
import sqlglot
from sqlglot import exp

from tests.conftest import objects
from tests.snowflake.sides import BUCKET, DATABASE, ROOT

SQL = ROOT / "terraform" / "modules" / "warehouse" / "sql"
TAG = f"{DATABASE}.MART.PERSONAL_DATA"
ADDRESS = r"[^@\s<>\"]+@[^@\s<>\"]+"


def for_roles(sql: str, roles: tuple[str, ...], tag: str = "") -> str:
    """Return a policy's body as it comes out in a session with these roles, on a column with this tag."""

    def answered(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Anonymous) and node.name.upper() == "IS_ROLE_IN_SESSION":
            return exp.In(this=exp.paren(node.expressions[0]), expressions=[exp.Literal.string(role) for role in roles])
        if isinstance(node, exp.Anonymous) and node.name.upper() == "SYSTEM$GET_TAG_ON_CURRENT_COLUMN":
            assert node.expressions[0].name == TAG
            return exp.Literal.string(tag)
        return node

    return sqlglot.parse_one(sql, read="snowflake").transform(answered).sql("snowflake")


def mask(value: str, tag: str, *roles: str) -> str:
    """Return the masking policy's SQL for an expression."""
    body = (SQL / "mask_personal_data.sql").read_text().replace("${role}", "PERSONAL_DATA").replace("${tag}", TAG)
    tree = sqlglot.parse_one(for_roles(body, roles, tag), read="snowflake")
    of = sqlglot.parse_one(value, read="snowflake")
    return tree.transform(lambda node: of if isinstance(node, exp.Column) and node.name == "VAL" else node).sql(
        "snowflake"
    )


def created(offline) -> dict[str, exp.Create]:
    """Return the last statement that made each table of MART, by the table's name in lower case."""
    found = {}
    for entry in offline.statements():
        if "create or replace" in entry["sql"] and ".MART." in entry["sql"]:
            tree = sqlglot.parse_one(entry["sql"], read="snowflake")
            name = tree.find(exp.Table).name.lower()
            if isinstance(tree, exp.Create) and tree.kind == "TABLE" and not name.endswith("__dbt_tmp"):
                found[name] = tree
    return found


def tagged(tree: exp.Create) -> dict[str, str]:
    """Return the columns that a statement makes with the tag, and its value."""
    columns = {}
    for column in tree.this.find_all(exp.ColumnDef):
        for tags in column.find_all(exp.Tags):
            (setting,) = tags.expressions
            assert setting.this.sql("snowflake") == TAG
            columns[column.name.lower()] = setting.args["value"].name
    return columns


@pytest.fixture(scope="module")
def inventory(history) -> dict[str, set[str]]:
    """Return what dbt's manifest calls personal: columns by table of MART."""
    manifest = json.loads((history.snowflake.folder / "target" / "manifest.json").read_text())
    return {
        node["name"]: {name for name, column in node["columns"].items() if column["meta"].get("contains_pii")}
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "MART"
    }


def texts(side) -> list[tuple[str, str]]:
    sql = (
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'MART' and upper(data_type) in ('TEXT', 'VARCHAR')"
    )
    return [(table.lower(), column.lower()) for table, column in side.rows(sql)[1]]


def test_every_column_with_addresses_is_in_the_inventory(history, inventory):
    found = set()
    for table, column in texts(history.duckdb):
        sql = f"select count(*) from MART.{table} where regexp_matches({column}, '{ADDRESS}')"
        if history.duckdb.rows(sql)[1][0][0]:
            found.add((table, column))
    assert found == {("dim_contacts", "email")}
    assert all(column in inventory[table] for table, column in found)


def test_a_persons_columns_are_texts_that_the_mask_reaches(history, inventory):
    personal = {(table, column) for table, columns in inventory.items() for column in columns}
    assert personal == {("dim_contacts", column) for column in ("email", "first_name", "last_name")}
    assert personal <= set(texts(history.duckdb))


def test_dbt_makes_them_with_the_tag_and_no_other(history, offline, inventory):
    made = created(offline)
    assert made.keys() == inventory.keys()
    for table, tree in made.items():
        assert tagged(tree) == dict.fromkeys(inventory[table], "person"), table


def test_reporter_sees_no_address_and_no_name(history, offline, inventory):
    made = created(offline)
    for table, column in texts(history.duckdb):
        tag = tagged(made[table]).get(column, "text")
        _, rows = history.snowflake.rows(
            f"select distinct {column}, {mask(column, tag, 'REPORTER')} from MART.{table} where {column} is not null"
        )
        for plain, seen in rows:
            if column in inventory[table]:
                assert seen == ("*****" + plain[plain.index("@") :] if column == "email" else "*****"), (table, column)
            else:
                assert seen == plain, (table, column)  # nothing else is hidden without need


@pytest.mark.parametrize("role", ["TRANSFORMER", "PERSONAL_DATA"])
def test_who_may_sees_both(offline, role):
    for value, tag in (("ann@mail.example", "person"), ("Ann", "person"), ("of ann@mail.example", "text")):
        masked = mask(f"'{value}'", tag, "REPORTER", role)
        assert offline.execute(f"select {masked}") == [(value,)]


@pytest.mark.parametrize(
    ("value", "tag", "seen"),
    [
        ("'Ann'", "person", "*****"),
        ("''", "person", "*****"),
        ("'Ann Lee <ann@mail.example>'", "person", "*****"),
        ("'ann.lee+news@mail.example'", "person", "*****@mail.example"),
        ("null", "person", None),
        ("'550 <ann@mail.example>, also bob@b.example'", "text", "550 <*****@mail.example>, also *****@b.example"),
        ("'Spring sale'", "text", "Spring sale"),
        ("null", "text", None),
    ],
)  # fmt: skip
def test_what_the_mask_leaves(offline, value, tag, seen):
    assert offline.execute(f"select {mask(value, tag, 'REPORTER')}") == [(seen,)]


def test_a_table_that_names_accounts_shows_the_regions_that_were_given(history, offline):
    made = created(offline)
    held = {}
    for table, tree in made.items():
        for policy in tree.find_all(exp.RowAccessProperty):
            assert policy.this.sql("snowflake") == f"{DATABASE}.MART.ROWS_OF_REGION"
            held[table] = [column.name for column in policy.expressions]
    with_region = {table for table, column in texts(history.duckdb) if column == "region"}
    assert held == {table: ["region"] for table in with_region}
    assert with_region == {
        *("dim_accounts", "dim_contacts", "dim_campaigns", "fct_invoices", "rpt_campaign_performance"),
        *("rpt_account_performance", "rpt_campaign_hours", "rpt_daily_engagement", "rpt_deliverability"),
        *("rpt_list_health", "rpt_list_survival", "rpt_suppression_breaches"),
    }
    body = (SQL / "rows_of_region.sql").read_text()
    for table in with_region:

        def seen(*roles, table=table):
            sql = f"select distinct region from MART.{table} where {for_roles(body, roles)}"
            return {region for (region,) in history.snowflake.rows(sql)[1]}

        every = {region for (region,) in history.snowflake.rows(f"select distinct region from MART.{table}")[1]}
        assert every > {"eu", "us"}
        assert seen("REPORTER") == set()
        assert seen("REPORTER", "REGION_EU") == {"eu"}
        assert seen("REPORTER", "REGION_EU", "REGION_US") == {"eu", "us"}
        assert seen("REPORTER", "REGION_ALL") == seen("TRANSFORMER") == every


def test_no_statement_path_or_log_names_a_person(history, offline):
    """Addresses of the sources' people, wherever a run leaves text: SQL, the lake's paths, output, logs, artifacts."""
    people = {
        email for table in ("contacts", "users") for (email,) in history.source(f"select lower(email) from {table}")
    }
    places = [entry["sql"] for entry in offline.statements()]
    places += objects(offline.s3_url, BUCKET, "")
    for folder in (history.snowflake.folder, history.duckdb.folder):
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".duckdb"]
        places += [str(path) for path in files] + [path.read_bytes().decode("utf-8", "replace") for path in files]
    assert len(people) > 100
    found = {address.lower() for place in places for address in re.findall(ADDRESS, place)}
    assert "a@example.com" in found  # of dbt's unit tests: places are really looked through
    assert not found & people
