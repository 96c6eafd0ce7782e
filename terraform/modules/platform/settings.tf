# Settings of dlt, dbt and Prefect under their names: the worker's environment, and the output that `make env-file` writes.
data "aws_region" "current" {}

locals {
  settings = {
    MAILBLAZE_ENV                                 = var.environment
    MAILBLAZE_MONTHLY_CREDITS                     = tostring(var.monthly_credits)
    MAILBLAZE_HOURLY_CRON                         = var.runs.hourly
    MAILBLAZE_FULL_BUILD_CRON                     = var.runs.full_build
    AWS_DEFAULT_REGION                            = data.aws_region.current.name
    DESTINATION__WAREHOUSE__CREDENTIALS__HOST     = var.company.snowflake_account
    DESTINATION__WAREHOUSE__CREDENTIALS__USERNAME = "LOADER_SVC"
    SNOWFLAKE_ACCOUNT                             = var.company.snowflake_account
    SNOWFLAKE_USER                                = "TRANSFORMER_SVC"
    SOURCES__SAAS__BASE_URL                       = var.company.saas_url
    PREFECT_API_URL                               = var.company.prefect_url
  }
  # Each must have a value before the first task: ECS starts none while one is empty (docs/security.md).
  secrets = setunion(
    ["DESTINATION__WAREHOUSE__CREDENTIALS__PRIVATE_KEY", "SNOWFLAKE_PRIVATE_KEY", "SOURCES__POSTGRES__CREDENTIALS", "SOURCES__SAAS__API_KEY"],
    { api_key = ["PREFECT_API_KEY"], basic = ["PREFECT_API_AUTH_STRING"], none = [] }[var.company.prefect_auth],
  )
}
