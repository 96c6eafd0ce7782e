"""What AWS' policies say, as they were laid: no wildcard but what AWS demands, and a loader that deletes nothing."""

import json
import subprocess

import pytest

from tests.terraform.ground import ROOT

# Actions on every resource, each because AWS has nothing narrower.
EVERYWHERE = {
    "ecr:GetAuthorizationToken",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScheduledActions",
    "ec2:CreateSecurityGroup",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "ecs:DescribeTaskDefinition",
    "kms:CreateKey",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
}


def statements(state: dict[str, dict]) -> list[tuple[str, dict]]:
    """Return every statement of every policy that was laid, with the address of what has it."""
    found = []
    for address, values in state.items():
        for name in ("policy", "assume_role_policy"):
            text = values.get(name)
            if isinstance(text, str) and '"Statement"' in text:
                found += [(address, statement) for statement in as_list(json.loads(text)["Statement"])]
    return found


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


@pytest.fixture
def all_statements(laid, bootstrap_state) -> list[tuple[str, dict]]:
    return statements(laid.state) + statements(bootstrap_state)


def test_no_action_or_principal_is_a_wildcard(all_statements):
    assert len(all_statements) > 40
    for address, statement in all_statements:
        if statement["Effect"] == "Deny":  # refuses everybody everything without TLS
            assert set(statement["Condition"]) <= {"Bool", "NumericLessThan"}, address
            continue
        assert not [action for action in as_list(statement["Action"]) if "*" in action], address
        for principals in as_list(statement.get("Principal", {})):
            assert principals != "*", address
            assert not [one for some in principals.values() for one in as_list(some) if "*" in one], address


def test_everywhere_is_said_only_where_aws_demands_it(all_statements):
    for address, statement in all_statements:
        if "*" in as_list(statement.get("Resource", [])) and "aws_kms_key" not in address:  # there it is the key
            assert set(as_list(statement["Action"])) <= EVERYWHERE, address


def test_the_loader_writes_below_its_prefixes_and_deletes_nothing(laid):
    state = laid.state
    role = state["module.platform.module.worker.aws_iam_role.task"]
    attached = [
        values["policy_arn"]
        for address, values in state.items()
        if "policy_attachment" in address and values["role"] == role["name"]
    ]
    own = [
        values
        for address, values in state.items()
        if "aws_iam_role_policy." in address and values["role"] == role["id"]
    ]
    assert not own
    policies = {v["arn"]: json.loads(v["policy"]) for a, v in state.items() if ".aws_iam_policy." in a}
    (policy,) = [policies[arn] for arn in attached]
    may = {action: as_list(s["Resource"]) for s in policy["Statement"] for action in as_list(s["Action"])}
    assert set(may) == {
        "kms:Decrypt", "kms:GenerateDataKey", "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject",
        "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject",
    }  # fmt: skip
    bucket = state["module.platform.module.lake.aws_s3_bucket.raw"]["arn"]
    assert sorted(may["s3:PutObject"]) == [f"{bucket}/postgres/*", f"{bucket}/saas/*"]


def test_github_signs_in_by_repository_and_environment(bootstrap_state):
    subjects = {
        address: json.loads(values["assume_role_policy"])["Statement"][0]["Condition"]["StringEquals"][
            "token.actions.githubusercontent.com:sub"
        ]
        for address, values in bootstrap_state.items()
        if address.startswith("aws_iam_role.")
    }
    assert subjects == {
        'aws_iam_role.deploy["dev"]': "repo:mailblaze/platform:environment:dev",
        'aws_iam_role.deploy["prod"]': "repo:mailblaze/platform:environment:prod",
        'aws_iam_role.plan["dev"]': "repo:mailblaze/platform:environment:plan-dev",
        'aws_iam_role.plan["prod"]': "repo:mailblaze/platform:environment:plan-prod",
    }


@pytest.mark.parametrize("word", ["dev", "prod"])
def test_a_deployment_changes_only_what_bears_its_name(bootstrap_state, word):
    policy = json.loads(bootstrap_state[f'aws_iam_role_policy.deploy["{word}-write"]']["policy"])
    other = {"dev": "prod", "prod": "dev"}[word]
    assert f"demo-{other}" not in json.dumps(policy)
    assert not [
        s
        for s in policy["Statement"]
        if {"s3:DeleteObject", "s3:GetObject"} & set(as_list(s["Action"])) and "raw" in str(s["Resource"])
    ]


def test_checkov_finds_nothing_that_is_not_explained(tool, ground):
    command = [tool / "checkov", "--directory", ROOT / "terraform", "--framework", "terraform", "--skip-download"]
    done = subprocess.run([*command, "--compact", "--output", "json"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert said["summary"]["passed"] > 100
    failed = [f"{one['check_id']} {one['resource']} {one['file_path']}" for one in said["results"]["failed_checks"]]
    assert failed == []
    assert all(one["check_result"]["suppress_comment"].strip() for one in said["results"]["skipped_checks"])
