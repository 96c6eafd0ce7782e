mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}
mock_provider "snowflake" { alias = "sysadmin" }
mock_provider "snowflake" { alias = "securityadmin" }
mock_provider "snowflake" { alias = "accountadmin" }

variables {
  environment     = "staging"
  force_destroy   = true
  monthly_credits = 20
  monthly_usd     = 60
  hours           = { up = "cron(0 6 * * ? *)", down = "cron(0 18 * * ? *)" }
  runs            = { hourly = "15 7-17 * * *", full_build = "15 6 * * *" }
  image_tag       = "0123abc"
  company = {
    snowflake_account = "mailblaze-demo"
    saas_url          = "https://api.vendor.example"
    prefect_url       = "https://prefect.mailblaze.example/api"
    alert_emails      = ["data@mailblaze.example"]
    alert_users       = ["DATA_LEAD"]
    network           = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], postgres_cidr = "10.0.0.0/16" }
  }
}

# tests/terraform tests whole environments: applied, planned again, removed.
run "an_environment_of_another_name_is_refused" {
  command         = plan
  expect_failures = [var.environment]
}
