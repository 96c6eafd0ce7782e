output "settings" {
  value       = local.settings
  description = "Environment variables that dlt, dbt and Prefect read; none is secret."
}

output "secrets" {
  value       = module.worker.secrets
  description = "Names of the secrets that need a value, by setting."
}

output "lake_url" {
  value       = "s3://${local.lake}"
  description = "URL of the raw lake."
}

output "stage" {
  value       = module.stage.stage
  description = "Name of the external stage over the lake."
}

output "snowflake_role_arn" {
  value       = module.stage.role_arn
  description = "ARN of the role by which Snowflake reads the lake."
}

output "loader_role_arn" {
  value       = module.worker.task_role_arn
  description = "ARN of the role by which the worker writes the lake."
}

output "smoke_role_arn" {
  value       = one(module.smoke[*].role_arn)
  description = "The variable LAKE_WRITER_ROLE_ARN of the GitHub environment snowflake; null without smoke runs."
}

output "warehouse" {
  value = {
    database   = module.warehouse.database
    roles      = module.warehouse.roles
    users      = module.warehouse.users
    warehouses = module.warehouse.warehouses
  }
  description = "Names in Snowflake."
}

output "worker" {
  value = {
    repository = module.worker.repository_url
    cluster    = module.worker.cluster
    service    = module.worker.service
  }
  description = "Where a deployment pushes the image, and what it restarts."
}
