mock_provider "aws" {}

variables {
  name        = "dp-mailblaze-demo-dev"
  monthly_usd = 60
  emails      = ["data@mailblaze.example"]
}

run "mails_before_and_at_the_limit" {
  command = plan
  assert {
    condition     = toset([for n in aws_budgets_budget.monthly.notification : "${n.notification_type} ${n.threshold}"]) == toset(["ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "thresholds changed"
  }
  assert {
    condition     = length(aws_budgets_budget.monthly.cost_filter) == 0
    error_message = "a tag that is not active yet counts nothing, and the budget never mails"
  }
}

run "an_active_tag_narrows_it" {
  command = plan
  variables {
    counts_by_tag = true
  }
  assert {
    condition     = one(aws_budgets_budget.monthly.cost_filter).values == tolist(["user:Platform$dp-mailblaze-demo-dev"])
    error_message = "another platform's money is counted"
  }
}

run "nobody_to_hear_of_it_is_refused" {
  command = plan
  variables {
    emails = []
  }
  expect_failures = [var.emails]
}
