"""The applied AWS policies: no wildcard except where AWS demands one, and a loader that deletes nothing."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from pipelines.environment import _environments
from tests.terraform.identities import identities
from tests.terraform.policies import as_list, policies
from tests.terraform.reference import action
from tests.terraform.simulator import Request, allows
from tests.terraform.terraform_copy import ACCOUNT, ROOT
from tools.snowflake_smoke.smoke import LEASE, SCRATCH

GITHUB = "token.actions.githubusercontent.com"
# What a load does in the lake; deletion is not among it.
LOADS = {
    "kms:Decrypt", "kms:GenerateDataKey", "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject",
    "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject",
}  # fmt: skip

# Actions on every resource: AWS has nothing narrower for them.
EVERYWHERE = {
    "ecr:GetAuthorizationToken",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScheduledActions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
}


def statements(state: dict[str, dict]) -> list[tuple[str, dict]]:
    """Return every statement of every applied policy, with the address of its resource."""
    return [(policy.address, statement) for policy in policies(state) for statement in policy.statements]


@pytest.fixture
def all_statements(applied, bootstrap_state) -> list[tuple[str, dict]]:
    return statements(applied.state) + statements(bootstrap_state)


def test_no_action_or_principal_is_a_wildcard(all_statements):
    assert len(all_statements) > 40
    for address, statement in all_statements:
        if statement["Effect"] == "Deny":  # denies every request without TLS
            assert set(statement["Condition"]) <= {"Bool", "Null", "NumericLessThan", "StringNotEquals"}, address
            continue
        assert not [action for action in as_list(statement["Action"]) if "*" in action], address
        for principals in as_list(statement.get("Principal", {})):
            assert principals != "*", address
            assert not [one for some in principals.values() for one in as_list(some) if "*" in one], address


def test_everywhere_is_said_only_where_aws_demands_it(all_statements):
    for address, statement in all_statements:
        if "*" in as_list(statement.get("Resource", [])) and "aws_kms_key" not in address:  # there it is the key
            assert set(as_list(statement["Action"])) <= EVERYWHERE, address


def test_the_loader_writes_below_its_prefixes_and_deletes_nothing(applied, bootstrap_state):
    state = applied.state
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
    managed = {v["arn"]: json.loads(v["policy"]) for a, v in bootstrap_state.items() if ".aws_iam_policy." in a}
    (policy,) = [managed[arn] for arn in attached]
    may = by_action(policy)
    assert set(may) == LOADS
    bucket = bootstrap_state[f'module.lake["{applied.name}"].aws_s3_bucket.raw']["arn"]
    assert may["s3:PutObject"] == {
        f"{bucket}/{pipeline}/{place}*" for pipeline in ("postgres", "saas") for place in ("", "_lease/")
    }


def by_action(policy: dict) -> dict[str, set[str]]:
    """Return the resources of each action of a policy."""
    found: dict[str, set[str]] = {}
    for statement in policy["Statement"]:
        for name in as_list(statement["Action"]):
            found.setdefault(name, set()).update(as_list(statement["Resource"]))
    return found


REPOSITORY = "repo:mailblaze@12/platform@345"  # as conftest.py says it to bootstrap


def github_subjects(state: dict[str, dict]) -> dict[str, list[str]]:
    """Return by role which of GitHub's tokens may assume it."""
    found = {}
    for address, values in state.items():
        if ".aws_iam_role." in f".{address}" and GITHUB in values["assume_role_policy"]:
            (statement,) = json.loads(values["assume_role_policy"])["Statement"]
            assert set(statement["Condition"]) == {"StringEquals"}
            said = statement["Condition"]["StringEquals"]
            assert set(said) == {f"{GITHUB}:aud", f"{GITHUB}:sub"}
            assert said[f"{GITHUB}:aud"] == "sts.amazonaws.com"
            assert statement["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"}
            found[address] = as_list(said[f"{GITHUB}:sub"])
    return found


def test_github_signs_in_by_repository_and_environment(bootstrap_state):
    assert github_subjects(bootstrap_state) == {
        'aws_iam_role.deploy["dev"]': [f"{REPOSITORY}:environment:dev"],
        'aws_iam_role.deploy["prod"]': [f"{REPOSITORY}:environment:prod"],
        'aws_iam_role.plan["dev"]': [f"{REPOSITORY}:environment:plan-dev"],
        'aws_iam_role.plan["prod"]': [f"{REPOSITORY}:environment:plan-prod"],
    }


def test_every_trusted_subject_names_owner_and_repository_by_their_ids(applied, bootstrap_state):
    """A name can be taken over after a rename or a deletion; an id cannot."""
    subjects = github_subjects(applied.state) | github_subjects(bootstrap_state)
    assert len(subjects) >= 4
    pattern = re.compile(r"repo:[^/@:*]+@\d+/[^/@:*]+@\d+:environment:[a-z-]+")
    assert [one for some in subjects.values() for one in some if not pattern.fullmatch(one)] == []


def test_the_chain_is_tried_in_dev_alone_and_writes_no_object_of_raw(applied):
    role = "module.platform.module.smoke[0].aws_iam_role.smoke"
    workflow = yaml.safe_load((ROOT / ".github/workflows/smoke-snowflake.yml").read_text())
    subject = f"{REPOSITORY}:environment:{workflow['jobs']['smoke']['environment']}"
    assert github_subjects(applied.state) == ({role: [subject]} if applied.name == "dev" else {})
    output = applied.plan["prior_state"]["values"]["outputs"]["platform"]["value"]["smoke_role_arn"]
    if applied.name == "prod":
        assert output is None
        return
    assert output == applied.state[role]["arn"]
    assert not [
        a for a, v in applied.state.items() if "policy_attachment" in a and v["role"] == applied.state[role]["name"]
    ]
    (policy,) = [json.loads(v["policy"]) for v in applied.state.values() if v.get("role") == applied.state[role]["id"]]
    may = by_action(policy)
    assert set(may) == LOADS
    lake = f"arn:aws:s3:::{_environments('/data')['dev'].lake.removeprefix('s3://')}"
    own = {f"{lake}/{pipeline}/{place}{SCRATCH}*" for pipeline in ("postgres", "saas") for place in ("", LEASE)}
    assert may["s3:PutObject"] == may["s3:GetObject"] == own


# What makes something new, by the kind that it makes: AWS asks for nothing of that kind which is there.
MAKES = {("ec2:CreateSecurityGroup", "security-group"), ("ec2:AuthorizeSecurityGroupEgress", "security-group-rule")}
READS = ("List", "Read")


@pytest.mark.parametrize("word", ["dev", "prod"])
def test_a_deployment_changes_only_what_bears_its_name(environments, bootstrap_state, word):
    """Each changing action is denied on everything of the other environment and of others."""
    name, other = (f"dp-mailblaze-demo-{one}" for one in (word, {"dev": "prod", "prod": "dev"}[word]))
    deploy = identities(bootstrap_state)[f"github-deploy-{name}"]
    theirs = of_an_environment([environments[other[18:]].state, bootstrap_state], other)
    assert len(theirs) > 25
    theirs |= {arn.replace(other, "somebody") for arn in theirs}
    requests = [
        request
        for document in deploy.policies
        for statement in as_list(document["Statement"])
        if statement["Effect"] == "Allow"
        for request in on_what_others_have(statement, theirs, other)
    ]
    assert len({request.action for request in requests}) > 50
    assert sorted({f"{r.action} on {r.resource}" for r in requests if allows(deploy, r)}) == []


def of_an_environment(states: list[dict[str, dict]], name: str) -> set[str]:
    """Return the ARNs of what an environment has: of Terraform's resources, and of what AWS keeps below them."""
    found = set()
    for values in (values for state in states for values in state.values()):
        if isinstance(arn := values.get("arn"), str) and (name in json.dumps(values)):
            found |= {arn, f"{arn}:*"} if ":log-group:" in arn else {arn}
    buckets = {arn for arn in found if arn.startswith("arn:aws:s3:::")}
    found |= {f"{bucket}/postgres/RAW/accounts/1.parquet" for bucket in buckets}
    state = f"arn:aws:s3:::dp-mailblaze-demo-state-test/{name.rpartition('-')[2]}/terraform.tfstate"
    return found | {state, f"{state}.tflock"}


def on_what_others_have(statement: dict, theirs: set[str], other: str) -> Iterator[Request]:
    """Return requests that bring all that a statement asks for, but what a thing itself has: its tags, its boundary."""
    asked = {key: value for keys in statement.get("Condition", {}).values() for key, value in keys.items()}
    context = {key: as_list(value)[0] for key, value in asked.items()}
    context.pop("ec2:CreateAction", None)  # AWS says it of what is being made
    if "iam:PermissionsBoundary" in context and "iam:CreateRole" not in as_list(statement["Action"]):
        context["iam:PermissionsBoundary"] = f"arn:aws:iam::{ACCOUNT}:policy/{other}-boundary"
    for known in map(action, as_list(statement["Action"])):
        if known.level in READS or known.name in EVERYWHERE:
            continue
        for kind in known.kinds:
            for arn in theirs:
                if kind.covers(arn) and (known.name, kind.name) not in MAKES:
                    yield Request(known.name, arn, {**context, "aws:ResourceTag/Platform": other})


def test_checkov_finds_nothing_that_is_not_explained(tool, terraform_copy):
    command = [tool / "checkov", "--directory", ROOT / "terraform", "--framework", "terraform", "--skip-download"]
    done = subprocess.run([*command, "--compact", "--output", "json"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert said["summary"]["passed"] > 100
    failed = [f"{one['check_id']} {one['resource']} {one['file_path']}" for one in said["results"]["failed_checks"]]
    assert failed == []
    assert all(one["check_result"]["suppress_comment"].strip() for one in said["results"]["skipped_checks"])
