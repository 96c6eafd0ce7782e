# Rights of roles. These maps are the whole model; tests/terraform/test_access.py compares it with a table.
locals {
  roles = ["LOADER", "TRANSFORMER", "REPORTER"]

  # Rights on a schema beside reading: what a role may create there. It owns what it creates.
  makes = {
    LOADER = {
      RAW         = ["USAGE", "CREATE TABLE"]
      RAW_STAGING = ["USAGE", "CREATE TABLE"]
    }
    TRANSFORMER = {
      for schema in ["STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS"] : schema => ["USAGE", "CREATE TABLE", "CREATE VIEW"]
    }
  }
  # Schemas whose present and future tables and views a role reads, beside what it owns.
  reads = {
    TRANSFORMER = ["RAW", "METERING"]
    REPORTER    = ["MART"]
  }

  # Roles that create and drop schemas of their own, where smoke runs are allowed.
  makes_schemas = var.allow_smoke_tests ? ["LOADER", "TRANSFORMER"] : []

  make_grants = merge([for role, schemas in local.makes : {
    for schema, privileges in schemas : "${role}.${schema}" => { role = role, schema = schema, privileges = privileges }
  }]...)
  read_grants = merge([for role, schemas in local.reads : {
    for schema in schemas : "${role}.${schema}" => { role = role, schema = schema }
  }]...)
  select_grants = merge([for name, grant in local.read_grants : {
    for kind in ["TABLES", "VIEWS"] : "${name}.${kind}" => merge(grant, { kind = kind })
  }]...)
}

resource "snowflake_account_role" "this" {
  provider = snowflake.securityadmin
  for_each = toset(local.roles)
  name     = each.key
}

# Every role is granted to SYSADMIN, so an administrator reaches every object.
resource "snowflake_grant_account_role" "to_sysadmin" {
  provider         = snowflake.securityadmin
  for_each         = snowflake_account_role.this
  role_name        = each.value.name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_grant_privileges_to_account_role" "database" {
  provider          = snowflake.securityadmin
  for_each          = snowflake_account_role.this
  account_role_name = each.value.name
  privileges        = contains(local.makes_schemas, each.key) ? ["USAGE", "CREATE SCHEMA"] : ["USAGE"]
  on_account_object {
    object_type = "DATABASE"
    object_name = snowflake_database.this.name
  }
}

resource "snowflake_grant_privileges_to_account_role" "warehouse" {
  provider          = snowflake.securityadmin
  for_each          = snowflake_account_role.this
  account_role_name = each.value.name
  privileges        = ["USAGE"]
  on_account_object {
    object_type = "WAREHOUSE"
    object_name = snowflake_warehouse.this[each.key].name
  }
}

resource "snowflake_grant_privileges_to_account_role" "make" {
  provider          = snowflake.securityadmin
  for_each          = local.make_grants
  account_role_name = snowflake_account_role.this[each.value.role].name
  privileges        = each.value.privileges
  on_schema {
    schema_name = snowflake_schema.this[each.value.schema].fully_qualified_name
  }
}

resource "snowflake_grant_privileges_to_account_role" "read" {
  provider          = snowflake.securityadmin
  for_each          = local.read_grants
  account_role_name = snowflake_account_role.this[each.value.role].name
  privileges        = ["USAGE"]
  on_schema {
    schema_name = snowflake_schema.this[each.value.schema].fully_qualified_name
  }
}

resource "snowflake_grant_privileges_to_account_role" "select_all" {
  provider          = snowflake.securityadmin
  for_each          = local.select_grants
  account_role_name = snowflake_account_role.this[each.value.role].name
  privileges        = ["SELECT"]
  on_schema_object {
    all {
      object_type_plural = each.value.kind
      in_schema          = snowflake_schema.this[each.value.schema].fully_qualified_name
    }
  }
}

resource "snowflake_grant_privileges_to_account_role" "select_future" {
  provider          = snowflake.securityadmin
  for_each          = local.select_grants
  account_role_name = snowflake_account_role.this[each.value.role].name
  privileges        = ["SELECT"]
  on_schema_object {
    future {
      object_type_plural = each.value.kind
      in_schema          = snowflake_schema.this[each.value.schema].fully_qualified_name
    }
  }
}
