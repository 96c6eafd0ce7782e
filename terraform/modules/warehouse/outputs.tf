output "database" {
  value       = snowflake_database.this.name
  description = "Name of the database."
}

output "schemas" {
  value       = { for key, schema in snowflake_schema.this : key => schema.name }
  description = "Names of the schemas."
}

output "roles" {
  value       = { for name, role in snowflake_account_role.this : name => role.name }
  description = "Names of the functional roles."
}

output "warehouses" {
  value       = { for role, warehouse in snowflake_warehouse.this : role => warehouse.name }
  description = "Names of the warehouses by the role that uses them."
}

output "users" {
  value       = { for role, user in snowflake_service_user.this : role => user.name }
  description = "Names of the service users by role."
}
