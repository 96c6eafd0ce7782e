# The AWS budget: mails before it is spent. Snowflake has a resource monitor (modules/warehouse).
resource "aws_budgets_budget" "monthly" {
  name         = "${var.name}-monthly"
  budget_type  = "COST"
  limit_amount = format("%.1f", var.monthly_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  # AWS counts by a tag only once it is active for cost allocation: until then the whole account counts, so that the
  # budget mails too early instead of never.
  dynamic "cost_filter" {
    for_each = var.counts_by_tag ? [1] : []
    content {
      name   = "TagKeyValue"
      values = [format("user:Platform$%s", var.name)]
    }
  }

  dynamic "notification" {
    for_each = [["ACTUAL", 80], ["ACTUAL", 100], ["FORECASTED", 100]]
    content {
      notification_type          = notification.value[0]
      threshold                  = notification.value[1]
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = var.emails
    }
  }
}
