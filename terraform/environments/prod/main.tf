# All day (five minutes a day are for whatever leaks). terraform/apply.py refuses a plan that loses its data; a destroy by hand does not.
module "platform" {
  source          = "../../modules/platform"
  environment     = "prod"
  is_disposable   = false
  is_tried        = false
  monthly_credits = 100
  monthly_usd     = 250
  hours           = { up = "cron(0 0 * * ? *)", down = "cron(55 23 * * ? *)" }
  runs            = { hourly = "15 0-2,4-23 * * *", full_build = "15 3 * * *" }
  image_tag       = var.image_tag
  company         = var.company
  providers = {
    aws                     = aws
    snowflake.sysadmin      = snowflake.sysadmin
    snowflake.securityadmin = snowflake.securityadmin
    snowflake.accountadmin  = snowflake.accountadmin
  }
}

variable "image_tag" {
  type        = string
  description = "The commit whose image the worker runs; the deployment says it."
}

variable "company" {
  type        = any
  description = "What only the company knows; modules/platform/variables.tf has its parts, company.auto.tfvars.example a pattern."
}

output "settings" {
  value       = module.platform.settings
  description = "What `make env-file` writes."
}

output "platform" {
  value       = module.platform
  description = "All that the platform says of itself."
}
