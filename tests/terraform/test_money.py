"""AWS's budget and Snowflake's resource monitor notify the configured addresses before money is spent."""

import json

from tests.terraform.terraform_copy import COMPANY, TerraformCopy, resources

PLATFORM = "module.platform.module"


def test_the_budget_mails_to_every_address_at_80_100_and_at_a_forecast(applied):
    budget = applied.state[f"{PLATFORM}.budget.aws_budgets_budget.monthly"]
    mailed = {
        (one["notification_type"], one["threshold"]): one["subscriber_email_addresses"]
        for one in budget["notification"]
    }
    assert mailed == dict.fromkeys((("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)), COMPANY["alert_emails"])


def test_the_budget_counts_the_account_until_the_tag_is_active(applied):
    """A filter on an inactive tag counts nothing and never notifies."""
    assert applied.state[f"{PLATFORM}.budget.aws_budgets_budget.monthly"]["cost_filter"] == []


def test_the_monitor_mails_to_the_users_of_these_addresses(applied):
    monitor = applied.state[f"{PLATFORM}.warehouse.snowflake_resource_monitor.this"]
    assert monitor["notify_users"] == COMPANY["alert_users"]
    assert sorted(monitor["notify_triggers"]) == [50, 75, 90]
    on = {
        values["resource_monitor"]
        for address, values in applied.state.items()
        if ".snowflake_warehouse.this" in address
    }
    assert on == {monitor["name"]}


def test_the_tag_is_activated_on_demand(bootstrapped):
    terraform_copy = TerraformCopy(bootstrapped.folder, bootstrapped.environment | {"TF_VAR_activate_cost_tag": "true"})
    planned = resources(terraform_copy.plan("bootstrap")["planned_values"])
    (tag,) = [one["values"] for one in planned if one["type"] == "aws_ce_cost_allocation_tag"]
    assert (tag["tag_key"], tag["status"]) == ("Platform", "Active")


def test_all_that_costs_bears_the_tag(applied, bootstrap_state):
    """Includes what bootstrap creates for an environment: it counts as that environment's cost."""
    name = f"dp-mailblaze-demo-{applied.name}"
    own = {
        address: values
        for address, values in bootstrap_state.items()
        if f'["{applied.name}"]' in address and "module." in address
    }
    for address, values in {**applied.state, **own}.items():
        tags = values.get("tags_all")
        assert tags is None or tags.get("Platform") == name, f"{address}: {json.dumps(tags)}"
