"""Both environments and bootstrap: applied, planned without a change, and destroyed, without an account."""

import json
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from pipelines.environment import _environments, build_pipeline, mart_client
from tests.terraform.terraform_copy import ROOT, TerraformFailed, changed, clean_environment, copy_tree

PLATFORM = "module.platform.module"


def test_bootstrap_is_laid_once(bootstrapped):
    assert changed(bootstrapped.plan("bootstrap")) == []


def test_the_bucket_for_states_is_not_destroyed(bootstrapped):
    with pytest.raises(TerraformFailed, match="prevent_destroy"):
        bootstrapped.run("bootstrap", "destroy", "-input=false", "-no-color", "-auto-approve")


def test_a_second_plan_changes_nothing(applied):
    assert changed(applied.plan) == []


def test_the_names_are_those_that_pipelines_use(applied, bootstrap_state):
    known = _environments("/data")[applied.name]
    state = applied.state
    assert bootstrap_state[f'module.lake["{applied.name}"].aws_s3_bucket.raw']["bucket"] == known.lake.removeprefix(
        "s3://"
    )
    assert state[f"{PLATFORM}.warehouse.snowflake_database.this"]["name"] == known.database
    integration = state[f"{PLATFORM}.stage.snowflake_storage_integration_aws.this"]
    assert integration["name"] == f"DP_MAILBLAZE_DEMO_{applied.name.upper()}_S3_INT"
    assert integration["storage_allowed_locations"] == [f"{known.lake}/"]


def test_snowflake_may_read_after_one_apply(applied):
    state = applied.state
    said = state[f"{PLATFORM}.stage.snowflake_storage_integration_aws.this"]["describe_output"][0]
    role = state[f"{PLATFORM}.stage.aws_iam_role.snowflake"]
    assert said["iam_user_arn"] in role["assume_role_policy"]
    assert said["external_id"] in role["assume_role_policy"]


def test_the_worker_accepts_no_connection(applied):
    assert not [name for name in applied.state if "ingress" in name]
    assert applied.state[f"{PLATFORM}.worker.aws_security_group.this"]["ingress"] == []


def test_the_health_check_of_ecs_is_that_of_the_image(applied):
    """compose.yaml's worker uses the image's HEALTHCHECK, which ECS ignores."""
    said = json.loads(applied.state[f"{PLATFORM}.worker.aws_ecs_task_definition.this"]["container_definitions"])[0]
    image = (ROOT / "Dockerfile").read_text()
    interval, timeout, start, command = re.search(
        r"^HEALTHCHECK --interval=(\d+)s --timeout=(\d+)s --start-period=(\d+)s \\\n\s+CMD (.*)$", image, re.M
    ).groups()
    assert said["healthCheck"] == {
        "command": ["CMD", *json.loads(command)],
        "interval": int(interval),
        "timeout": int(timeout),
        "startPeriod": int(start),
        "retries": 3,  # Docker's default
    }
    worker = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["worker"]
    assert "healthcheck" not in worker
    assert worker["command"] == said["command"]
    assert "--with-healthcheck" in (ROOT / worker["command"][1]).read_text()


def test_its_settings_are_what_the_platform_reads(applied, monkeypatch, tmp_path):
    """The printed lines are all settings that dlt and dbt need, except secrets."""
    command = [sys.executable, applied.terraform.folder / "env_file.py", applied.name]
    environment = clean_environment() | applied.terraform.environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    said = dict(shlex.split(line)[1].split("=", 1) for line in done.stdout.splitlines() if line.startswith("export"))
    secrets = dict(re.findall(r"^# (\S+) is in Secrets Manager as (\S+)$", done.stdout, re.M))
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    machine = {"AWS_ACCESS_KEY_ID": "of the role", "AWS_SECRET_ACCESS_KEY": "of the role"}
    for name, value in {**machine, **said, **dict.fromkeys(secrets, "secret")}.items():
        monkeypatch.setenv(name, value)
    warehouse = build_pipeline("postgres").destination_client().config
    names = applied.plan["prior_state"]["values"]["outputs"]["platform"]["value"]
    assert warehouse.credentials.database == names["warehouse"]["database"]
    assert warehouse.credentials.role == names["warehouse"]["roles"]["LOADER"]
    assert warehouse.credentials.warehouse == names["warehouse"]["warehouses"]["LOADER"]
    assert warehouse.credentials.username == names["warehouse"]["users"]["LOADER"]
    assert warehouse.stage_name == f"{names['stage']}/postgres/"
    mart = mart_client().credentials  # the flow reads MART as dbt does, and never as the loader
    assert mart.role == names["warehouse"]["roles"]["TRANSFORMER"]
    assert mart.username == names["warehouse"]["users"]["TRANSFORMER"]
    assert mart.private_key == "secret"
    dbt = yaml.safe_load((ROOT / "dbt/profiles.yml").read_text())["dp_mailblaze_demo"]["outputs"][applied.name]
    assert dbt["database"] == names["warehouse"]["database"]
    assert dbt["role"] == names["warehouse"]["roles"]["TRANSFORMER"]
    assert dbt["warehouse"] == names["warehouse"]["warehouses"]["TRANSFORMER"]
    assert said["SNOWFLAKE_USER"] == names["warehouse"]["users"]["TRANSFORMER"]


@pytest.mark.parametrize(("word", "says"), [("staging", "say one of dev, prod"), ("dev", "is not applied")])
def test_settings_of_what_is_not_there_are_refused_in_a_line(terraform_copy, word, says, tmp_path):
    script = copy_tree(tmp_path / "terraform") / "env_file.py"
    done = subprocess.run([sys.executable, script, word], env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
