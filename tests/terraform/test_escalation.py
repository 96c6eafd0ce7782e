"""No role gains more than the table in docs/security.md says: each known way is tested on each role, offline."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.terraform.conftest import key_policies
from tests.terraform.escalation import WAYS, Target, ways_of
from tests.terraform.identities import identities
from tests.terraform.policies import as_list
from tests.terraform.simulator import Identity, Request, allows
from tests.terraform.terraform_copy import ROOT

# By role, as it is called in the table "Ways that stay open" of docs/security.md.
PLAN, DEPLOY, LOADER, START, SMOKE, SNOWFLAKE = "plan", "deploy", "loader", "start", "smoke", "snowflake"
MUST_FIND = 25
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def accepted(word: str) -> set[tuple[str, str]]:
    """Return the table of docs/security.md: roles, and the ways that stay open to them in an environment."""
    text = (ROOT / "docs/security.md").read_text().partition("### Ways that stay open")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z]+)`: ([^|(]+?) (?:\(([a-z]+)\) )?\|", text, re.M)
    return {(role, way) for role, way, alone in rows if alone in ("", word)}


def target_of(states: list[dict], word: str) -> Target:
    """Return the targets in an environment."""
    name = f"dp-mailblaze-demo-{word}"
    arns = {values["arn"]: values for state in states for values in state.values() if "arn" in values}
    boundaries = {
        values["name"]: values["permissions_boundary"]
        for state in states
        for address, values in state.items()
        if ".aws_iam_role." in f".{address}" and values.get("permissions_boundary")
    }
    keys = [values for state in states for address, values in state.items() if address.endswith("aws_kms_key.this")]
    (key,) = [values["arn"] for values in keys if values["tags_all"]["Platform"] == name]
    secrets = tuple(arn for arn in arns if ":secret:" in arn)
    policies = tuple(arn for arn in arns if ":policy/" in arn)
    return Target(name, identities(*states), boundaries, policies, secrets, key)


def found(states: list[dict], word: str) -> set[tuple[str, str]]:
    """Return which role has which way in an environment."""
    target = target_of(states, word)
    roles, name = target.roles, target.name
    called = {f"github-{PLAN}-{name}": PLAN, f"github-{DEPLOY}-{name}": DEPLOY}
    called |= {f"{name}-{kind}": kind for kind in (LOADER, START, SMOKE, SNOWFLAKE)}
    return {(short, way) for full, short in called.items() if full in roles for way in ways_of(roles[full], target)}


def test_the_ways_that_stay_open_are_those_of_the_table(environments, bootstrap_state):
    """Neither more nor fewer: a closed way leaves the table."""
    assert len(WAYS) >= MUST_FIND
    open_ways = {one.name: found([one.state, bootstrap_state], one.name) for one in environments.values()}
    assert open_ways == {word: accepted(word) for word in ("dev", "prod")}


def test_every_role_that_a_deployment_makes_has_its_boundary(applied, bootstrap_state):
    boundary = bootstrap_state[f'aws_iam_policy.boundary["{applied.name}"]']["arn"]
    roles = {address: values for address, values in applied.state.items() if ".aws_iam_role." in address}
    assert len(roles) == {"dev": 4, "prod": 3}[applied.name]
    assert {values["permissions_boundary"] for values in roles.values()} == {boundary}


# What a boundary leaves to a role whose own policies say *. Each is a row of docs/security.md for one of the roles.
WITHIN = {"reads rows of the lake", "reads secrets"}


@pytest.mark.parametrize("word", ["dev", "prod"])
def test_a_boundary_leaves_two_ways_to_who_may_do_everything(environments, bootstrap_state, word):
    """A deployment writes the policies of the roles that it makes: what it cannot give them, the boundary says."""
    boundary = json.loads(bootstrap_state[f'aws_iam_policy.boundary["{word}"]']["policy"])
    arn = f"arn:aws:iam::123456789012:role/dp-mailblaze-demo-{word}-loader"
    states = [environments[word].state, bootstrap_state]
    assert set(ways_of(Identity(arn, (EVERYTHING,), boundary), target_of(states, word))) == WITHIN


def test_a_boundary_says_nothing_that_no_role_does(applied, bootstrap_state):
    """A deployment could grant an action that none of its roles has."""
    roles = identities(applied.state, bootstrap_state)
    bound = [role for name, role in roles.items() if role.boundary and f"demo-{applied.name}-" in name]
    (boundary,) = {json.dumps(role.boundary): role.boundary for role in bound}.values()
    used = {one for role in bound for document in role.policies for one in actions(document)}
    assert set(actions(boundary)) - used == set()


def actions(document: dict) -> list[str]:
    """Return the actions that a policy names."""
    return [one for statement in as_list(document["Statement"]) for one in as_list(statement["Action"])]


def test_a_boundary_takes_nothing_from_a_role(applied, bootstrap_state):
    """The boundary and the key's policy allow what a role's policies allow; otherwise ECS starts no worker."""
    of_keys = key_policies(bootstrap_state)
    roles = identities(applied.state, bootstrap_state)
    bound = {name: role for name, role in roles.items() if role.boundary and f"demo-{applied.name}-" in name}
    assert len(bound) == {"dev": 4, "prod": 3}[applied.name]
    lost = [
        f"{name}: {request.action} on {request.resource}"
        for name, role in bound.items()
        for request in own_requests(role)
        if not allows(role, request, of_keys.get(request.resource, ()))
    ]
    asked = {(r.action, r.resource) for role in bound.values() for r in own_requests(role) if r.resource in of_keys}
    assert {verb for verb, _ in asked} == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert lost == []


def own_requests(role: Identity) -> Iterator[Request]:
    """Return a request for each action and resource of a role's policies, which carries what the statement asks for."""
    for statement in (one for document in role.policies for one in as_list(document["Statement"])):
        asked = {key: value for keys in statement.get("Condition", {}).values() for key, value in keys.items()}
        context = {key: as_list(value)[0] for key, value in asked.items()}
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                yield Request(action, resource.replace("*", "x") if resource != "*" else "*", context)


@pytest.mark.parametrize("way", sorted(WAYS))
def test_each_way_is_one_that_an_administrator_has(environments, bootstrap_state, way):
    """A mistyped way would be found for no role."""
    bootstrap = {**bootstrap_state}
    applied = environments["dev"]
    roles = identities(applied.state, bootstrap)
    boundaries = {f"dp-mailblaze-demo-dev-{kind}": "b" for kind in (LOADER, SNOWFLAKE)}
    some = ("arn:aws:iam::123456789012:policy/p",)
    target = Target("dp-mailblaze-demo-dev", roles, boundaries, some, ("arn:aws:secretsmanager:x:1:secret:s",), "k")
    assert way in list(ways_of(Identity("arn:aws:iam::123456789012:role/admin", (EVERYTHING,)), target))
