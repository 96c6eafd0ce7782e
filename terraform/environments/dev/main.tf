# Working hours; disposable.
module "platform" {
  source            = "../../modules/platform"
  environment       = "dev"
  force_destroy     = true
  allow_smoke_tests = true
  monthly_credits   = 40 # docs/cost.md: the smoke runs take about a third of them
  monthly_usd       = 60
  hours             = { up = "cron(0 6 ? * MON-FRI *)", down = "cron(0 18 ? * MON-FRI *)" }
  runs              = { hourly = "15 7-17 * * 1-5", full_build = "15 6 * * 1-5" }
  image_tag         = var.image_tag
  company           = var.company
  providers = {
    aws                     = aws
    snowflake.sysadmin      = snowflake.sysadmin
    snowflake.securityadmin = snowflake.securityadmin
    snowflake.accountadmin  = snowflake.accountadmin
  }
}

variable "image_tag" {
  type        = string
  description = "Commit whose image the worker runs; the deployment sets it."
}

variable "company" {
  type        = any
  description = "Account, network, keys and addresses of the company: modules/platform/variables.tf declares the parts, company.auto.tfvars.example is a template."
}

output "settings" {
  value       = module.platform.settings
  description = "Settings that `make env-file` writes."
}

output "platform" {
  value       = module.platform
  description = "All outputs of the platform."
}
