"""What AWS's policies allow, evaluated offline by the rules of IAM's manual ("Policy evaluation logic").

A request is allowed if no policy denies it, and a policy of the identity and its boundary (if any) allow it, or the
resource's policy names the identity. A KMS key's policy must name the identity or its account ("Key policies in AWS
KMS"). The simulator raises an error for operators that it does not know.
"""

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.terraform.policies import as_list

Document = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One action on one resource; `context` has the values of condition keys, a text or a list of texts each."""

    action: str
    resource: str = "*"
    context: dict[str, Any] = field(default_factory=dict, hash=False)

    def values(self, key: str) -> list[str] | None:
        """Return the values of a condition key; None where the request does not carry it."""
        for name, value in self.context.items():
            if name.lower() == key.lower():
                return [str(one) for one in as_list(value)]
        return None


@dataclass(frozen=True)
class Identity:
    """Who sends a request: attached policies and boundary."""

    arn: str
    policies: tuple[Document, ...] = field(hash=False)
    boundary: Document | None = field(default=None, hash=False)


def allows(identity: Identity, request: Request, of_resource: Iterable[Document] = ()) -> bool:
    """Return whether a request is allowed; `of_resource` are the policies of its resource, a bucket or a key."""
    documents, resource_policies = list(identity.policies), list(of_resource)
    bounds = [identity.boundary] if identity.boundary else []
    if any(_says(document, request, "Deny") for document in documents + bounds):
        return False
    if any(_says(document, request, "Deny", identity.arn) for document in resource_policies):
        return False
    is_of_key = resource_policies and request.action.startswith("kms:")
    if is_of_key and not any(_says(one, request, "Allow", root_of(identity.arn)) for one in resource_policies):
        documents = []  # the key's policy does not delegate to IAM
    is_within = not bounds or _says(bounds[0], request, "Allow")
    if any(_says(document, request, "Allow", identity.arn) for document in resource_policies) and is_within:
        return True
    return is_within and any(_says(document, request, "Allow") for document in documents)


def root_of(arn: str) -> str:
    """Return the principal that is the whole account of an identity."""
    return ":".join([*arn.split(":")[:5], "root"])


def _says(document: Document, request: Request, effect: str, principal: str | None = None) -> bool:
    return any(
        statement["Effect"] == effect
        and (principal is None or _names(statement["Principal"], principal))
        and _is_action(statement, request.action)
        and _is_resource(statement, request.resource)
        and holds(statement.get("Condition", {}), request)
        for statement in as_list(document["Statement"])
    )


def _names(principals: Any, arn: str) -> bool:
    """Return whether a principal is named itself. The account's root delegates to IAM and names no identity."""
    if principals == "*":
        return True
    return any(one in ("*", arn) for kind in principals.values() for one in as_list(kind))


def _is_action(statement: Document, action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(one, action.lower()) for one in map(str.lower, as_list(statement["NotAction"])))
    return any(_matches(one, action.lower()) for one in map(str.lower, as_list(statement["Action"])))


def _is_resource(statement: Document, resource: str) -> bool:
    if "NotResource" in statement:
        return not any(_matches(one, resource) for one in as_list(statement["NotResource"]))
    return any(_matches(one, resource) for one in as_list(statement.get("Resource", "*")))


def _matches(pattern: str, text: str) -> bool:
    if "${" in pattern:
        raise NotImplementedError(f"variables of policies are not known here: {pattern}")
    return re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), text) is not None


def holds(conditions: Document, request: Request) -> bool:
    """Tell whether every condition of a statement is true for a request.

    Raises:
        NotImplementedError: an operator is not known here.
    """
    return all(
        _holds(operator, request.values(key), [str(value) for value in as_list(wanted)])
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, found: list[str] | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return (found is None) == (wanted == ["true"])
    each, _, plain = operator.rpartition(":")
    is_optional = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    is_negated = "Not" in plain
    test = _TESTS.get(plain.replace("Not", ""))
    if test is None or each not in ("", "ForAllValues", "ForAnyValue"):
        raise NotImplementedError(f"the operator {operator} is not known here")
    if found is None:
        return is_optional or is_negated or each == "ForAllValues"
    hits = [any(test(value, one) for one in wanted) != is_negated for value in found]
    return all(hits) if each == "ForAllValues" or (is_negated and not each) else any(hits)


_TESTS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: _matches(wanted, value),
    "ArnEquals": lambda value, wanted: _matches(wanted, value),
    "ArnLike": lambda value, wanted: _matches(wanted, value),
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
}
