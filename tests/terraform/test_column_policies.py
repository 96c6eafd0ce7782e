"""Snowflake's rules for policies and tags, checked on dbt's manifest, dbt's SQL and Terraform's plan.

The stub servers know few of these rules. They are those of Snowflake's documents ("Tag-based masking policies",
"Understanding row access policies") and of the provider's.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlglot
from sqlglot import exp

from tests.terraform.conftest import NAMES
from tests.terraform.terraform_copy import ROOT, resources

GOLDEN = ROOT / "tests/snowflake/golden/dbt.sql"
TEXTS = {"varchar"}
OTHERS = {"bigint", "boolean", "date", "decimal", "timestamp without time zone"}
MASKED = "snowflake_masking_policy"
POLICIES = (MASKED, "snowflake_row_access_policy")
# Of the provider's documentation, release 2.20.0; its schema in the tests' environment does not say what is deprecated.
DEPRECATED_RESOURCES = {
    *("snowflake_api_integration", "snowflake_file_format", "snowflake_stage", "snowflake_storage_integration"),
}
DEPRECATED_ARGUMENTS = {
    "provider": {"client_ip", "disable_telemetry", "insecure_mode", "skip_toml_file_permission_verification"},
    "snowflake_authentication_policy": {"mfa_authentication_methods"},
    "snowflake_external_table": {"tag"},
    "snowflake_materialized_view": {"tag"},
    "snowflake_notification_integration": {"aws_sqs_arn", "aws_sqs_role_arn", "direction", "type"},
    "snowflake_password_policy": {"if_not_exists", "or_replace"},
    "snowflake_table": {"primary_key", "tag"},
    "snowflake_table_constraint": {"comment"},
    "snowflake_tag": {"allowed_values"},
}


@dataclass
class Table:
    """What one CREATE TABLE says: text columns, the tags of each, policies that are set directly, and row policies."""

    texts: set[str] = field(default_factory=set)
    tags: dict[str, list[str]] = field(default_factory=dict)
    masks: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)


def created(sql: str) -> Table:
    """Return what a CREATE TABLE says of its columns; names are in lower case."""
    tree, table = sqlglot.parse_one(sql, read="snowflake"), Table()
    for column in tree.this.find_all(exp.ColumnDef):
        name = column.name.lower()
        if column.kind.is_type(*exp.DataType.TEXT_TYPES):
            table.texts.add(name)
        for tags in column.find_all(exp.Tags):
            table.tags.setdefault(name, []).extend(
                setting.this.sql("snowflake").upper() for setting in tags.expressions
            )
        for mask in column.find_all(exp.MaskingPolicyColumnConstraint):
            table.masks.setdefault(name, []).append(mask.this.sql("snowflake").upper())
    for policy in tree.find_all(exp.RowAccessProperty):
        for column in policy.expressions:
            table.rows.setdefault(column.name.lower(), []).append(policy.this.sql("snowflake").upper())
    return table


def statements(database: str) -> dict[str, str]:
    """Return the CREATE TABLE of each table of MART in what dbt sends, by name; temporary tables are left out."""
    found = {}
    for text in GOLDEN.read_text().replace("DP_MAILBLAZE_DEMO_DEV_DB", database).split(";\n\n"):
        if made := re.match(rf"create or replace (?:transient )?table {database}\.MART\.(\w+)", text, re.IGNORECASE):
            assert made[1].lower() not in found, f"{made[1]} is made in two ways"
            found[made[1].lower()] = text
    return found


@pytest.fixture(scope="module")
def manifests(tmp_path_factory) -> dict[str, dict]:
    """dbt's manifest for each environment; nothing is built and no warehouse asked."""
    found = {}
    for word in NAMES:
        folder = tmp_path_factory.mktemp(word)
        settings = {"MAILBLAZE_ENV": word, "DBT_LOG_PATH": str(folder)}
        dbt = str(Path(sys.executable).parent / "dbt")
        command = [dbt, "parse", "--quiet", "--project-dir", "dbt", "--profiles-dir", "dbt"]
        subprocess.run([*command, "--target-path", folder], cwd=ROOT, env=os.environ | settings, check=True)
        found[word] = json.loads((folder / "manifest.json").read_text())
    return found


def marts(manifest: dict) -> dict[str, dict]:
    nodes = manifest["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model" and node["schema"] == "MART"}


def text_columns(node: dict) -> set[str]:
    return {name for name, column in node["columns"].items() if kind(column["data_type"]) in TEXTS}


def kind(data_type: str) -> str:
    return data_type.lower().partition("(")[0].strip()


def planned(applied, *types: str) -> list[dict]:
    """Return the planned values of resources; every value is known, because they were applied before."""
    return [found["values"] for found in resources(applied.plan["planned_values"]) if found["type"] in types]


def name_of(values: dict) -> str:
    return ".".join(values[part] for part in ("database", "schema", "name") if values.get(part)).upper()


def plain(name: str) -> str:
    return name.replace('"', "").upper()


def masks_of_tags(applied) -> dict[str, list[str]]:
    """Return the masking policies of each tag."""
    tags = planned(applied, "snowflake_tag")
    return {name_of(tag): [plain(policy) for policy in tag.get("masking_policies") or []] for tag in tags}


def inherited(applied) -> list[tuple[str, str]]:
    """Return (object, tag) where Terraform sets a tag: each column below the object inherits it."""
    set_on = planned(applied, "snowflake_tag_association")
    return [(plain(name), plain(tag["tag_id"])) for tag in set_on for name in tag["object_identifiers"]]


def reached(applied, table: str, made: Table) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield for each text column of a table the row access policies and the masking policies that reach it."""
    masks_of = masks_of_tags(applied)
    for column in sorted(made.texts):
        place = f"{table}.{column}".upper()
        tags = set(made.tags.get(column, []))
        tags |= {tag for name, tag in inherited(applied) if f"{place}.".startswith(f"{name}.")}
        masks = set(made.masks.get(column, [])) | {
            mask for tag in tags for mask in masks_of.get(tag, [f"no tag {tag}"])
        }
        yield column, made.rows.get(column, []), sorted(masks)


def test_each_text_column_is_reached_by_one_kind_of_policy_and_by_one(applied, manifests):
    """Snowflake refuses a column in both a row access and a masking policy, and two masks of one type on a column."""
    database = f"DP_MAILBLAZE_DEMO_{applied.name.upper()}_DB"
    sent, models = statements(database), marts(manifests[applied.name])
    assert sent.keys() == models.keys()
    findings = []
    for name, text in sent.items():
        made = created(text)
        assert made.texts == text_columns(models[name]), name
        for column, rows, masks in reached(applied, f"{database}.MART.{name}", made):
            if len(rows) + len(masks) != 1:
                findings.append(f"{name}.{column}: row access policies {rows}, masking policies {masks}")
    assert len(sent) > 20
    assert findings == [], "\n".join(findings)


def plan_of(*found: tuple[str, dict]) -> SimpleNamespace:
    """Return a plan that holds these resources alone."""
    shaped = [{"mode": "managed", "type": kind, "values": values} for kind, values in found]
    return SimpleNamespace(plan={"planned_values": {"root_module": {"resources": shaped}}})


@pytest.mark.parametrize(
    ("object_name", "tags_of_n", "reached_by"),
    [
        (None, "", [("n", 0, 0), ("region", 1, 0)]),
        (None, "tag (D.MART.T = 'x')", [("n", 0, 1), ("region", 1, 0)]),
        (None, "tag (D.MART.T = 'x') masking policy D.MART.OTHER", [("n", 0, 2), ("region", 1, 0)]),
        (None, "tag (D.MART.NONE = 'x')", [("n", 0, 1), ("region", 1, 0)]),
        ('"D"."MART"', "", [("n", 0, 1), ("region", 1, 1)]),
        ('"D"', "tag (D.MART.T = 'x')", [("n", 0, 1), ("region", 1, 1)]),
        ('"D"."MART"."DIM"', "", [("n", 0, 1), ("region", 1, 1)]),
        ('"D"."MART"."DIM"."N"', "", [("n", 0, 1), ("region", 1, 0)]),
        ('"D"."MARTINI"', "", [("n", 0, 0), ("region", 1, 0)]),
    ],
)
def test_each_way_by_which_a_policy_reaches_a_column_counts(object_name, tags_of_n, reached_by):
    columns = f"(n varchar {tags_of_n}, region varchar, i int)"
    made = created(f"create or replace table D.MART.DIM {columns} with row access policy D.MART.R on (region)")
    tag = {"database": "D", "schema": "MART", "name": "T", "masking_policies": ['"D"."MART"."M"']}
    found = [("snowflake_tag", tag)]
    if object_name:
        set_on = {"object_identifiers": [object_name], "tag_id": '"D"."MART"."T"'}
        found.append(("snowflake_tag_association", set_on))
    counted = reached(plan_of(*found), "D.MART.DIM", made)
    assert [(column, len(rows), len(masks)) for column, rows, masks in counted] == reached_by


def test_what_policies_are_named_is_what_terraform_makes(applied):
    database = f"DP_MAILBLAZE_DEMO_{applied.name.upper()}_DB"
    made = [created(text) for text in statements(database).values()]
    named = {policy for table in made for policies in table.rows.values() for policy in policies}
    assert named == {name_of(policy) for policy in planned(applied, "snowflake_row_access_policy")}
    tags = {tag for table in made for found in table.tags.values() for tag in found}
    assert tags == {name_of(tag) for tag in planned(applied, "snowflake_tag")}
    masks = {mask for found in masks_of_tags(applied).values() for mask in found}
    assert masks == {name_of(policy) for policy in planned(applied, MASKED)}


def test_the_persons_columns_are_those_of_the_inventory(applied, manifests):
    database = f"DP_MAILBLAZE_DEMO_{applied.name.upper()}_DB"
    models = marts(manifests[applied.name])
    for name, text in statements(database).items():
        tags = created(text).tags
        persons = {column for column, found in tags.items() if f"{database}.MART.PERSONAL_DATA_PERSON" in found}
        pii = {key for key, column in models[name]["columns"].items() if column["config"]["meta"].get("contains_pii")}
        assert persons == pii, name


@pytest.mark.parametrize("word", NAMES)
def test_no_column_of_mart_comes_without_its_policy_or_changes_with_a_session(manifests, word):
    """A column that dbt adds to a table later has no tag; plain `timestamp` is what TIMESTAMP_TYPE_MAPPING says."""
    models = marts(manifests[word])
    for name, node in models.items():
        assert node["contract"]["enforced"], name
        assert node["config"]["materialized"] in ("table", "incremental"), name  # a view has no tag of its own
        if node["config"]["materialized"] == "incremental":
            assert node["config"]["on_schema_change"] == "fail", name
    found = [
        f"{node['name']}.{name}: {column['data_type']}"
        for node in manifests[word]["nodes"].values() if node["resource_type"] in ("model", "seed", "snapshot")
        for name, column in node["columns"].items()
        if column.get("data_type") and kind(column["data_type"]) not in TEXTS | OTHERS
    ]  # fmt: skip
    assert found == [], "\n".join(found)


SESSION_TYPE = re.compile(r"(\bas|::)\s*(timestamp|datetime)\b(?!\s+with)(?!\()", re.IGNORECASE)


def test_no_model_casts_to_a_type_of_the_session(manifests):
    nodes = [node for node in manifests["dev"]["nodes"].values() if node["resource_type"] in ("model", "test")]
    macros = [node for node in manifests["dev"]["macros"].values() if node["package_name"] == "mailblaze"]
    texts = {node["name"]: node["raw_code"] for node in nodes} | {node["name"]: node["macro_sql"] for node in macros}
    found = [f"{name}: {cast[0]}" for name, text in texts.items() for cast in SESSION_TYPE.finditer(text)]
    assert len(texts) > 60
    assert found == [], "\n".join(found)


def configured(applied) -> Iterator[dict]:
    """Yield every Snowflake resource of the configuration, those of modules too, with its module's path."""

    def walk(module: dict, path: str) -> Iterator[dict]:
        for found in module.get("resources", []):
            if found["type"].startswith("snowflake_"):
                yield found | {"path": path}
        for name, call in module.get("module_calls", {}).items():
            yield from walk(call["module"], f"{path}.{name}")

    yield from walk(applied.plan["configuration"]["root_module"], "")


def test_no_argument_is_deprecated(applied):
    providers = applied.plan["configuration"]["provider_config"].values()
    used = {
        ("provider", key) for found in providers if found["name"] == "snowflake" for key in found.get("expressions", {})
    }
    for found in configured(applied):
        assert found["type"] not in DEPRECATED_RESOURCES
        used |= {(found["type"], key) for key in found["expressions"]}
    assert len(used) > 60
    deprecated = {(kind, key) for kind, keys in DEPRECATED_ARGUMENTS.items() for key in keys}
    assert used & deprecated == set()


def references(value: object) -> Iterator[str]:
    """Yield the resources that an expression of the configuration refers to, as type.name."""
    if isinstance(value, dict):
        for name in value.get("references", []):
            if found := re.match(r"snowflake_\w+\.\w+", name):
                yield found[0]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def made_before(applied) -> dict[str, set[str]]:
    """Return for each Snowflake resource of the warehouse's module all that Terraform makes before it."""
    needs: dict[str, set[str]] = {}
    for found in configured(applied):
        own = [found["expressions"], found.get("for_each_expression", {}), {"references": found.get("depends_on", [])}]
        needs[f"{found['type']}.{found['name']}"] = set(references(own))

    def all_of(name: str, seen: frozenset[str]) -> set[str]:
        below = needs.get(name, set()) - seen
        return below | {deeper for one in below for deeper in all_of(one, seen | below)}

    return {name: all_of(name, frozenset()) for name in needs}


def test_no_policy_names_what_is_made_after_it(applied):
    """CREATE MASKING POLICY may check its body: Terraform creates what the body names first."""
    before, findings = made_before(applied), []
    objects = [
        (f"{found['type']}.{found['name']}", found["address"], name_of(found["values"]))
        for found in resources(applied.plan["planned_values"])
        if found["type"].startswith("snowflake_") and found["values"].get("name")
    ]
    policies = [found for found in resources(applied.plan["planned_values"]) if found["type"] in POLICIES]
    assert len(policies) > 1
    for policy in policies:
        own = f"{policy['type']}.{policy['name']}"
        for resource, address, name in objects:
            word = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
            if resource == own or not re.search(word, plain(policy["values"]["body"])):
                continue
            if own in before.get(resource, set()) or resource not in before[own]:
                findings.append(f"{policy['address']} names {name}, and {address} is not made before it")
    assert findings == [], "\n".join(findings)


# What else than Terraform hangs on each kind of object when it is destroyed, and why that does not stop it.
DESTROYED = {
    "snowflake_row_access_policy": "drop_tables_with_policies",  # dbt's tables: this macro is run before
    "snowflake_masking_policy": "on tags only, and the provider takes it off a tag before it drops the tag",
    "snowflake_tag": "on dbt's columns; Snowflake drops a tag that is set",
    "snowflake_network_policy": "on Terraform's own users",
    "snowflake_schema": "dropped with what is in it",
    "snowflake_database": "dropped with what is in it, scratch schemas too",
    "snowflake_account_role": "what it owns passes to the role that drops it",
    "snowflake_warehouse": "nothing",
    "snowflake_resource_monitor": "on Terraform's own warehouses",
    "snowflake_service_user": "nothing",
    "snowflake_stage_external_s3": "COPY names it, and nothing is attached",
    "snowflake_file_format_parquet": "COPY names it, and nothing is attached",
    "snowflake_storage_integration_aws": "on Terraform's own stage",
    "snowflake_view": "dbt's views read it, which does not hold it",
    "snowflake_grant_account_role": "nothing",
    "snowflake_grant_privileges_to_account_role": "nothing",
}


def test_what_others_attach_to_terraforms_objects_does_not_stop_a_destroy(applied, manifests):
    types = {
        found["type"] for found in resources(applied.plan["planned_values"]) if found["type"].startswith("snowflake_")
    }
    assert types == DESTROYED.keys()
    policies = [name_of(policy) for policy in planned(applied, "snowflake_row_access_policy")]
    before = f"macro.mailblaze.{DESTROYED['snowflake_row_access_policy']}"
    macro = manifests[applied.name]["macros"][before]["macro_sql"]
    assert policies
    assert all(name.split(".", 1)[1] in macro for name in policies)
