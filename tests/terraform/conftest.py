"""Fixtures of the session; tests are skipped, with the reason, if terraform or its AWS provider is not installed."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.terraform import moto_gaps  # noqa: F401  what moto lacks
from tests.terraform.calls import Call, Recorder
from tests.terraform.identities import identities
from tests.terraform.permissions import Account
from tests.terraform.simulator import allows
from tests.terraform.terraform_copy import (
    COMPANY,
    IMAGE,
    ROOT,
    TERRAFORM_USER,
    TerraformCopy,
    TerraformFailed,
    command_line_configuration,
    copy_tree,
    resources,
)

# moto treats a Deny of plain HTTP as a Deny of everything: states go to a bucket without a policy.
STATE = "dp-mailblaze-demo-state-without-policy"
BOOTSTRAP = {
    "TF_VAR_state_bucket": "dp-mailblaze-demo-state-test",
    "TF_VAR_github_repository": "mailblaze/platform",
    "TF_VAR_github_owner_id": "12",
    "TF_VAR_github_repository_id": "345",
}
TOOLS = ROOT / ".venv-terraform/bin"
REGION = "eu-central-1"
NAMES = ("dev", "prod")
KEYS = {"aws_access_key_id": "mock", "aws_secret_access_key": "mock", "region_name": REGION}


@pytest.fixture(scope="session")
def snowflake_provider(tmp_path_factory) -> Iterator[str]:
    """The value of TF_REATTACH_PROVIDERS, by which Terraform finds the stub provider."""
    socket = tmp_path_factory.mktemp("s") / "s"
    command = [TOOLS / "python", ROOT / "tests/terraform/stand_in/serve.py", socket]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="session")
def configured(snowflake_provider) -> Path:
    """The file to which the stub provider writes the configuration of each provider block, a line each."""
    (attached,) = json.loads(snowflake_provider).values()
    return Path(f"{attached['Addr']['String']}.configured")


@pytest.fixture(scope="session")
def calls() -> list[Call]:
    """The calls to AWS so far, in order."""
    return []


@pytest.fixture(scope="session")
def aws(calls) -> Iterator[str]:
    """A moto server that records its calls."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    server._server.app = Recorder(server._server.app, calls)
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def terraform_copy(snowflake_provider, aws, tmp_path_factory) -> TerraformCopy:
    """A copy of terraform/ whose commands reach only moto and the stub provider."""
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("terraform")
    is_real = os.environ.get("PROVIDERS") == "real"  # then Terraform downloads the Snowflake provider itself
    variables = {
        **({} if is_real else {"TF_REATTACH_PROVIDERS": snowflake_provider}),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "mock",
        "AWS_SECRET_ACCESS_KEY": "mock",
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_S3_USE_PATH_STYLE": "true",
        "TF_VAR_image_tag": IMAGE,
        "TF_VAR_terraform_user": json.dumps(TERRAFORM_USER),
        "TF_VAR_terraform_user_key": "visibly no PRIVATE KEY",
        "TF_VAR_company": json.dumps(COMPANY | {"network": network(aws)}),
    }
    if configuration := command_line_configuration(folder):
        variables["TF_CLI_CONFIG_FILE"] = str(configuration)
    terraform_copy = TerraformCopy(copy_tree(folder / "terraform"), variables)
    try:
        terraform_copy.init("modules/key", "-backend=false")
    except TerraformFailed as error:
        if configuration or os.environ.get("GITHUB_ACTIONS"):
            raise
        pytest.skip(f"the AWS provider is in no mirror here and cannot be downloaded: {error}"[:200])
    return terraform_copy


@dataclass
class AppliedEnvironment:
    """An applied environment and its next plan, in which every value is known."""

    terraform: TerraformCopy
    name: str
    plan: dict

    @property
    def place(self) -> str:
        """Its folder."""
        return f"environments/{self.name}"

    @cached_property
    def state(self) -> dict[str, dict]:
        """The attributes of every resource, by address."""
        return {found["address"]: found["values"] for found in resources(self.plan["prior_state"]["values"])}


@pytest.fixture(scope="session")
def bootstrapped(terraform_copy, aws) -> TerraformCopy:
    """The copy with bootstrap applied, and a bucket for states."""
    if "TF_REATTACH_PROVIDERS" not in terraform_copy.environment:
        pytest.skip("the real Snowflake provider applies nothing without an account")
    place = {"LocationConstraint": REGION}
    boto3.client("s3", endpoint_url=aws, **KEYS).create_bucket(Bucket=STATE, CreateBucketConfiguration=place)
    applied = TerraformCopy(terraform_copy.folder, terraform_copy.environment | BOOTSTRAP)
    applied.init("bootstrap")
    applied.apply("bootstrap")
    return applied


@pytest.fixture(scope="session")
def bootstrap_state(bootstrapped) -> dict[str, dict]:
    """What bootstrap applied, by address."""
    return bootstrapped.state("bootstrap")


@pytest.fixture(scope="session")
def environments(bootstrapped, calls) -> Iterator[dict[str, AppliedEnvironment]]:
    """Both environments, applied in parallel; destroying them afterwards must leave nothing."""

    def signed(role: str, **variables: str) -> TerraformCopy:
        return TerraformCopy(bootstrapped.folder, bootstrapped.environment | {"AWS_ACCESS_KEY_ID": role} | variables)

    def apply(name: str) -> AppliedEnvironment:
        place, deploy = f"environments/{name}", signed(f"deploy-{name}")
        deploy.init(place, f"-backend-config=bucket={STATE}")
        if name == "dev":  # a later deployment makes more calls
            signed("deploy-dev", TF_VAR_image_tag="earlier").apply(place)
        deploy.apply(place)
        return AppliedEnvironment(deploy, name, signed(f"plan-{name}").plan(place))

    def destroy(applied: AppliedEnvironment) -> dict:
        applied.terraform.run(applied.place, "destroy", "-input=false", "-no-color", "-auto-approve")
        return applied.terraform.state(applied.place)

    with ThreadPoolExecutor() as both:
        found = list(both.map(apply, NAMES))
        yield dict(zip(NAMES, found, strict=True))
        assert list(both.map(destroy, found)) == [{}, {}]
        assert refused(calls, bootstrapped.state("bootstrap")) == []  # includes the calls of the destroy


@pytest.fixture(scope="session", params=NAMES)
def applied(request, environments) -> AppliedEnvironment:
    """Each environment in turn."""
    return environments[request.param]


def refused(calls: list[Call], bootstrap_state: dict[str, dict]) -> list[str]:
    """Return the calls of a deployment or plan that the calling role may not make, a line each."""
    roles = identities(bootstrap_state)
    keys = {
        word: bootstrap_state[f'module.key["{word}"].aws_kms_key.this']["arn"]
        for word in NAMES
        if f'module.key["{word}"].aws_kms_key.this' in bootstrap_state
    }
    of_keys = key_policies(bootstrap_state)
    account = Account({STATE: BOOTSTRAP["TF_VAR_state_bucket"]}, keys)
    found = {}
    for call in calls:
        kind, _, word = call.who.partition("-")
        role = roles.get(f"github-{kind}-dp-mailblaze-demo-{word}")
        for request in account.needs(call) if role else ():
            if not allows(role, request, of_keys.get(request.resource, ())):
                found[f"{call.who} may not {request.action} on {request.resource}"] = None
    return list(found)


def key_policies(bootstrap_state: dict[str, dict]) -> dict[str, list[dict]]:
    """Return the policy of each key by its ARN, in a list as the simulator takes them."""
    keys = [values for address, values in bootstrap_state.items() if address.endswith("aws_kms_key.this")]
    return {values["arn"]: [json.loads(values["policy"])] for values in keys}


def network(aws: str) -> dict:
    """Create a network as the company's account has it."""
    client = boto3.client("ec2", endpoint_url=aws, **KEYS)
    vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [client.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"] for n in range(2)]
    return {"vpc_id": vpc, "subnet_ids": subnets, "postgres_cidr": "10.0.0.0/16"}


@pytest.fixture(scope="session")
def tool() -> Path:
    """The folder of the tools in .venv-terraform."""
    return TOOLS
