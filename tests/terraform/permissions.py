"""The permissions that a call of Terraform needs: actions, resources and condition keys."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.terraform.calls import Call
from tests.terraform.simulator import Request
from tests.terraform.terraform_copy import ACCOUNT

REGION = "eu-central-1"
# Where the action is not named like the operation.
RENAMED = {
    "budgets": {
        "CreateBudget": "ModifyBudget", "CreateNotification": "ModifyBudget", "CreateSubscriber": "ModifyBudget",
        "DeleteBudget": "ModifyBudget", "DeleteNotification": "ModifyBudget", "DeleteSubscriber": "ModifyBudget",
        "UpdateBudget": "ModifyBudget", "DescribeBudget": "ViewBudget", "DescribeNotificationsForBudget": "ViewBudget",
        "DescribeSubscribersForNotification": "ViewBudget",
    },
    "s3": {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"},
}  # fmt: skip
REMOVES = ("ForceDeleteWithoutRecovery", "RecoveryWindowInDays")  # what a removal of a secret may say
# AWS creates these roles in an account that lacks them, if the caller may create them.
OF_SERVICES = {
    ("ecs", "CreateCluster"): ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
    ("application-autoscaling", "RegisterScalableTarget"): (
        "ecs.application-autoscaling.amazonaws.com",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
    ),
}


@dataclass
class Account:
    """What a call does not say of the account: real bucket names, keys, and boundaries of roles."""

    buckets: dict[str, str]
    keys: dict[str, str]  # by the name of an environment
    boundaries: dict[str, str] = field(default_factory=dict)  # by the name of a role; filled by CreateRole
    targets: dict[str, dict[str, str]] = field(default_factory=dict)  # tags of scalable targets, by what they scale

    def needs(self, call: Call) -> list[Request]:
        """Return the requests that IAM judges for a call.

        Raises:
            NotImplementedError: the kind of call is unknown.
        """
        if call.service == "sts" and call.operation == "GetCallerIdentity":
            return []  # needs no permission
        if call.service not in KINDS:
            raise NotImplementedError(f"{call.service}:{call.operation}: say here what it is checked against")
        action = f"{call.service}:{RENAMED.get(call.service, {}).get(call.operation, call.operation)}"
        found = KINDS[call.service](self, call, action)
        if (call.service, call.operation) in OF_SERVICES:
            service, role = OF_SERVICES[call.service, call.operation]
            arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/{role}"
            found.append(Request("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": service}))
        return found

    def key(self, call: Call) -> str:
        """Return the key of the environment that calls."""
        return self.keys[call.who.partition("-")[2]]


def arn(service: str, rest: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


def _tags(sent: dict[str, Any]) -> dict[str, str]:
    """Return the tags that a request brings, in whichever of AWS's spellings, as condition keys."""
    found = {}
    for name in ("Tags", "tags", "ResourceTags", "resourceTags"):
        value = sent.get(name) or {}
        pairs = value.items() if isinstance(value, dict) else [(_one(tag, "key"), _one(tag, "value")) for tag in value]
        found.update(pairs)
    for name, value in sent.items():  # of a form
        if "Tag" in name and name.endswith(".Key"):
            found[value] = sent[name.removesuffix("Key") + "Value"]
    return {f"aws:RequestTag/{key}": value for key, value in found.items()} | (
        {"aws:TagKeys": [*found]} if found else {}
    )


def _one(tag: dict, name: str) -> str:
    return next(value for key, value in tag.items() if key.lower().endswith(name))


def _tagged(call: Call, action: str, *resources: str, tag: str = "TagResource", **context: Any) -> list[Request]:
    """Return a request for each resource, and one to tag it where the call brings tags."""
    tags = _tags(call.sent)
    found = [Request(action, resource, tags | context) for resource in resources]
    if tags and not action.endswith(tag):
        found += [Request(f"{call.service}:{tag}", resource, tags) for resource in resources]
    return found


def _s3(account: Account, call: Call, action: str) -> list[Request]:
    bucket = account.buckets.get(call.sent["bucket"], call.sent["bucket"])
    if not call.sent["key"]:
        if call.operation == "GET" and "list-type" in call.sent["query"]:
            return [Request("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
        raise NotImplementedError(f"{call}: a deployment has no business with a bucket")
    return [Request(action, f"arn:aws:s3:::{bucket}/{call.sent['key']}")]


def _iam(account: Account, call: Call, action: str) -> list[Request]:
    sent = call.sent
    if "OpenIDConnectProviderArn" in sent:
        return [Request(action, sent["OpenIDConnectProviderArn"])]
    if "RoleName" not in sent:
        policy = sent.get("PolicyArn") or f"arn:aws:iam::{ACCOUNT}:policy/{sent['PolicyName']}"
        return _tagged(call, action, policy, tag="TagPolicy")
    name = sent["RoleName"]
    if call.operation == "CreateRole":
        account.boundaries[name] = sent.get("PermissionsBoundary", "")
    context = {"iam:PermissionsBoundary": account.boundaries[name]} if account.boundaries.get(name) else {}
    if "PolicyArn" in sent:
        context["iam:PolicyARN"] = sent["PolicyArn"]
    return _tagged(call, action, f"arn:aws:iam::{ACCOUNT}:role/{name}", tag="TagRole", **context)


def _ec2(account: Account, call: Call, action: str) -> list[Request]:
    sent, own = call.sent, {"aws:ResourceTag/Platform": f"dp-mailblaze-demo-{call.who.partition('-')[2]}"}
    if call.operation.startswith("Describe"):
        return [Request(action)]
    group, tags = arn("ec2", f"security-group/{sent.get('GroupId', '*')}"), _tags(sent)
    made = {**tags, "ec2:CreateAction": call.operation}
    if call.operation == "CreateSecurityGroup":
        vpc = Request(action, arn("ec2", f"vpc/{sent['VpcId']}"))
        return [Request(action, group, tags), vpc, *([Request("ec2:CreateTags", group, made)] if tags else [])]
    found = [Request(action, group, own)]
    if call.operation == "AuthorizeSecurityGroupEgress" and tags:  # without tags AWS checks no permission on the rule
        rule = arn("ec2", "security-group-rule/*")
        found += [Request(action, rule, tags), Request("ec2:CreateTags", rule, made)]
    return found


def _ecs(account: Account, call: Call, action: str) -> list[Request]:
    sent, operation = call.sent, call.operation
    cluster = str(sent.get("cluster", "")).rpartition("/")[2]
    if operation in ("DescribeTaskDefinition", "DeregisterTaskDefinition"):
        return [Request(action)]
    if operation == "RegisterTaskDefinition":
        roles = [Request("iam:PassRole", sent[name], {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
                 for name in ("executionRoleArn", "taskRoleArn")]  # fmt: skip
        return _tagged(call, action, arn("ecs", f"task-definition/{sent['family']}:1")) + roles
    if "resourceArn" in sent:
        return _tagged(call, action, sent["resourceArn"])
    names = sent.get("services") or [sent.get("service", sent.get("serviceName"))]
    if "Service" in operation:
        return _tagged(call, action, *(arn("ecs", f"service/{cluster}/{name.rpartition('/')[2]}") for name in names))
    names = sent.get("clusters") or [sent.get("clusterName", sent.get("cluster"))]
    return _tagged(call, action, *(arn("ecs", f"cluster/{name.rpartition('/')[2]}") for name in names))


def _ecr(account: Account, call: Call, action: str) -> list[Request]:
    names = call.sent.get("repositoryNames") or [call.sent.get("repositoryName")]
    resources = (
        [call.sent["resourceArn"]] if "resourceArn" in call.sent else [arn("ecr", f"repository/{n}") for n in names]
    )
    found = _tagged(call, action, *resources)
    if call.operation == "CreateRepository" and "kmsKey" in call.sent["encryptionConfiguration"]:
        via = {"kms:ViaService": f"ecr.{REGION}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
        found += [Request(f"kms:{verb}", call.sent["encryptionConfiguration"]["kmsKey"], via)
                  for verb in ("CreateGrant", "DescribeKey", "RetireGrant")]  # fmt: skip
    return found


def _kms(account: Account, call: Call, action: str) -> list[Request]:
    if call.operation == "ListAliases":
        return [Request(action)]
    sent = call.sent
    key = sent.get("KeyId") or sent.get("TargetKeyId") or "new"
    key = account.key(call) if "alias/" in key else key if key.startswith("arn:") else arn("kms", f"key/{key}")
    if call.operation == "CreateKey":
        return [Request(action, "*", _tags(sent)), Request("kms:TagResource", key, _tags(sent))]
    # A tag may take five minutes to take effect: a key has none that a policy could use.
    found = [Request(action, key)]
    return found + ([Request(action, arn("kms", sent["AliasName"]))] if "AliasName" in sent else [])


def _logs(account: Account, call: Call, action: str) -> list[Request]:
    if call.operation == "DescribeLogGroups":
        return [Request(action)]
    group = call.sent.get("resourceArn") or arn("logs", f"log-group:{call.sent.get('logGroupName')}")
    group = group.removesuffix(":*")
    return _tagged(call, action, group, f"{group}:*")  # services disagree on which of the two is asked for


def _secrets(account: Account, call: Call, action: str) -> list[Request]:
    name = call.sent.get("SecretId") or call.sent["Name"]
    asked = {key: str(call.sent[key]).lower() for key in REMOVES if key in call.sent}
    context = {f"secretsmanager:{key}": value for key, value in asked.items()}
    secret = name if name.startswith("arn:") else arn("secretsmanager", f"secret:{name}-AbCdEf")
    found = _tagged(call, action, secret, **context)
    if call.operation == "CreateSecret" and "KmsKeyId" in call.sent:
        via = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
        found += [Request(f"kms:{verb}", call.sent["KmsKeyId"], via) for verb in ("Decrypt", "GenerateDataKey")]
    return found


def _autoscaling(account: Account, call: Call, action: str) -> list[Request]:
    if call.operation.startswith("Describe"):
        return [Request(action)]
    resource = call.sent.get("ResourceARN") or arn("application-autoscaling", "scalable-target/0ec5")
    scaled = call.sent.get("ResourceId", "")
    found = _tagged(call, action, resource, **account.targets.get(scaled, {}))
    if call.operation == "RegisterScalableTarget":
        service = arn("ecs", scaled)
        found += [Request(f"ecs:{verb}", service) for verb in ("DescribeServices", "UpdateService")]
        tags = {name.replace("Request", "Resource"): value for name, value in _tags(call.sent).items()}
        account.targets.setdefault(scaled, {name: value for name, value in tags.items() if "ResourceTag/" in name})
    if call.operation == "DeregisterScalableTarget":
        account.targets.pop(scaled, None)
    return found


def _budgets(account: Account, call: Call, action: str) -> list[Request]:
    name = call.sent.get("BudgetName") or call.sent.get("Budget", {}).get("BudgetName")
    return _tagged(call, action, call.sent.get("ResourceARN") or arn("budgets", f"budget/{name}", region=""))


KINDS: dict[str, Callable[[Account, Call, str], list[Request]]] = {
    "application-autoscaling": _autoscaling,
    "budgets": _budgets,
    "ec2": _ec2,
    "ecr": _ecr,
    "ecs": _ecs,
    "iam": _iam,
    "kms": _kms,
    "logs": _logs,
    "s3": _s3,
    "secretsmanager": _secrets,
}
