"""The simulator of policies judges as IAM's manual says."""

import pytest

from tests.terraform.simulator import Identity, Request, allows, holds

OBJECT = "arn:aws:s3:::lake/postgres/a"
ME = "arn:aws:iam::123456789012:role/me"


def say(effect="Allow", action="s3:*", resource="*", **more) -> dict:
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}


def me(*policies, boundary=None) -> Identity:
    return Identity(ME, policies, boundary)


@pytest.mark.parametrize(
    ("identity", "is_allowed"),
    [
        (me(), False),
        (me(say()), True),
        (me(say(action="s3:Get*")), False),
        (me(say(action="S3:putobject")), True),
        (me(say(resource="arn:aws:s3:::lake/postgres/*")), True),
        (me(say(resource="arn:aws:s3:::lake/saas/*")), False),
        (me(say(resource="arn:aws:s3:::lake/postgres/?")), True),
        (me(say(), say("Deny")), False),
        (me(say(), say("Deny", action="s3:DeleteObject")), True),
        (me(say(), boundary=say(action="s3:GetObject")), False),
        (me(say(), boundary=say(action="s3:PutObject")), True),
        (me(boundary=say()), False),
        (me({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}), True),
        (me({"Statement": {"Effect": "Allow", "Action": "s3:*", "NotResource": OBJECT}}), False),
    ],
)
def test_refusals_and_boundaries(identity, is_allowed):
    assert allows(identity, Request("s3:PutObject", OBJECT)) is is_allowed


def test_a_resources_policy_names_whom_it_lets_in():
    request = Request("s3:PutObject", OBJECT)
    assert allows(me(), request, [say(Principal={"AWS": ME})])
    assert not allows(me(), request, [say(Principal={"AWS": "arn:aws:iam::123456789012:root"})])
    assert not allows(me(say()), request, [say("Deny", Principal="*")])
    assert not allows(me(say("Deny")), request, [say(Principal={"AWS": ME})])
    assert not allows(me(boundary=say(action="s3:GetObject")), request, [say(Principal={"AWS": ME})])


def test_a_key_is_used_by_whom_its_own_policy_names_too():
    request = Request("kms:Decrypt", "arn:aws:kms:eu-central-1:123456789012:key/k")
    mine = me(say(action="kms:Decrypt"))
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    assert allows(mine, request, [say(action="kms:Decrypt", Principal=root)])
    assert not allows(mine, request, [say(action="kms:Encrypt", Principal=root)])
    assert not allows(mine, request, [say(action="kms:Decrypt", Principal={"AWS": "arn:aws:iam::210987654321:root"})])
    assert not allows(me(), request, [say(action="kms:Decrypt", Principal=root)])
    assert allows(me(), request, [say(action="kms:Decrypt", Principal={"AWS": ME})])


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "is_true"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("StringNotEquals", "a", None, True),
        ("StringNotEquals", "a", "a", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringLike", "repo:*", "repo:x", True),
        ("ArnLike", "arn:aws:iam::1:role/x-*", "arn:aws:iam::1:role/x-y", True),
        ("ArnEquals", "arn:aws:iam::1:role/x", "arn:aws:iam::1:role/xy", False),
        ("Bool", "false", "false", True),
        ("Bool", "false", None, False),
        ("Null", "false", "*", True),
        ("Null", "false", None, False),
        ("Null", "true", None, True),
        ("NumericLessThan", "1.2", "1.1", True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a"], ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAnyValue:StringEquals", ["a"], ["a", "b"], True),
        ("ForAnyValue:StringEquals", ["a"], None, False),
    ],
)
def test_conditions(operator, wanted, found, is_true):
    context = {} if found is None else {"K": found}
    assert holds({operator: {"k": wanted}}, Request("x:Y", "*", context)) is is_true


def test_what_is_not_known_is_not_judged():
    with pytest.raises(NotImplementedError, match="DateLessThan"):
        holds({"DateLessThan": {"k": "x"}}, Request("x:Y", "*", {"k": "x"}))
    with pytest.raises(NotImplementedError, match="variables"):
        allows(me(say(resource="arn:aws:s3:::${aws:username}")), Request("s3:PutObject", OBJECT))
