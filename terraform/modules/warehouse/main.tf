# The database, its schemas and its warehouses.
locals {
  # RAW_STAGING is the second schema that dlt merges through; only the loader has a right on it. METERING is in metering.tf.
  schemas = ["RAW", "RAW_STAGING", "STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS", "METERING"]
  # One warehouse for each kind of work, so that none waits for another or is billed with it.
  warehouses = { LOADER = "LOAD_WH", TRANSFORMER = "TRANSFORM_WH", REPORTER = "REPORT_WH" }
}

resource "snowflake_database" "this" {
  provider                       = snowflake.sysadmin
  name                           = var.database
  data_retention_time_in_days    = var.retention_days
  drop_public_schema_on_creation = true
  comment                        = "MailBlaze data platform, ${var.environment}"
}

resource "snowflake_schema" "this" {
  provider            = snowflake.sysadmin
  for_each            = toset(local.schemas)
  database            = snowflake_database.this.name
  name                = each.key
  with_managed_access = "true" # the owner of the schema grants, not the owner of a table
  # Staging tables are empty between two loads: no time travel, no fail-safe. Other schemas follow the database.
  is_transient                = each.key == "RAW_STAGING" ? "true" : null
  data_retention_time_in_days = each.key == "RAW_STAGING" ? 0 : null
}

resource "snowflake_resource_monitor" "this" {
  provider                  = snowflake.accountadmin
  name                      = "${var.database}_MONTHLY"
  credit_quota              = var.monthly_credits
  frequency                 = "MONTHLY"
  start_timestamp           = "IMMEDIATELY"
  notify_triggers           = [50, 75, 90]
  notify_users              = var.alert_users # each with a verified address, or Snowflake refuses the monitor
  suspend_trigger           = 100
  suspend_immediate_trigger = 110
}

check "somebody_hears_of_credits" {
  assert {
    condition     = length(var.alert_users) > 0
    error_message = "Nobody is mailed when credits run out: name users with a verified address in company.alert_users."
  }
}

resource "snowflake_warehouse" "this" {
  provider                            = snowflake.accountadmin # only ACCOUNTADMIN attaches a resource monitor
  for_each                            = local.warehouses
  name                                = each.value
  warehouse_size                      = "XSMALL"
  auto_suspend                        = 60 # the least that is billed at a start
  auto_resume                         = "true"
  initially_suspended                 = true
  resource_monitor                    = snowflake_resource_monitor.this.name
  statement_timeout_in_seconds        = var.statement_timeout_seconds
  statement_queued_timeout_in_seconds = 600
  comment                             = "${each.key} of ${var.database}"
}
