"""Ways by which a role gains more than it was granted: the account, rows, secrets, or deleting the audit log.

The first list is the public one of privilege escalation in IAM (Rhino Security Labs' methods and their successors); the
others are this platform's. Each way is a chain of requests; who may make all of them has the way. An attacker picks
what a request carries, but not what an existing role or key has.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from tests.terraform.simulator import Identity, Request, allows
from tests.terraform.terraform_copy import ACCOUNT

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
REGION = "eu-central-1"
# Services that run code under a passed role, by the action that starts it.
RUNNERS = {
    "ec2.amazonaws.com": ("ec2:RunInstances",),
    "lambda.amazonaws.com": ("lambda:CreateFunction", "lambda:InvokeFunction"),
    "glue.amazonaws.com": ("glue:CreateDevEndpoint",),
    "cloudformation.amazonaws.com": ("cloudformation:CreateStack",),
    "datapipeline.amazonaws.com": ("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
    "sagemaker.amazonaws.com": ("sagemaker:CreateNotebookInstance",),
    "codebuild.amazonaws.com": ("codebuild:CreateProject", "codebuild:StartBuild"),
    "states.amazonaws.com": ("states:CreateStateMachine", "states:StartExecution"),
    "scheduler.amazonaws.com": ("scheduler:CreateSchedule",),
    "ssm.amazonaws.com": ("ssm:StartAutomationExecution",),
    "batch.amazonaws.com": ("batch:SubmitJob",),
    "bedrock-agentcore.amazonaws.com": ("bedrock-agentcore:CreateCodeInterpreter",),
}


@dataclass(frozen=True)
class Target:
    """The targets in an environment."""

    name: str  # dp-mailblaze-demo-dev
    roles: dict[str, Identity]  # every role of the account, by name
    boundaries: dict[str, str]  # of those that have one
    policies: tuple[str, ...]  # ARNs of the account's own
    secrets: tuple[str, ...]
    key: str

    @property
    def lake(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.name}-raw-3dfbc1"

    def on_role(self, name: str, action: str, **carried: str) -> Request:
        """Return a request on an existing role, with the boundary that it has."""
        boundary = {"iam:PermissionsBoundary": self.boundaries[name]} if name in self.boundaries else {}
        return Request(action, self.roles[name].arn, boundary | {k.replace("__", ":"): v for k, v in carried.items()})


Chain = tuple[Request, ...]
WAYS: dict[str, Callable[[Target], Iterable[Chain]]] = {}


def way(name: str):
    """Register what returns the chains of a way: one of them is enough."""

    def register(find: Callable[[Target], Iterable[Chain]]):
        WAYS[name] = find
        return find

    return register


def ways_of(identity: Identity, target: Target) -> Iterator[str]:
    """Return the ways that an identity has, by name."""
    for name, find in WAYS.items():
        if any(all(allows(identity, request) for request in requests) for requests in find(target)):
            yield name


def _here(service: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}"


USERS = (f"arn:aws:iam::{ACCOUNT}:user/somebody",)
GROUPS = (f"arn:aws:iam::{ACCOUNT}:group/administrators",)


def _on(action: str, resources: Iterable[str], **carried: str) -> list[Chain]:
    context = {name.replace("__", ":"): value for name, value in carried.items()}
    return [(Request(action, resource, context),) for resource in resources]


@way("writes a new version of a policy")
def _(target: Target):
    return _on("iam:CreatePolicyVersion", target.policies)


@way("takes an older version of a policy")
def _(target: Target):
    return _on("iam:SetDefaultPolicyVersion", target.policies)


@way("removes a policy, and makes one of its name")
def _(target: Target):
    return [(Request("iam:DeletePolicy", arn), Request("iam:CreatePolicy", arn)) for arn in target.policies]


@way("signs in as a user")
def _(target: Target):
    actions = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")
    return chain.from_iterable(_on(action, USERS) for action in actions)


@way("gives a user or a group more")
def _(target: Target):
    for_users, for_groups = (
        ("AttachUserPolicy", "PutUserPolicy"),
        ("AttachGroupPolicy", "PutGroupPolicy", "AddUserToGroup"),
    )
    for actions, resources in ((for_users, USERS), (for_groups, GROUPS)):
        for action in actions:
            yield from _on(f"iam:{action}", resources, iam__PolicyARN=ADMIN)


@way("gives a role a policy that no boundary limits")
def _(target: Target):
    for name in target.roles:
        if name not in target.boundaries:
            yield (target.on_role(name, "iam:AttachRolePolicy", iam__PolicyARN=ADMIN),)
            yield (target.on_role(name, "iam:PutRolePolicy"),)


@way("attaches a foreign policy to a role")
def _(target: Target):
    return [(target.on_role(name, "iam:AttachRolePolicy", iam__PolicyARN=ADMIN),) for name in target.roles]


@way("makes a role that no boundary limits")
def _(target: Target):
    for name in [*target.roles, f"{target.name}-mine", "mine"]:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        for boundary in [None, ADMIN, *(one for one in target.policies if not one.endswith("-boundary"))]:
            yield (Request("iam:CreateRole", arn, {"iam:PermissionsBoundary": boundary} if boundary else {}),)


@way("takes the boundary from a role, or puts another")
def _(target: Target):
    for name in target.roles:
        yield (target.on_role(name, "iam:DeleteRolePermissionsBoundary"),)
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        yield (Request("iam:PutRolePermissionsBoundary", arn, {"iam:PermissionsBoundary": ADMIN}),)


@way("says who takes a role that no boundary limits")
def _(target: Target):
    return [(target.on_role(n, "iam:UpdateAssumeRolePolicy"),) for n in target.roles if n not in target.boundaries]


@way("takes a role by its own policy")
def _(target: Target):
    return _on("sts:AssumeRole", [identity.arn for identity in target.roles.values()])


@way("trusts other tokens")
def _(target: Target):
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    actions = ("iam:CreateOpenIDConnectProvider", "iam:UpdateOpenIDConnectProviderThumbprint", "iam:CreateSAMLProvider",
               "iam:AddClientIDToOpenIDConnectProvider", "iam:UpdateSAMLProvider")  # fmt: skip
    return chain.from_iterable(_on(action, [provider, "*"]) for action in actions)


@way("hands a role to a service that runs code")
def _(target: Target):
    for service, actions in RUNNERS.items():
        for identity in target.roles.values():
            yield (Request("iam:PassRole", identity.arn, {"iam:PassedToService": service}),)
        yield tuple(Request(action) for action in actions)


@way("hands ECS a role beyond the worker's two")
def _(target: Target):
    for name, identity in target.roles.items():
        if not name.startswith(target.name) or name.rpartition("-")[2] not in ("loader", "start"):
            yield (Request("iam:PassRole", identity.arn, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),)


@way("enters a running container")
def _(target: Target):
    return _on("ecs:ExecuteCommand", [f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{target.name}"])


@way("changes code that runs elsewhere")
def _(target: Target):
    return [(Request(action),) for action in ("lambda:UpdateFunctionCode", "glue:UpdateDevEndpoint", "ssm:SendCommand")]


@way("touches another environment")
def _(target: Target):
    other = {"dev": "prod", "prod": "dev"}[target.name.rpartition("-")[2]]
    name = target.name.rpartition("-")[0] + f"-{other}"
    return [
        (Request("ecs:UpdateService", f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{name}/worker"),),
        (Request("s3:PutObject", f"arn:aws:s3:::dp-mailblaze-demo-state-test/{other}/terraform.tfstate"),),
        (Request("s3:GetObject", f"arn:aws:s3:::{name}-raw-3dfbc1/postgres/RAW/accounts/a.parquet"),),
        (Request("secretsmanager:GetSecretValue", f"{_here('secretsmanager')}:secret:{name}/X-AbCdEf"),),
        (Request("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/{name}-loader"),),
    ]


# The platform's own.


@way("runs other code as the loader")
def _(target: Target):
    to_ecs = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    loader = Request("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{target.name}-loader", to_ecs)
    task = Request("ecs:RegisterTaskDefinition", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{target.name}:2")
    service = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{target.name}/worker"
    yield (loader, task, Request("ecs:UpdateService", service))
    yield (loader, task, Request("ecs:RunTask", task.resource))
    yield (Request("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{target.name}"),)


@way("takes a role of the platform, within its boundary")
def _(target: Target):
    for name in target.boundaries:
        if name.startswith(target.name):
            yield (target.on_role(name, "iam:UpdateAssumeRolePolicy"),)
            yield (target.on_role(name, "iam:DeleteRole"), target.on_role(name, "iam:CreateRole"))


@way("reads rows of the lake")
def _(target: Target):
    return _on("s3:GetObject", [f"{target.lake}/postgres/RAW/accounts/1.parquet"]) + _on(
        "s3:GetObjectVersion", [f"{target.lake}/postgres/RAW/accounts/1.parquet"]
    )


@way("opens the lake to somebody")
def _(target: Target):
    actions = ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPublicAccessBlock",
               "s3:PutBucketOwnershipControls", "s3:PutReplicationConfiguration")  # fmt: skip
    yield from chain.from_iterable(_on(action, [target.lake]) for action in actions)
    for action in ("s3:PutObjectAcl", "s3:ReplicateObject"):
        yield (Request(action, f"{target.lake}/postgres/RAW/accounts/1.parquet"),)
    yield (Request("s3:PutAccessPointPolicy", f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/mine"),)
    yield (Request("s3:CreateAccessPoint", f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/mine"),)


@way("uses the key by itself")
def _(target: Target):
    for action in ("kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey"):
        yield (Request(action, target.key),)
    yield (Request("kms:CreateGrant", target.key),)
    yield (Request("kms:CreateGrant", target.key, {"kms:GrantIsForAWSResource": "false"}),)


@way("changes who uses the key, or ends it")
def _(target: Target):
    actions = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:TagResource")
    other = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-somebody-without-tags"
    return chain.from_iterable(_on(action, [target.key, other]) for action in actions)


@way("reads secrets")
def _(target: Target):
    return _on("secretsmanager:GetSecretValue", target.secrets) + _on("secretsmanager:BatchGetSecretValue", ["*"])


@way("opens or replaces secrets")
def _(target: Target):
    actions = ("PutResourcePolicy", "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage")
    return chain.from_iterable(_on(f"secretsmanager:{action}", target.secrets) for action in actions)


def _removed(target: Target, **said: str) -> Iterator[Chain]:
    """Delete a secret and create one of the same name with another value."""
    carried = {f"secretsmanager:{key}": value for key, value in said.items()}
    for secret in target.secrets:
        yield (Request("secretsmanager:DeleteSecret", secret, carried), Request("secretsmanager:CreateSecret", secret))


@way("replaces a secret at once")
def _(target: Target):
    return _removed(target, ForceDeleteWithoutRecovery="true")


@way("replaces a secret within a month")
def _(target: Target):
    for days in (7, 29):
        yield from _removed(target, RecoveryWindowInDays=str(days))


@way("replaces a secret after a month")
def _(target: Target):
    yield from _removed(target)
    yield from _removed(target, RecoveryWindowInDays="30")


@way("gives a new secret its value")
def _(target: Target):
    return _on("secretsmanager:CreateSecret", [f"{_here('secretsmanager')}:secret:{target.name}/NEW-AbCdEf"])


@way("writes over the record")
def _(target: Target):
    for path in ("postgres/RAW/accounts/1.parquet", "postgres/RAW/_loads/1.json", "saas/RAW/_schemas/a.json"):
        for carried in ({}, {"s3:if-match": "etag"}):
            yield (Request("s3:PutObject", f"{target.lake}/{path}", {"s3:ObjectCreationOperation": "true"} | carried),)


@way("destroys the record")
def _(target: Target):
    objects = [f"{target.lake}/postgres/RAW/accounts/1.parquet"]
    yield from _on("s3:DeleteObject", objects) + _on("s3:DeleteObjectVersion", objects)
    for action in ("PutLifecycleConfiguration", "PutBucketVersioning", "DeleteBucket", "PutEncryptionConfiguration"):
        yield from _on(f"s3:{action}", [target.lake])
