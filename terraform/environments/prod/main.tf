# All day (a restart of five minutes a day clears leaks). terraform/apply.py refuses a plan that loses its data; a destroy by hand does not.
module "platform" {
  source            = "../../modules/platform"
  environment       = "prod"
  force_destroy     = false
  allow_smoke_tests = false
  monthly_credits   = 100
  monthly_usd       = 250
  hours             = { up = "cron(0 0 * * ? *)", down = "cron(55 23 * * ? *)" }
  runs              = { hourly = "15 0-2,4-23 * * *", full_build = "15 3 * * *" }
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
