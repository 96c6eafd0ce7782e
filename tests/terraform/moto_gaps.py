"""Calls that the AWS provider makes and moto 5.2.5 lacks: subscribers of budgets, tags of budgets and scalable targets,
where a service of ECS spreads its tasks.

They store what they receive; they prove that the provider sends it, not what AWS answers.
"""

import json

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.budgets.responses import BudgetsResponse
from moto.ecs.models import Service

_register = ApplicationAutoScalingResponse.register_scalable_target
_create = BudgetsResponse.create_budget
_tags: dict[str, dict[str, str]] = {}


def _subscribers(self: BudgetsResponse) -> str:
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    asked = self._get_param("Notification")
    same = ("NotificationType", "ComparisonOperator", "Threshold")
    for known in budget.notifications:
        if all(known.details[name] == asked[name] for name in same):
            return json.dumps({"Subscribers": known.subscribers})
    return json.dumps({"Subscribers": []})


def _list_tags(self: BudgetsResponse) -> str:
    tags = _tags.get(self._get_param("ResourceARN"), {})
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})


def _tag(self: BudgetsResponse) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")}
    _tags.setdefault(self._get_param("ResourceARN"), {}).update(tags)
    return "{}"


def _create_with_tags(self: BudgetsResponse) -> str:
    name = self._get_param("Budget")["BudgetName"]
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{name}"
    _tags[arn] = {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags") or []}
    return _create(self)


def _register_with_tags(self: ApplicationAutoScalingResponse) -> str:
    said = _register(self)
    _tags.setdefault(json.loads(said)["ScalableTargetARN"], {}).update(self._get_param("Tags") or {})
    return said


def _list_target_tags(self: ApplicationAutoScalingResponse) -> str:
    return json.dumps({"Tags": _tags.get(self._get_param("ResourceARN"), {})})


Service.availability_zone_rebalancing = "DISABLED"  # AWS's default
ApplicationAutoScalingResponse.register_scalable_target = _register_with_tags
ApplicationAutoScalingResponse.list_tags_for_resource = _list_target_tags
BudgetsResponse.create_budget = _create_with_tags
BudgetsResponse.describe_subscribers_for_notification = _subscribers
BudgetsResponse.list_tags_for_resource = _list_tags
BudgetsResponse.tag_resource = _tag
