"""A deployment loses no data of prod: its plan is checked before it is applied, and that plan is applied."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "terraform"))
import apply as guard  # noqa: E402  a script beside Terraform's folders, no package

# Types that an apply makes again as they were: settings, rights, and definitions of queries.
HOLDS_NONE = {
    "aws_appautoscaling_scheduled_action",
    "aws_appautoscaling_target",
    "aws_budgets_budget",
    "aws_ecr_lifecycle_policy",
    "aws_ecs_cluster",
    "aws_ecs_service",
    "aws_ecs_task_definition",
    "aws_iam_policy",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_kms_alias",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_security_group",
    "aws_vpc_security_group_egress_rule",
    "snowflake_account_role",
    "snowflake_file_format_parquet",
    "snowflake_grant_account_role",
    "snowflake_grant_privileges_to_account_role",
    "snowflake_masking_policy",
    "snowflake_network_policy",
    "snowflake_resource_monitor",
    "snowflake_row_access_policy",
    "snowflake_service_user",
    "snowflake_stage_external_s3",
    "snowflake_storage_integration_aws",
    "snowflake_tag",
    "snowflake_view",
    "snowflake_warehouse",
}
DATABASE = "module.platform.module.warehouse.snowflake_database.this"


def plan(kind: str, *actions: str) -> dict:
    return {"resource_changes": [{"address": f"a.{kind}.this", "type": kind, "change": {"actions": list(actions)}}]}


def test_every_type_of_the_platform_is_known_to_hold_data_or_none():
    texts = [path.read_text() for path in (ROOT / "terraform/modules").glob("*/*.tf")]
    used = {kind for text in texts for kind in re.findall(r'^resource "(\w+)"', text, re.M)}
    assert len(used) > 30
    assert used - HOLDS_NONE - guard.HOLDS_DATA == set()
    assert not HOLDS_NONE & guard.HOLDS_DATA
    assert (HOLDS_NONE | guard.HOLDS_DATA) - used == set()


@pytest.mark.parametrize("kind", sorted(guard.HOLDS_DATA))
def test_a_plan_that_loses_data_is_found(kind):
    assert list(guard.losses(plan(kind, "delete"))) == [f"a.{kind}.this would be deleted"]
    for order in (("delete", "create"), ("create", "delete")):
        assert list(guard.losses(plan(kind, *order))) == [f"a.{kind}.this would be replaced"]
    for harmless in ("no-op", "create", "update", "read", "forget"):
        assert list(guard.losses(plan(kind, harmless))) == []


def test_what_holds_no_data_may_go():
    assert list(guard.losses(plan("snowflake_warehouse", "delete"))) == []
    assert list(guard.losses({})) == []


def test_dev_may_lose_everything_and_prod_nothing():
    assert {word: guard.allows_data_loss(word) for word in ("dev", "prod")} == {"dev": True, "prod": False}


@pytest.fixture
def machine(tmp_path) -> Path:
    """A folder with a `terraform` whose plan is the file `shown`, and that notes what it is asked."""
    (tmp_path / "terraform").write_text(
        f'#!/bin/bash\necho "$@" >> {tmp_path}/asked\n[ "$2" != show ] || cat {tmp_path}/shown\n'
    )
    (tmp_path / "terraform").chmod(0o755)
    return tmp_path


def deploy(machine: Path, word: str, shown: dict) -> tuple[subprocess.CompletedProcess, list[str]]:
    """Run the steps of the deploy action that apply; return how the last one ended, and what Terraform did."""
    (machine / "shown").write_text(json.dumps(shown))
    (machine / "asked").write_text("")
    action = yaml.safe_load((ROOT / ".github/actions/deploy/action.yml").read_text())
    steps = [step for step in action["runs"]["steps"] if "apply" in step.get("run", "")]
    assert len(steps) == 2
    done = None
    for step in steps:
        given = {"ENVIRONMENT": word, "GITHUB_ACTIONS": "true"}
        environment = {"PATH": f"{machine}:{os.environ['PATH']}"} | given
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            break
    return done, [line.split()[1] for line in (machine / "asked").read_text().splitlines()]


def test_the_deployment_refuses_such_a_plan_of_prod_in_one_line_and_applies_nothing(machine):
    lost = {
        "resource_changes": [{"address": DATABASE, "type": "snowflake_database", "change": {"actions": ["delete"]}}]
    }
    done, asked = deploy(machine, "prod", lost)
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error::{DATABASE} would be deleted, with what it holds: prod loses no data.")
    assert done.stdout.count("\n") == 1
    assert asked == ["plan", "show"]
    done, asked = deploy(machine, "dev", lost)
    assert (done.returncode, asked) == (0, ["plan", "show", "apply"] * 2)
    done, asked = deploy(machine, "prod", plan("snowflake_database", "update"))
    assert (done.returncode, asked) == (0, ["plan", "show", "apply"] * 2)


def test_a_deployment_applies_the_plan_that_was_read(machine):
    deploy(machine, "prod", {})
    asked = (machine / "asked").read_text().splitlines()
    written = [re.search(r"-out=(\S+)", line)[1] for line in asked if " plan " in line]
    assert [line.split()[-1] for line in asked if " show " in line or " apply " in line] == [
        path for path in written for _ in range(2)
    ]
    assert ["-target=" in line for line in asked if " plan " in line] == [True, False]
    workflows = [path.read_text() for path in (ROOT / ".github").rglob("*.yml")]
    assert [text for text in workflows if re.search(r"terraform .*(\bapply -|-auto-approve|\bdestroy\b)", text)] == []


def test_an_image_is_started_before_it_is_pushed():
    action = yaml.safe_load((ROOT / ".github/actions/deploy/action.yml").read_text())
    (step,) = [step["run"] for step in action["runs"]["steps"] if "docker build" in step.get("run", "")]
    assert re.findall(r"^ *docker (build|run|push)", step, re.M) == ["build", "run", "push"]
    assert step.startswith("set -euo pipefail")


def test_terraform_takes_the_key_again_when_it_applies_a_plan(tmp_path, monkeypatch):
    """The key is ephemeral: a plan does not hold it, and an apply of that plan asks for it. Terraform itself runs."""
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    place = tmp_path / "prod"
    place.mkdir()
    variables = 'variable "key" {\n  ephemeral = true\n}\nvariable "name" {}\n'
    held = 'locals {\n  used = var.key\n}\nresource "terraform_data" "this" {\n  triggers_replace = var.name\n}\n'
    (place / "main.tf").write_text(variables + held)
    monkeypatch.setattr(guard, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr(guard, "HOLDS_DATA", {"terraform_data"})
    monkeypatch.setenv("TF_VAR_key", "secret")
    monkeypatch.setenv("TF_VAR_name", "one")
    subprocess.run(["terraform", f"-chdir={place}", "init"], check=True, capture_output=True)
    assert guard.apply("prod", []) == 0
    first = (place / "terraform.tfstate").read_text()
    monkeypatch.setenv("TF_VAR_name", "two")
    assert guard.apply("prod", []) == 1
    assert (place / "terraform.tfstate").read_text() == first
