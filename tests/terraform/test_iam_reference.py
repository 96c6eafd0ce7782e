"""Every statement of every policy against AWS's service authorization reference: it is known, and it can take effect.

A statement that binds an action to a resource that AWS does not check it against, or to a condition key that its
request does not carry, never allows anything. moto ignores that; AWS refuses the deployment.
"""

import json
from datetime import date

import pytest

from tests.terraform.policies import Policy, as_list, policies
from tests.terraform.reference import Action, action, folder, meet

# What every issuer of tokens says; the reference names the claims of some issuers beside them.
CLAIMS = ("aud", "sub")

OPERATORS = {
    "ArnEquals",
    "ArnLike",
    "Bool",
    "Null",
    "NumericLessThan",
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "ForAllValues:StringEquals",
}


def findings(policy: Policy) -> list[str]:
    """Return what in a policy cannot take effect, a line each."""
    return [
        f"{policy.address} {statement.get('Sid', '')}: {said}"
        for statement in policy.statements
        for said in _of_statement(policy, statement)
    ]


def _of_statement(policy: Policy, statement: dict) -> list[str]:
    conditions = [(operator, key) for operator, keys in statement.get("Condition", {}).items() for key in keys]
    found = [
        f"{operator} on {key} is true where the key is absent"
        for operator, key in conditions
        if operator.endswith("IfExists")
    ]
    found += [f"nobody knows the operator {o}" for o, _ in conditions if o.removesuffix("IfExists") not in OPERATORS]
    for name in as_list(statement.get("Action", statement.get("NotAction"))):
        if "*" in name:  # a Deny of everything; tests/terraform/test_policies.py allows it nowhere else
            continue
        known = action(name)
        if known is None:
            found.append(f"there is no action {name}")
        else:
            keys = [key for _, key in conditions if not _is_claim(statement, key)]
            found += _of_action(policy, known, as_list(statement.get("Resource", [])), keys)
    if statement.get("Resource") and "*" not in as_list(statement["Resource"]):
        names = [known for known in map(action, as_list(statement["Action"])) if known]
        for resource in as_list(statement["Resource"]):
            if names and not any(kind.covers(resource) for known in names for kind in known.kinds):
                found.append(f"no action is checked against {resource}")
    return found


def _of_action(policy: Policy, known: Action, resources: list[str], keys: list[str]) -> list[str]:
    if policy.kind in ("trust", "key"):  # a trust has no resource, and in a key's policy * is the key
        touched = tuple(kind for kind in known.kinds if kind.name == "key") if policy.kind == "key" else ()
    elif not known.kinds:
        if resources != ["*"]:
            return [f"{known.name} has no resource type: only * allows it"]
        touched = ()
    else:
        touched = tuple(kind for kind in known.kinds if any(kind.covers(resource) for resource in resources))
        if not touched:
            return [
                f"{known.name} is checked against {', '.join(k.name for k in known.kinds)}, not {', '.join(resources)}"
            ]
    found = []
    if policy.kind == "identity":
        beside = [kind for kind in known.kinds if kind.is_required and kind not in touched]
        found = [
            f"{known.name} needs a statement on {kind.name}, too" for kind in beside if not _says(policy, known, kind)
        ]
    for key in keys:
        found += [f"{known.name} on {kind.name} has no {key}" for kind in touched if not known.knows(key, kind)]
        if not touched and not known.knows(key, None):
            found.append(f"{known.name} has no {key}")
    return found


def _is_claim(statement: dict, key: str) -> bool:
    issuer = str(statement.get("Principal", {})).partition(":oidc-provider/")[2].rstrip("'}")
    return bool(issuer) and key in [f"{issuer}:{claim}" for claim in CLAIMS]


def _says(policy: Policy, known: Action, kind) -> bool:
    return any(
        known.name in as_list(statement["Action"]) and any(kind.covers(r) for r in as_list(statement["Resource"]))
        for statement in policy.statements
        if statement["Effect"] == "Allow"
    )


def test_every_statement_can_take_effect(applied, bootstrap_state):
    found = policies(applied.state) + policies(bootstrap_state)
    assert len(found) > 10
    assert {policy.kind for policy in found} == {"identity", "trust", "bucket", "key"}
    assert [line for policy in found for line in findings(policy)] == []


def allow(action: str, *resources: str, condition: dict | None = None) -> Policy:
    said = {"Effect": "Allow", "Sid": "S", "Action": action, "Resource": list(resources), "Condition": condition or {}}
    return Policy("it", "identity", {"Statement": said})


OWN = {"StringEquals": {"aws:ResourceTag/Platform": "x"}}
NEW = {"Null": {"s3:if-none-match": "false"}}
MAYBE = {"StringEqualsIfExists": {"kms:ViaService": "s"}}
ODD = {"StringIs": {"aws:PrincipalArn": "s"}}
OBJECTS, KEYS, TASKS = "arn:aws:s3:::b/*", "arn:aws:kms:*:1:key/*", "arn:aws:ecs:*:1:task-definition/x:*"
GROUP, RULE = (f"arn:aws:ec2:*:123456789012:{kind}/*" for kind in ("security-group", "security-group-rule"))


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (allow("s3:PutObjekt", "*"), "there is no action s3:PutObjekt"),
        (allow("ecs:DeregisterTaskDefinition", TASKS), "only * allows it"),
        (allow("s3:GetObject", "arn:aws:s3:::bucket"), "is checked against"),
        (allow("kms:CreateAlias", KEYS), "needs a statement on alias, too"),
        (allow("ec2:AuthorizeSecurityGroupEgress", GROUP, RULE, condition=OWN), "security-group-rule has no aws:Res"),
        (allow("ec2:CreateSecurityGroup", GROUP, condition=OWN), "on security-group has no aws:ResourceTag"),
        (allow("s3:GetObject", OBJECTS, condition=NEW), "has no s3:if-none-match"),
        (allow("kms:Decrypt", KEYS, condition=MAYBE), "is true where the key is absent"),
        (allow("s3:GetObject", OBJECTS, condition=ODD), "nobody knows the operator"),
        (allow("s3:GetObject", OBJECTS, TASKS), "no action is checked against"),
    ],
)
def test_a_statement_that_cannot_is_found(policy, says):
    assert [line for line in findings(policy) if says in line], findings(policy)


def test_a_statement_that_can_is_not_found():
    assert findings(allow("s3:PutObject", OBJECTS, condition=NEW)) == []


def test_patterns_meet():
    assert meet("arn:aws:s3:::b/*", "arn:*:s3:::*/*")
    assert not meet("arn:aws:s3:::b", "arn:*:s3:::*/*")


def test_the_reference_is_not_two_years_old():
    """AWS adds actions and keys weekly; renew an older reference with the lock."""
    made = date.fromisoformat(json.loads((folder() / "metadata.json").read_text())["updatedAt"][:10])
    assert (date.today() - made).days < 730


# "IAM and AWS STS quotas", "KMS quotas" and S3's manual: characters but spaces, a role's inline policies together.
LIMITS = {"inline": 10_240, "managed": 6_144, "trust": 2_048, "bucket": 20_480, "key": 32_768}


def test_every_policy_fits_into_aws_limits(applied, bootstrap_state):
    sizes: dict[tuple[str, str], int] = {}
    for state in (applied.state, bootstrap_state):
        for policy in policies(state):
            role = state[policy.address].get("role")
            kind = policy.kind if policy.kind != "identity" else "inline" if role else "managed"
            place = (kind, role or policy.address)
            sizes[place] = sizes.get(place, 0) + len(json.dumps(policy.document, separators=(",", ":")))
    assert {kind for kind, _ in sizes} == set(LIMITS)
    assert [f"{place}: {size}" for place, size in sizes.items() if size > LIMITS[place[0]]] == []
