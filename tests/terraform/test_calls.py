"""Every call that Terraform makes is allowed to its role: moto itself checks no permission.

Both environments are applied, applied again with another commit, planned and destroyed; who signs each call is known by
its access key (tests/terraform/conftest.py). A key's tags are ignored here, as AWS may ignore them for five minutes.
"""

import pytest

from tests.terraform.calls import Call
from tests.terraform.conftest import refused
from tests.terraform.identities import identities
from tests.terraform.simulator import Request, allows

# What .github/actions/deploy/action.yml does beside Terraform: `docker login`, `manifest inspect`, `push`.
PUSHES = (
    "BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "GetDownloadUrlForLayer",
    "InitiateLayerUpload", "PutImage", "UploadLayerPart",
)  # fmt: skip


def test_every_call_of_a_plan_and_of_two_deployments_is_allowed(environments, bootstrap_state, calls):
    who = {call.who for call in calls}
    assert {"deploy-dev", "deploy-prod", "plan-dev", "plan-prod"} <= who
    seen = {f"{call.service}:{call.operation}" for call in calls if call.who.startswith("deploy")}
    assert {
        "ecs:DeregisterTaskDefinition",
        "ecs:UpdateService",
        "iam:CreateRole",
        "ec2:AuthorizeSecurityGroupEgress",
    } <= seen
    assert refused(calls, bootstrap_state) == []


@pytest.mark.parametrize("word", ["dev", "prod"])
def test_a_deployment_pushes_its_image(bootstrap_state, word):
    deploy = identities(bootstrap_state)[f"github-deploy-dp-mailblaze-demo-{word}"]
    repository = f"arn:aws:ecr:eu-central-1:123456789012:repository/dp-mailblaze-demo-{word}"
    assert allows(deploy, Request("ecr:GetAuthorizationToken"))
    assert [verb for verb in PUSHES if not allows(deploy, Request(f"ecr:{verb}", repository))] == []


def test_a_call_that_is_not_allowed_is_found(bootstrap_state):
    call = Call("plan-dev", "ecr", "CreateRepository", {"repositoryName": "x", "encryptionConfiguration": {}})
    assert refused([call], bootstrap_state) == [
        "plan-dev may not ecr:CreateRepository on arn:aws:ecr:eu-central-1:123456789012:repository/x"
    ]
