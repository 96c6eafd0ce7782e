# What REPORTER sees of people. dbt's meta is the inventory: a column with contains_pii is made with the tag's value `person`
# and hidden as a whole. The tag on the schema protects every other text of MART, those of tomorrow too: an address in it
# is hidden though nobody thought of it.
locals {
  personal_data_tag = "${snowflake_database.this.name}.${snowflake_schema.this["MART"].name}.PERSONAL_DATA"
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

resource "snowflake_masking_policy" "personal_data" {
  provider         = snowflake.sysadmin
  database         = snowflake_database.this.name
  schema           = snowflake_schema.this["MART"].name
  name             = "MASK_PERSONAL_DATA"
  return_data_type = "VARCHAR"
  argument {
    name = "VAL"
    type = "VARCHAR"
  }
  # An address keeps its domain: deliverability is asked by domain.
  body = trimspace(templatefile("${path.module}/sql/mask_personal_data.sql", {
    role = snowflake_account_role.personal_data.name
    tag  = local.personal_data_tag
  }))
  comment = "A person's columns as a whole, and addresses wherever they stand in a text"
}

resource "snowflake_tag" "personal_data" {
  provider         = snowflake.accountadmin # to hang a policy on a tag takes a right on the whole account
  database         = snowflake_database.this.name
  schema           = snowflake_schema.this["MART"].name
  name             = "PERSONAL_DATA"
  allowed_values   = ["person", "text"]
  masking_policies = [snowflake_masking_policy.personal_data.fully_qualified_name]
  comment          = "What it is set on is masked: person as a whole, text where an address stands in it"
}

resource "snowflake_tag_association" "mart" {
  provider           = snowflake.accountadmin # who may apply a tag that masks
  object_identifiers = [snowflake_schema.this["MART"].fully_qualified_name]
  object_type        = "SCHEMA"
  tag_id             = snowflake_tag.personal_data.fully_qualified_name
  tag_value          = "text"
}

# dbt sets the tag on columns that it makes; it cannot loosen the policy behind it.
resource "snowflake_grant_privileges_to_account_role" "apply_personal_data" {
  provider          = snowflake.securityadmin
  account_role_name = snowflake_account_role.this["TRANSFORMER"].name
  privileges        = ["APPLY"]
  on_schema_object {
    object_type = "TAG"
    object_name = snowflake_tag.personal_data.fully_qualified_name
  }
}

# Regions: a role for each, below REPORTER's reach. dbt sets the policy on tables that have a region: who has REPORTER alone
# sees no row of theirs.
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
  body = trimspace(file("${path.module}/sql/rows_of_region.sql"))
}

# dbt attaches the row policy to what it makes; it may not change it.
resource "snowflake_grant_privileges_to_account_role" "apply_region" {
  provider          = snowflake.securityadmin
  account_role_name = snowflake_account_role.this["TRANSFORMER"].name
  privileges        = ["APPLY"]
  on_schema_object {
    object_type = "ROW ACCESS POLICY"
    object_name = snowflake_row_access_policy.region.fully_qualified_name
  }
}
