"""What REPORTER sees of people: dbt's inventory is complete, dbt creates its columns masked, and the masks hide them.

The offline Snowflake applies the SQL of the policies in terraform/ to the tags that dbt sends. Only an account shows
that Snowflake does the same.
"""

import json
import re
from hashlib import sha256

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from tests.snowflake.policies import MASKS, MODULE, body, masks_of_terraform, regions
from tests.snowflake.warehouses import BUCKET, DATABASE
from tests.support.platform import objects

TAG = f"{DATABASE}.MART.PERSONAL_DATA_"
ADDRESS = r"[^@\s<>\"]+(?:@|%40)[^@\s<>\"]+"
REPORTER = ("use role REPORTER", "use secondary roles all")  # as REPORTER_SVC signs in, with REGION_ALL


def for_roles(sql: str, roles: tuple[str, ...]) -> str:
    """Return a policy's body as evaluated in a session with these roles."""

    def answered(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Anonymous) and node.name.upper() == "IS_ROLE_IN_SESSION":
            return exp.In(this=exp.paren(node.expressions[0]), expressions=[exp.Literal.string(role) for role in roles])
        return node

    return sqlglot.parse_one(sql, read="snowflake").transform(answered).sql("snowflake")


def mask(value: str, kind: str, *roles: str) -> str:
    """Return a masking policy's SQL for an expression."""
    tree = sqlglot.parse_one(for_roles(body(f"mask_{kind.lower()}"), roles), read="snowflake")
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
            table = tree.find(exp.Table)
            name = table.name.lower()
            is_made = isinstance(tree, exp.Create) and tree.kind == "TABLE" and table.db.upper() == "MART"
            if is_made and not name.endswith("__dbt_tmp"):
                found[name] = tree
    return found


def tagged(tree: exp.Create) -> dict[str, str]:
    """Return the columns that a statement creates with a tag, and the tag's mask."""
    columns = {}
    for column in tree.this.find_all(exp.ColumnDef):
        for tags in column.find_all(exp.Tags):
            (setting,) = tags.expressions
            name = setting.this.sql("snowflake")
            assert name.startswith(TAG)
            columns[column.name.lower()] = name.removeprefix(TAG)
    return columns


def keys(history) -> dict[str, set[str]]:
    """Return the columns by which each table of MART is counted and joined: its key, and ids."""
    manifest = json.loads((history.snowflake.folder / "target" / "manifest.json").read_text())
    models = {name: node for name, node in manifest["nodes"].items() if node["schema"] == "MART"}
    found = {
        node["name"]: {column for column in node["columns"] if column.endswith("_id")}
        for node in models.values() if node["resource_type"] == "model"
    }  # fmt: skip
    for node in manifest["nodes"].values():
        if node.get("test_metadata", {}).get("name") == "primary_key" and node["attached_node"] in models:
            found[models[node["attached_node"]]["name"]] |= set(node["test_metadata"]["kwargs"]["columns"])
    return found


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


def test_dbt_makes_each_text_with_one_tag_but_those_of_a_row_policy(history, offline, inventory):
    made = created(offline)
    assert made.keys() == inventory.keys()
    wanted: dict[str, set[str]] = {table: set() for table in made}
    for table, column in texts(history.duckdb):
        wanted[table].add(column)
    for table, tree in made.items():
        held = {column.name for policy in tree.find_all(exp.RowAccessProperty) for column in policy.expressions}
        tags = tagged(tree)
        assert tags.keys() == wanted[table] - held, table
        assert {column for column, kind in tags.items() if kind == "PERSON"} == inventory[table], table
        keys_of = keys(history)[table] & tags.keys() - inventory[table]
        assert {column for column, kind in tags.items() if kind == "ID"} == keys_of, table


def test_the_masks_are_those_of_terraform():
    assert set(MASKS) == masks_of_terraform()


@pytest.mark.parametrize("name", [path.stem for path in sorted((MODULE / "sql").glob("*.sql"))])
def test_a_policy_asks_for_each_role_by_a_literal(name):
    """Older editions of Snowflake's manual know a literal and a column as IS_ROLE_IN_SESSION's argument, newer ones an
    expression, too: a literal is right in either case."""
    tree = sqlglot.parse_one(body(name), read="snowflake")
    asked = [call for call in tree.find_all(exp.Anonymous) if call.name.upper() == "IS_ROLE_IN_SESSION"]
    assert len(asked) >= 2
    assert [call.sql() for call in asked if not isinstance(call.expressions[0], exp.Literal)] == []


def test_each_region_has_a_role_and_an_unknown_one_is_for_who_has_all():
    def sees(region: str, *roles: str) -> bool:
        tree = sqlglot.parse_one(for_roles(body("rows_of_region"), ("NOBODY", *roles)), read="snowflake")
        of = exp.Literal.string(region)
        sql = tree.transform(lambda node: of.copy() if isinstance(node, exp.Column) else node).sql("duckdb")
        return duckdb.sql(f"select {sql}").fetchone()[0]

    assert len(regions()) == 4
    for region in regions():
        shown = [other for other in regions() if sees(other, "REPORTER", f"REGION_{region.upper()}")]
        assert shown == [region]
        assert sees(region.upper(), "REPORTER", f"REGION_{region.upper()}")
        assert not sees(region, "REPORTER")
    every = [f"REGION_{region.upper()}" for region in regions()]
    assert (sees("mars", *every), sees("mars", "REGION_MARS"), sees("mars", "REGION_ALL")) == (False, False, True)


def test_reporter_sees_no_address_and_no_name(history, offline, inventory):
    for table, column in texts(history.duckdb):
        sql = f"select distinct {column} from {DATABASE}.MART.{table} where {column} is not null"
        plain = {value for (value,) in offline.execute(sql)}
        seen = {value for (value,) in offline.execute(*REPORTER, sql)}
        if column in inventory[table]:
            assert len(plain) > 5
            assert seen == (
                {f"*****{value[value.index('@') :]}" for value in plain} if column == "email" else {"*****"}
            )
        else:
            assert seen == plain, (table, column)  # no other column is masked


def test_keys_with_an_at_sign_count_and_join_as_they_are(history, offline):
    """A vendor may send such ids: `<20260302.1@mail.example>` is a message id, not an address."""
    tried = 0
    for table, tree in created(offline).items():
        tags = tagged(tree)
        for column in sorted(keys(history)[table] & tags.keys()):
            place, tag = f"{DATABASE}.MART.KEYS", f"{TAG}{tags[column]}"
            value = f"'<' || {column} || '@mail.example>'"
            offline.execute(
                f"create or replace transient table {place} (key varchar tag ({tag} = 'masked')) as "
                f"(select {value} as key from {DATABASE}.MART.{table})"
            )
            sql = f"select count(key), count(distinct key) from {place}"
            joined = f"select count(*) from (select distinct key from {place}) a join {place} b on a.key = b.key"
            assert offline.execute(*REPORTER, sql) == offline.execute(sql), (table, column)
            assert offline.execute(*REPORTER, joined) == offline.execute(joined), (table, column)
            (leaks,) = offline.execute(*REPORTER, f"select count(*) from {place} where contains(key, '@')")[0]
            assert leaks == 0, (table, column)
            tried += 1
    offline.execute(f"drop table {DATABASE}.MART.KEYS")
    assert tried > 10


@pytest.mark.parametrize("role", ["TRANSFORMER", "PERSONAL_DATA"])
def test_who_may_sees_both(offline, role):
    for value, kind in (("ann@mail.example", "PERSON"), ("Ann", "PERSON"), ("of a@b.example", "TEXT"), ("a@b", "ID")):
        masked = mask(f"'{value}'", kind, "REPORTER", role)
        assert offline.execute(f"select {masked}") == [(value,)]


@pytest.mark.parametrize(
    ("value", "kind", "seen"),
    [
        ("'Ann'", "PERSON", "*****"),
        ("''", "PERSON", "*****"),
        ("'Ann Lee <ann@mail.example>'", "PERSON", "*****"),
        ("'ann.lee+news@mail.example'", "PERSON", "*****@mail.example"),
        ("null", "PERSON", None),
        ("'550 <ann@mail.example>, also bob@b.example'", "TEXT", "550 <*****@mail.example>, also *****@b.example"),
        ("'https://x.example/u?email=ann%40mail.example&c=1'", "TEXT", "*****%40mail.example&c=1"),
        ("'ann%40mail.example'", "PERSON", "*****%40mail.example"),
        ("'Spring sale'", "TEXT", "Spring sale"),
        ("null", "TEXT", None),
        ("'msg_1f_2'", "ID", "msg_1f_2"),
        ("'<1@mail.example>'", "ID", sha256(b"<1@mail.example>").hexdigest()),
        ("'1%40mail.example'", "ID", sha256(b"1%40mail.example").hexdigest()),
        ("null", "ID", None),
    ],
)  # fmt: skip
def test_what_the_mask_leaves(offline, value, kind, seen):
    assert offline.execute(f"select {mask(value, kind, 'REPORTER')}") == [(seen,)]


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
        *("dim_accounts", "dim_accounts_history", "dim_contacts", "dim_campaigns", "fct_invoices"),
        *("fct_campaign_revenue", "fct_mrr_movements", "rpt_campaign_performance", "rpt_account_performance"),
        *("rpt_campaign_hours", "rpt_daily_engagement", "rpt_deliverability", "rpt_list_health", "rpt_list_survival"),
        *("rpt_suppression_breaches",),
    }
    sql_of_policy = body("rows_of_region")
    for table in with_region:

        def seen(*roles, table=table):
            sql = f"select distinct region from MART.{table} where {for_roles(sql_of_policy, roles)}"
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
    assert "a@example.com" in found  # of dbt's unit tests: proves that the search finds addresses
    assert not found & people
