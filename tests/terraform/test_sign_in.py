"""The user and warehouse with which Terraform signs in to Snowflake, whatever variables the shell has."""

import json
import re
import subprocess
from functools import cache

import pytest
import sqlglot

from tests.terraform.terraform_copy import ACCOUNT_NAME, ROOT, TERRAFORM_USER, TerraformCopy

ALIASES = ("sysadmin", "securityadmin", "accountadmin")
# Arguments of the provider that say where and as whom; each has a variable that counts where a block leaves it out.
IDENTITY = {
    "account_name", "authenticator", "host", "organization_name", "port", "private_key", "private_key_passphrase",
    "profile", "protocol", "role", "user", "warehouse",
}  # fmt: skip
# Arguments that a block cannot set beside the others, and why a variable of theirs changes nothing.
HARMLESS = {
    "password": "conflicts with private_key; SNOWFLAKE_JWT signs with the key",
    "account": "counts only with the experiment PROVIDER_CONFIGURATION_ACCOUNT_FALLBACK; elsewhere a warning",
}
# Resources whose page in the provider's documentation (2.20, docs/resources/*.md) says "Required warehouse".
NEEDS_WAREHOUSE = {
    *(f"snowflake_function_{language}" for language in ("java", "javascript", "python", "scala", "sql")),
    *(f"snowflake_procedure_{language}" for language in ("java", "javascript", "python", "scala", "sql")),
    *(f"snowflake_user_{kind}_policy_attachment" for kind in ("authentication", "password", "session")),
    "snowflake_table_storage_lifecycle_policy_attachment",
    "snowflake_tag",
    "snowflake_view",
}


@cache
def provider() -> dict:
    """Return the schema that the stub provider serves."""
    command = [ROOT / ".venv-terraform/bin/python", ROOT / "tests/terraform/stand_in/schema.py"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def names_of_dbt() -> set[str]:
    """Return the variables of Snowflake that dbt, the flow or the dashboard read, those of a worker's secrets too."""
    files = [
        "dbt/profiles.yml",
        "pipelines/environment.py",
        "dashboard/mart.py",
        "terraform/modules/platform/settings.tf",
    ]
    return {name for file in files for name in re.findall(r"\bSNOWFLAKE_[A-Z_]+\b", (ROOT / file).read_text())}


@pytest.fixture(scope="module")
def signed_in(environments, configured) -> dict[str, dict]:
    """By role: the configuration that each provider is left with in a shell that is full of Snowflake's variables."""
    known = provider()
    shell = names_of_dbt() | {known["environment"][name] for name in IDENTITY}
    values = {name: f"of the shell: {name}" for name in shell}
    done = environments["dev"].terraform
    configured.unlink(missing_ok=True)
    TerraformCopy(done.folder, done.environment | values).plan("environments/dev")
    blocks = [json.loads(line) for line in configured.read_text().splitlines()]
    left = [
        {
            name: value if value is not None else values.get(known["environment"].get(name))
            for name, value in block.items()
        }
        for block in blocks
    ]
    return {block["role"]: block for block in left}


def test_a_shell_full_of_dbts_variables_does_not_change_who_terraform_is(signed_in):
    assert {"SNOWFLAKE_USER", "SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_HOST"} <= names_of_dbt()
    taken = {
        f"{role} takes {name} from {value.removeprefix('of the shell: ')}"
        for role, block in signed_in.items()
        for name, value in block.items()
        if str(value).startswith("of the shell: ") and name not in HARMLESS
    }
    assert sorted(taken) == []
    assert {block["authenticator"] for block in signed_in.values()} == {"SNOWFLAKE_JWT"}
    assert {str(block["experimental_features_enabled"] or []) for block in signed_in.values()} == {"[]"}


def test_each_provider_is_the_administrator_in_one_role(signed_in):
    assert {role.lower() for role in signed_in} == set(ALIASES)
    for block in signed_in.values():
        assert block["user"] == TERRAFORM_USER["user"]
        assert f"{block['organization_name']}-{block['account_name']}" == ACCOUNT_NAME
        assert block["host"] == f"{ACCOUNT_NAME}.snowflakecomputing.com"


def test_a_resource_that_needs_a_warehouse_has_a_provider_with_one(applied):
    configuration = applied.plan["configuration"]
    blocks = configuration["provider_config"]
    needs = list(of_kinds(configuration["root_module"], NEEDS_WAREHOUSE))
    assert {kind for kind, _, _ in needs} >= {"snowflake_tag", "snowflake_view"}
    without = [
        f"{address}: {key} has no warehouse"
        for _, address, key in needs
        if "warehouse" not in blocks[key].get("expressions", {})
    ]
    assert without == []


def of_kinds(module: dict, kinds: set[str], place: str = ""):
    """Yield kind, address and provider of each resource of these kinds, in modules too."""
    for found in module.get("resources", []):
        if found["type"] in kinds:
            yield found["type"], place + found["address"], found["provider_config_key"].rpartition(":")[2]
    for name, call in module.get("module_calls", {}).items():
        yield from of_kinds(call["module"], kinds, f"{place}module.{name}.")


def test_the_key_is_in_no_plan(applied):
    """A state has no variables; a plan has those that are not ephemeral."""
    assert applied.terraform.environment["TF_VAR_terraform_user_key"] not in json.dumps(applied.plan)
    assert "terraform_user" in applied.plan["variables"]


def test_roles_come_from_a_variable(environments, configured):
    """A plan for a pull request signs in with one role that changes nothing."""
    done = environments["dev"].terraform
    planner = {"user": "TERRAFORM_PLANNER", "roles": dict.fromkeys(ALIASES, "TERRAFORM_PLANNER")}
    configured.unlink(missing_ok=True)
    shell = done.environment | {"TF_VAR_terraform_user": json.dumps(planner)}
    TerraformCopy(done.folder, shell).run(
        "environments/dev", "plan", "-input=false", "-no-color", "-lock=false", "-refresh=false"
    )
    blocks = [json.loads(line) for line in configured.read_text().splitlines()]
    assert {(block["user"], block["role"]) for block in blocks} == {("TERRAFORM_PLANNER", "TERRAFORM_PLANNER")}


def granted(file: str) -> list[tuple[set[str], str, str]]:
    """Return (privileges, on what, to whom) of each grant of a SQL file; a role's are its name, on nothing."""
    text = re.sub(r"--.*", "", (ROOT / "terraform/bootstrap" / file).read_text())
    assert [str(one) for one in sqlglot.parse(text, dialect="snowflake") if one is None] == []
    found = []
    for statement in [" ".join(part.split()) for part in text.split(";") if part.strip()]:
        if match := re.fullmatch(r"GRANT ROLE (\w+) TO USER (\w+)", statement):
            found.append(({match[1]}, "", match[2]))
        elif match := re.fullmatch(r"GRANT ([A-Z, ]+?) ON (.+) TO ROLE (\w+)", statement):
            found.append((set(match[1].split(", ")), match[2], match[3]))
        else:
            assert re.match(r"(USE ROLE|CREATE (ROLE|USER|WAREHOUSE) IF NOT EXISTS|ALTER USER) ", statement), statement
    return found


def test_the_administrator_is_made_with_the_names_that_terraform_expects():
    grants = granted("snowflake.sql")
    text = (ROOT / "terraform/bootstrap/snowflake.sql").read_text()
    for word in ("dev", "prod"):
        block = (ROOT / f"terraform/environments/{word}/providers.tf").read_text()
        warehouse = re.search(r'warehouse = optional\(string, "(\w+)"\)', block)[1]
        roles = set(re.findall(r'admin\s+= optional\(string, "(\w+)"\)', block))
        assert f"CREATE WAREHOUSE IF NOT EXISTS {warehouse}" in text
        assert {role for held, on, who in grants if who == TERRAFORM_USER["user"] and not on for role in held} == roles
        # SYSADMIN owns it, and ACCOUNTADMIN has what SYSADMIN has.
        assert ({"USAGE"}, f"WAREHOUSE {warehouse}", "SECURITYADMIN") in grants


def test_the_planner_sees_what_a_plan_reads_and_changes_nothing(applied):
    grants = granted("snowflake.sql") + granted("snowflake_planner.sql")
    own = [
        (held, on.replace("_DEV_", f"_{applied.name.upper()}_"))
        for held, on, who in grants
        if who == "TERRAFORM_PLANNER"
    ]
    assert {privilege for held, _ in own for privilege in held} == {"TERRAFORM_PLANNER", "USAGE", "MONITOR"}
    seen = {on for _, on in own}
    kinds = {"snowflake_database": "DATABASE", "snowflake_warehouse": "WAREHOUSE", "snowflake_service_user": "USER"}
    # Resources of which the provider reads parameters in each plan (pkg/resources, ParametersCustomDiff).
    read = [
        f"{kind} {values['name']}"
        for type_, kind in kinds.items()
        for address, values in applied.state.items()
        if f".{type_}." in address
    ]
    assert len(read) == 7
    assert sorted(set(read) - seen) == []
    database = applied.state["module.platform.module.warehouse.snowflake_database.this"]["name"]
    assert {f"ALL SCHEMAS IN DATABASE {database}", f"FUTURE SCHEMAS IN DATABASE {database}"} <= seen
