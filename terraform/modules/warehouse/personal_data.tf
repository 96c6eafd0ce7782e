# What REPORTER sees of personal data. Each text column of MART has one tag, and each tag one masking policy; dbt sets the tag in the
# statement that makes the table (dbt/macros/personal_data.sql). dbt's meta is the inventory: a column with contains_pii is
# personal. A column that a row access policy names has no tag: Snowflake allows one kind of policy for each column. For
# the same reason no tag is on the schema, from where it would reach every column.
locals {
  masks = {
    PERSON = "A person's name or address: hidden as a whole, and of an address all but the domain" # deliverability is reported by domain
    ID     = "A key: kept, or where it holds an @ replaced by its SHA-256, which counts and joins as the key does"
    TEXT   = "Any other text: an address in it is hidden but for its domain"
  }
}

resource "snowflake_account_role" "personal_data" {
  provider = snowflake.securityadmin
  name     = "PERSONAL_DATA"
  comment  = "Who has it beside REPORTER reads names and addresses in MART"
}

resource "snowflake_grant_account_role" "personal_data_to_sysadmin" {
  provider         = snowflake.securityadmin
  role_name        = snowflake_account_role.personal_data.name
  parent_role_name = "SYSADMIN"
}

# The body names roles and no tag, so it depends on nothing that is created later.
resource "snowflake_masking_policy" "this" {
  provider         = snowflake.sysadmin
  for_each         = local.masks
  database         = snowflake_database.this.name
  schema           = snowflake_schema.this["MART"].name
  name             = "MASK_${each.key}"
  return_data_type = "VARCHAR"
  argument {
    name = "VAL"
    type = "VARCHAR"
  }
  body = trimspace(templatefile("${path.module}/sql/mask_${lower(each.key)}.sql", {
    transformer   = snowflake_account_role.this["TRANSFORMER"].name
    personal_data = snowflake_account_role.personal_data.name
  }))
  comment = each.value
}

resource "snowflake_tag" "personal_data" {
  provider         = snowflake.accountadmin # attaching a policy to a tag needs a right on the whole account
  for_each         = local.masks
  database         = snowflake_database.this.name
  schema           = snowflake_schema.this["MART"].name
  name             = "PERSONAL_DATA_${each.key}"
  masking_policies = [snowflake_masking_policy.this[each.key].fully_qualified_name]
  comment          = each.value
}

# dbt sets the tags on columns that it makes; it cannot change the policies behind them.
resource "snowflake_grant_privileges_to_account_role" "apply_personal_data" {
  provider          = snowflake.securityadmin
  for_each          = snowflake_tag.personal_data
  account_role_name = snowflake_account_role.this["TRANSFORMER"].name
  privileges        = ["APPLY"]
  on_schema_object {
    object_type = "TAG"
    object_name = each.value.fully_qualified_name
  }
}

# POLICY_REFERENCES lists a policy for a role that may apply it and owns the table: dbt's nightly test reads it.
resource "snowflake_grant_privileges_to_account_role" "apply_masks" {
  provider          = snowflake.securityadmin
  for_each          = snowflake_masking_policy.this
  account_role_name = snowflake_account_role.this["TRANSFORMER"].name
  privileges        = ["APPLY"]
  on_schema_object {
    object_type = "MASKING POLICY"
    object_name = each.value.fully_qualified_name
  }
}

# One role for each region. dbt sets the policy on tables that have a region: REPORTER alone sees no row of them, and rows of
# a region without a role need REGION_ALL.
resource "snowflake_account_role" "region" {
  provider = snowflake.securityadmin
  for_each = toset(concat(["ALL"], [for region in var.regions : upper(region)]))
  name     = "REGION_${each.key}"
  comment  = "Who has it beside REPORTER reads rows of ${each.key == "ALL" ? "every region" : each.key}"
}

resource "snowflake_grant_account_role" "region_to_sysadmin" {
  provider         = snowflake.securityadmin
  for_each         = snowflake_account_role.region
  role_name        = each.value.name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_row_access_policy" "region" {
  provider = snowflake.sysadmin
  database = snowflake_database.this.name
  schema   = snowflake_schema.this["MART"].name
  name     = "ROWS_OF_REGION"
  argument {
    name = "REGION"
    type = "VARCHAR"
  }
  body = trimspace(templatefile("${path.module}/sql/rows_of_region.sql", {
    transformer  = snowflake_account_role.this["TRANSFORMER"].name
    every_region = snowflake_account_role.region["ALL"].name
    # Each role by its name as a literal: older editions of Snowflake's manual know no expression as IS_ROLE_IN_SESSION's argument.
    regions = { for region in var.regions : lower(region) => snowflake_account_role.region[upper(region)].name }
  }))
}

# dbt attaches the row policy to its tables; it may not change it.
resource "snowflake_grant_privileges_to_account_role" "apply_region" {
  provider          = snowflake.securityadmin
  account_role_name = snowflake_account_role.this["TRANSFORMER"].name
  privileges        = ["APPLY"]
  on_schema_object {
    object_type = "ROW ACCESS POLICY"
    object_name = snowflake_row_access_policy.region.fully_qualified_name
  }
}
